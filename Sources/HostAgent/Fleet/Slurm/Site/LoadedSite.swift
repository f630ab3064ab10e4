public import Contract
import FoundationEssentials

extension SlurmSite {
    /// Reads a site file. Throws ``Failures`` with everything that is wrong with it.
    public static func load(file: String) throws(Failures) -> SlurmSite {
        guard let data = FileManager.default.contents(atPath: file) else {
            throw Failures([
                Failure(
                    .manifestMissing, operation: "read the site file",
                    message: "\(Printable.line(file)) cannot be read.",
                    remedy: "Name a YAML or JSON file; Documentation/Slurm.md shows one.", side: .host)
            ])
        }
        let folder = URL(filePath: file).path.split(separator: "/").dropLast().joined(separator: "/")
        let home = ManifestHome(
            folder: "/" + folder, userHome: FileManager.default.homeDirectoryForCurrentUser.path)
        do {
            return try SlurmSiteReader.read(String(decoding: data, as: UTF8.self), home: home)
        } catch {
            throw Failures(
                error.all.map { problem in
                    var failure = problem.failure(file: file)
                    failure.operation = "read the site file"
                    return failure
                })
        }
    }
}
