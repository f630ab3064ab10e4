import Contract
import FoundationEssentials
public import Host

/// Where fleets are kept below the tool's state folder: STATE/fleets/FLEET/GUEST/disk.qcow2, STATE/golden/DIGEST.qcow2.
public struct FleetPlace: Equatable, Sendable {
    public let state: String
    /// What all fleets' guests stand on.
    public let goldenFolder: String

    /// - Parameter goldens: Where golden images are; STATE/golden without.
    public init(state: String, goldens: String? = nil) {
        self.state = state
        goldenFolder = goldens ?? "\(state)/golden"
    }

    /// A folder for each fleet, of its name: nothing else is in it.
    public var folder: String { "\(state)/fleets" }
    /// The state of all fleets.
    public var database: String { "\(state)/fleets.db" }
    /// Held by the one that writes.
    public var lockPath: String { "\(state)/fleets.lock" }

    /// A guest's folder: a folder each, since who starts a disk looks at all that lies beside it.
    public func guestFolder(_ guest: GuestBlueprint) -> String { "\(folder)/\(guest.fleet)/\(guest.name)" }
    /// A guest's disk, an overlay of its golden image.
    public func disk(_ guest: GuestBlueprint) -> String { "\(guestFolder(guest))/disk.qcow2" }

    /// Makes the folders and takes the lock that the one writer holds. Throws ``FailureCode/runLocked``.
    public func lock() throws -> LockFile {
        try makePrivateFolder(folder, operation: "make the fleets' folder")
        try makePrivateFolder(goldenFolder, operation: "make the golden images' folder")
        let path = lockPath
        do {
            if let lock = try LockFile.take(path) { return lock }
        } catch {
            throw Failure(
                .hostSpace, operation: "take up the fleets", message: "\(path) cannot be written: \(error)",
                remedy: "Look at the folder's owner and at the free space.", side: .host)
        }
        let holder = LockFile.holder(of: path).map { " (process \($0))" } ?? ""
        throw Failure(
            .runLocked, operation: "take up the fleets",
            message: "Another provision-gpu-vm works on the fleets in \(state)\(holder).",
            remedy: "Wait for it, or interrupt it (Ctrl-C); `provision-gpu-vm fleet status` shows how far it is.",
            retryable: true, side: .host)
    }
}
