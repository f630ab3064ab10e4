/// An error that the driver wrote into the guest's kernel log: "NVRM: Xid (PCI:0000:00:16): 79, pid=…, GPU has fallen off
/// the bus." (NVIDIA's "XID Errors" lists the numbers.)
public struct XidEvent: Codable, Equatable, Sendable {
    /// The number: 79.
    public var code: Int
    /// The GPU, as sysfs spells it, "0000:00:16.0"; nil where the line does not tell.
    public var pciAddress: String?
    /// The rest of the line, without control characters.
    public var text: String

    /// An error.
    public init(code: Int, pciAddress: String? = nil, text: String) {
        self.code = code
        self.pciAddress = pciAddress
        self.text = text
    }
}
