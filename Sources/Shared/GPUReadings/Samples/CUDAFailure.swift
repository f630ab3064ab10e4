/// A call of CUDA that failed, as NVIDIA's samples print it.
public struct CUDAFailure: Equatable, Sendable, Encodable {
    /// cudaError_t: 35 driver too old, 100 (38 before CUDA 10) no device, 999 (30) unknown.
    public var code: Int
    /// NVIDIA's words for it, or the name of the constant where only that is printed; empty where both are missing.
    public var text: String

    /// A failure with its words.
    public init(code: Int, text: String) {
        self.code = code
        self.text = text
    }
}
