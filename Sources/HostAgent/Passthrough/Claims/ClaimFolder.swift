import Contract
import FoundationEssentials
import Glibc
import SystemPackage

/// The host-wide folder of claims, root's alone: a file per card, named after its slot, and a lock file beside it.
struct ClaimFolder: Sendable {
    let path: String

    private static func slot(_ card: PCIAddress) -> String { String(card.description.dropLast(2)) }

    private func file(_ card: PCIAddress) -> String { "\(path)/\(Self.slot(card)).json" }

    /// Every claim, in order of its card. Throws where one cannot be understood: it says how a device was.
    func all() throws -> [Claim] {
        let names = ((try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []).sorted()
        return try names.compactMap { name in
            guard name.hasSuffix(".json"), let card = PCIAddress("\(name.dropLast(5)).0") else { return nil }
            return try load(card)
        }
    }

    /// The claim on a card; nil where there is none.
    func load(_ card: PCIAddress) throws -> Claim? {
        guard let data = FileManager.default.contents(atPath: file(card)) else { return nil }
        struct Schema: Decodable { var schema: Int }
        do {
            let schema = try JSONDecoder().decode(Schema.self, from: data).schema
            guard schema <= Claim.currentSchema else {
                throw refusal(card, "schema \(schema); this version reads up to \(Claim.currentSchema)")
            }
            return try JSONDecoder().decode(Claim.self, from: data)
        } catch let error as DecodingError {
            throw refusal(card, "\(error)")
        }
    }

    private func refusal(_ card: PCIAddress, _ seen: String) -> Failure {
        Failure(
            .runDiffers, operation: "read the claim on \(card)",
            message: "\(file(card)) cannot be understood.", evidence: [seen],
            remedy: "Use the version of provision-gpu-vm that wrote it: it says which drivers the card had before.",
            side: .host)
    }

    /// Puts a claim on disk, so that it is there after a crash of the machine, too.
    func save(_ claim: Claim) throws {
        let file = file(claim.card)
        do {
            try create()
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            let data = try encoder.encode(claim) + Data("\n".utf8)
            let new = try FileDescriptor.open(
                FilePath("\(file).new"), .writeOnly, options: [.create, .truncate, .closeOnExec],
                permissions: [.ownerReadWrite])
            try new.closeAfter {
                try new.writeAll(data)
                guard fsync(new.rawValue) == 0 else { throw Errno(rawValue: errno) }
            }
            guard rename("\(file).new", file) == 0 else { throw Errno(rawValue: errno) }
            try sync()
        } catch {
            throw Failure(
                .hostSpace, operation: "note how \(claim.card) was", message: "\(file) cannot be written: \(error)",
                remedy: "Make room, or run as root; without that note nothing is changed.", side: .host)
        }
    }

    /// Forgets a claim.
    func remove(_ card: PCIAddress) throws {
        guard unlink(file(card)) == 0 || errno == ENOENT else {
            throw Failure(
                .hostSpace, operation: "forget the claim on \(card)",
                message: "\(file(card)) cannot be removed: \(Errno(rawValue: errno))",
                remedy: "Remove it by hand: the card is back on its drivers.", side: .host)
        }
        try? sync()
    }

    private func create() throws {
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    private func sync() throws {
        let folder = try FileDescriptor.open(FilePath(path), .readOnly, options: [.directory, .closeOnExec])
        try folder.closeAfter {
            guard fsync(folder.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    /// Whether there is anything to look after; a lock would make the folder.
    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Takes the lock of a card; it goes with the value, or with the process.
    ///
    /// Throws ``FailureCode/gpuInUse``, naming the process that has it.
    func lock(_ card: PCIAddress) throws -> ClaimLock {
        do { try create() } catch {
            throw Failure(
                .hostSpace, operation: "claim \(card)", message: "\(path) cannot be made: \(error)",
                remedy: "Run as root.", side: .host)
        }
        return try ClaimLock("\(path)/\(Self.slot(card)).lock", card: card)
    }
}

/// An exclusive lock on a card's claim: held for a command, or for as long as a run lasts.
public final class ClaimLock: Sendable {
    let card: PCIAddress
    private let descriptor: FileDescriptor

    init(_ path: String, card: PCIAddress) throws {
        self.card = card
        do {
            descriptor = try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .closeOnExec], permissions: [.ownerReadWrite])
        } catch {
            throw Failure(
                .hostSpace, operation: "claim \(card)", message: "\(path) cannot be opened: \(error)",
                remedy: "Run as root.", side: .host)
        }
        guard flock(descriptor.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            let holder =
                FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) } ?? ""
            throw Failure(
                .gpuInUse, operation: "claim \(card)",
                message: "Another provision-gpu-vm has \(card)\(holder.isEmpty ? "" : " (process \(holder))").",
                remedy: "Wait for it, or stop it; then run the same command again.", retryable: true, side: .host)
        }
        _ = ftruncate(descriptor.rawValue, 0)
        _ = try? descriptor.writeAll(toAbsoluteOffset: 0, "\(getpid())".utf8)
    }

    deinit {
        // A child that was just forked may have the descriptor until it executes its program: closing is not enough.
        flock(descriptor.rawValue, LOCK_UN)
        try? descriptor.close()
    }
}
