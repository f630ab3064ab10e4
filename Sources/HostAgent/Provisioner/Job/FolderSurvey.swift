import Contract
import FoundationEssentials
import Glibc

/// What a folder holds, looked at before it is packed.
struct FolderSurvey: Sendable, Equatable {
    let folder: String
    /// Regular files, relative to the folder, sorted.
    private(set) var files: [String] = []
    /// Subfolders, relative to the folder, sorted.
    private(set) var folders: [String] = []
    /// Bytes of all files.
    private(set) var bytes: Int64 = 0

    /// More than this is no set of samples or packages but a mistyped path.
    static let entryLimit = 200_000
    static let byteLimit: Int64 = 32 << 30

    /// Walks the folder. Throws a ``Failure`` for one that is missing, too large, or holds what no archive can keep:
    /// devices and sockets, links that lead out of it.
    init(_ folder: String, option: String) throws {
        self.folder = folder
        let operation = "look into the folder of \(option)"
        func refuse(_ message: String, _ evidence: [String], _ remedy: String) -> Failure {
            Failure(
                .optionInvalid, operation: operation, message: message, evidence: evidence, remedy: remedy, side: .host)
        }
        guard let root = Self.realPath(folder) else {
            throw refuse("The folder \(folder) cannot be read.", [], "Name a folder with \(option).")
        }
        var pending = [""]
        var refused: [String] = []
        var seen = 0
        while let prefix = pending.popLast() {
            let path = prefix.isEmpty ? folder : "\(folder)/\(prefix)"
            let names: [String]
            do {
                names = try FileManager.default.contentsOfDirectory(atPath: path)
            } catch {
                throw refuse("\(path) cannot be read.", ["\(error)"], "Make it readable for this user.")
            }
            // A clone's history is no part of the sources, and changes with every fetch.
            for name in names where name != ".git" {
                seen += 1
                let relative = prefix.isEmpty ? name : "\(prefix)/\(name)"
                var status = stat()
                guard lstat("\(folder)/\(relative)", &status) == 0 else { continue }
                switch status.st_mode & S_IFMT {
                case S_IFDIR:
                    folders.append(relative)
                    pending.append(relative)
                case S_IFREG:
                    files.append(relative)
                    bytes += Int64(status.st_size)
                    if access("\(folder)/\(relative)", R_OK) != 0 { refused.append("\(relative) cannot be read") }
                case S_IFLNK:
                    if !Self.staysInside("\(folder)/\(relative)", root) {
                        refused.append("\(relative) leads out of it")
                    }
                default: refused.append("\(relative) is a device, a pipe or a socket")
                }
            }
            guard seen <= Self.entryLimit, bytes <= Self.byteLimit else {
                throw refuse(
                    "\(folder) is too large: over \(Self.entryLimit) files, or \(Self.byteLimit >> 30) GiB.", [],
                    "Name the folder itself with \(option), not one above it.")
            }
        }
        guard refused.isEmpty else {
            throw refuse(
                "\(folder) holds what cannot be packed.", Array(refused.sorted().prefix(10)),
                "Remove these from the folder, or give an archive.")
        }
        files.sort()
        folders.sort()
    }

    /// A link that leads nowhere is kept: it is the folder's own matter.
    private static func staysInside(_ link: String, _ root: String) -> Bool {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: link) else { return false }
        guard !target.hasPrefix("/") else { return false }
        guard let real = realPath(link) else { return !target.split(separator: "/").contains("..") }
        return real == root || real.hasPrefix(root + "/")
    }

    private static func realPath(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
