import SystemPackage

/// The virtual consoles that draw on a GPU's frame buffer, and thereby hold its driver.
public struct FramebufferConsole: Sendable {
    private let root: SystemRoot

    /// The consoles of the machine with this root.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    /// A console that may be taken off a driver's frame buffer.
    public struct Console: Equatable, Sendable {
        /// "vtcon1"
        public var name: String
        /// Its attribute: 1 bound, 0 not.
        var bind: String { "/sys/class/vtconsole/\(name)/bind" }
    }

    /// The consoles that hold `driver`, where taking them off is safe: every frame buffer is that driver's, so that no
    /// other display goes dark, and another console driver (dummy, VGA) is there to take the terminals. Empty otherwise.
    ///
    /// /proc/fb: `0 nouveaudrmfb`, older `0 nouveaufb`, newer `0 nouveau`.
    public func consoles(holding driver: String) -> [Console] {
        let buffers = (root.textIfReadable("/proc/fb") ?? "").lines.compactMap { $0.words.dropFirst().first }
        guard !buffers.isEmpty, buffers.allSatisfy({ [driver, driver + "fb", driver + "drmfb"].contains($0) }) else {
            return []
        }
        let all = root.list("/sys/class/vtconsole").filter { $0.hasPrefix("vtcon") }
        let drawing = all.filter {
            (root.attribute("/sys/class/vtconsole/\($0)/name") ?? "").hasSuffix("frame buffer device")
        }
        guard drawing.count < all.count else { return [] }
        return drawing.map { Console(name: $0) }.filter { root.attribute($0.bind) == "1" }
    }

    /// Binds or unbinds a console, which the kernel does at once. Throws `Errno`.
    public func set(_ console: Console, bound: Bool) throws {
        // A sysfs attribute is written in place; a file beside it cannot be made.
        let file = try FileDescriptor.open(
            FilePath(root.real(console.bind)), .writeOnly, options: [.closeOnExec, .truncate])
        try file.closeAfter { _ = try file.writeAll(Array((bound ? "1\n" : "0\n").utf8)) }
    }
}
