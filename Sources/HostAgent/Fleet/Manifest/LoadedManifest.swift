public import Contract
import FoundationEssentials

/// A manifest from a file.
public struct LoadedManifest: Sendable {
    /// As it was named.
    public var file: String
    public var manifest: FleetManifest

    /// Reads `file`. Throws ``Failures`` with everything that is wrong with it.
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
            throw error.failures(file: file)
        }
    }
}
