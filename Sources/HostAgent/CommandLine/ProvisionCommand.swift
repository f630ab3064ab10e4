import ArgumentParser
import Contract
import FoundationEssentials
import Provisioner
import SystemPackage

/// The one-shot job: `provision-gpu-vm IMAGE --driver FILE --cuda FILE`.
struct ProvisionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision",
        abstract: "Provision one VM from a disk image. (the default command)",
        discussion: exitStatuses)

    static let exitStatuses = """
        Exit status: 0 done, or nothing to do; 2 input; 3 host; 4 virtual machine; 5 SSH; 6 guest preparation; \
        7 driver; 8 CUDA; 9 proof boot or publishing; 64 usage; 75 deadline; 130 interrupted.
        """

    @OptionGroup var image: ImageArgument
    @OptionGroup(title: "What to install") var install: InstallOptions
    @OptionGroup(title: "GPU") var gpu: GPUChoiceOptions
    @OptionGroup(title: "The guest's packages and kernels") var guest: GuestOptions
    @OptionGroup(title: "Proof") var proof: ProofOptions
    @OptionGroup(title: "Result") var result: ResultOptions
    @Flag(
        help: """
            Make a golden image: leave nothing in the result that makes it one machine (machine-id, SSH host keys, leases), \
            so that each overlay on it becomes a machine of its own at its first boot.
            """)
    var generalise = false

    @OptionGroup(title: "Virtual machine") var machine: MachineOptions
    @OptionGroup(title: "Login") var login: LoginOptions
    @OptionGroup var options: RunOptions

    func run() async throws {
        var contents = try JobContents(install, guest, proof)
        contents.generalise = generalise
        var job = try JobLaunch.job(
            image: image.path, contents: contents, gpu: .none, result: result,
            machine: machine, login: login, options: options)
        job.gpu = try gpu.request(
            goingOnWith: Provisioning.unfinishedCards(
                resultPath: job.resultPath, state: Places(state: options.state).state))
        try await JobLaunch(job: job, login: login, options: options).run(licencesAccepted: install.licences.accepted)
    }

    /// Relative paths are the shell's; a run that is continued from elsewhere must mean the same file.
    static func absolute(_ path: String) -> String {
        let folder = FileManager.default.currentDirectoryPath
        return FilePath(path.hasPrefix("/") ? path : "\(folder)/\(path)").lexicallyNormalized().string
    }
}

/// How the report is printed.
enum ReportFormat: String, ExpressibleByArgument, CaseIterable {
    case text, json
}
