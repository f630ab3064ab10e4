public import Passthrough

/// Which GPUs a guest is to have.
public enum GPUWish: Codable, Hashable, Sendable {
    case none
    /// QEMU's edu device in a GPU's place.
    case simulated
    /// So many of the host's, of those whose name fits (`pattern` as `--gpu` takes it), or of all.
    case count(Int, pattern: String?)
    /// These cards.
    case addresses([PCIAddress])
}
