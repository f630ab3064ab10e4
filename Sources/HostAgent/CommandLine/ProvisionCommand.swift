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
    @OptionGroup(title: "Virtual machine") var machine: MachineOptions
    @OptionGroup(title: "Login") var login: LoginOptions
    @OptionGroup var options: RunOptions

    func run() async throws {
        var job = try JobLaunch.job(
            image: image.path, contents: try contents(), gpu: .none, result: result, machine: machine,
            login: login,
            options: options)
        job.gpu = try gpu.request(
            goingOnWith: Provisioning.unfinishedCards(
                resultPath: job.resultPath, state: Places(state: options.state).state))
        try await JobLaunch(job: job, login: login, options: options).run(licencesAccepted: acceptLicences)
    }

    private func contents() throws -> JobContents {
        var contents = JobContents()
        contents.driver = install.driver.map(Self.absolute)
        contents.cuda = install.cuda.map(Self.absolute)
        contents.cudaPatches = install.cudaPatch.map(Self.absolute)
        contents.samples = proof.samples.map(Self.absolute)
        contents.nvbandwidth = proof.nvbandwidth.map(Self.absolute)
        contents.offlinePackages = guest.offline.map(Self.absolute)
        contents.updatePackages = guest.updatePackages
        contents.keepKernel = guest.keepKernel
        contents.kernels = guest.kernels
        contents.kernelModules = install.kernelModuleType
        contents.persistenceDaemon = install.persistenceDaemon
        contents.dkms = install.dkms
        contents.allowIncompatible = install.allowIncompatible
        switch (install.moduleSigningKey, install.moduleSigningCertificate) {
        case (let key?, let certificate?):
            contents.signing = JobContents.Signing(key: Self.absolute(key), certificate: Self.absolute(certificate))
        case (nil, nil): break
        default: throw ValidationError("--module-signing-key and --module-signing-certificate go together.")
        }
        return contents
    }

    private func acceptLicences(_ places: Places) throws -> Bool {
        let licences = Licences(configuration: places.configuration)
        if install.acceptLicences || licences.remembered { return true }
        guard Terminal.isInteractive, Terminal.confirm(Licences.question) else { return false }
        try licences.remember()
        return true
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
