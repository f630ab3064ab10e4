/// The clocks of the shaders that go with a clock of the memory.
public struct SupportedClocks: Equatable, Sendable, Encodable {
    /// Clock of the memory.
    public var memoryMHz: Int
    /// Clocks of the shaders, as printed: highest first.
    public var graphicsMHz: [Int]

    /// Clocks that go together.
    public init(memoryMHz: Int, graphicsMHz: [Int]) {
        self.memoryMHz = memoryMHz
        self.graphicsMHz = graphicsMHz
    }
}
