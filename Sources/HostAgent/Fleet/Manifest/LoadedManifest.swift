public import Contract
import FoundationEssentials

/// A manifest from a file.
public struct LoadedManifest: Sendable {
    /// As it was named.
    public var file: String
    /// All of it, or with ``mistakes`` what could be read.
    public var manifest: FleetManifest
    /// What is wrong with its text.
    public var mistakes: [Failure] = []

    /// Reads `file`. Throws ``Failures`` where it cannot be read at all.
    public init(file: String) throws(Failures) {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failures([
                Failure(
                    .manifestMissing, operation: "read the manifest",
                    message: "\(Printable.line(file)) cannot be read.",
                    remedy: "Name a YAML or JSON file; `provision-gpu-vm fleet plan --help` shows one.", side: .host)
            ])
        }
        let path = URL(filePath: file).path
        let folder = path.split(separator: "/").dropLast().joined(separator: "/")
        let home = ManifestHome(
            folder: "/" + folder, userHome: FileManager.default.homeDirectoryForCurrentUser.path)
        self.file = file
        do {
            manifest = try ManifestReader.read(
                String(decoding: data, as: UTF8.self), home: home,
                fileExists: { FileManager.default.fileExists(atPath: $0) })
        } catch {
            mistakes = error.failures(file: file).all
            manifest = error.readable ?? FleetManifest(name: "")
        }
    }

    /// The whole of a manifest without mistakes. Throws ``Failures`` with all that are in the text.
    public static func read(_ file: String) throws(Failures) -> FleetManifest {
        let loaded = try LoadedManifest(file: file)
        guard loaded.mistakes.isEmpty else { throw Failures(loaded.mistakes) }
        return loaded.manifest
    }
}
