import ArgumentParser
import Contract
import Fleet
import FoundationEssentials

/// Where guests run.
struct EngineOptions: ParsableArguments {
    enum Engine: String, ExpressibleByArgument, CaseIterable {
        case local, slurm
    }

    @Option(help: "local: on this host. slurm: a job for each guest.")
    var engine: Engine = .local

    @Option(
        help: ArgumentHelp("With --engine slurm: the site file (Documentation/Slurm.md).", valueName: "file"),
        completion: .file())
    var site: String?

    func validate() throws {
        if (engine == .slurm) != (site != nil) { throw ValidationError("--engine slurm and --site FILE go together.") }
    }

    /// The site and its engine for a fleet; nil for this host.
    func slurm(fleet: String) throws -> (site: SlurmSite, engine: SlurmEngine)? {
        guard let site else { return nil }
        let loaded = try SlurmSite.load(file: site)
        let tool = try loaded.tool ?? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        return (
            loaded,
            SlurmEngine(spool: loaded.spool(fleet: fleet), site: loaded, tool: [tool, "fleet", "slurm-task"])
        )
    }
}
