import ArgumentParser
import Contract
import Provisioner

/// `provision-gpu-vm undo IMAGE`: driver and toolkits out of a provisioned image again.
struct UndoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "undo",
        abstract: "Take driver and toolkits out of a provisioned image again.",
        discussion: """
            Runs NVIDIA's uninstallers in the guest and puts back what provisioning changed: initramfs, boot arguments, \
            files. IMAGE itself is not written, unless told by --in-place. No GPU is needed.

            \(ProvisionCommand.exitStatuses)
            """)

    @OptionGroup var image: ImageArgument

    @Flag(help: "Remove the packages, too, that provisioning had installed.")
    var packages = false

    @OptionGroup(title: "Result") var result: ResultOptions
    @OptionGroup(title: "Virtual machine") var machine: MachineOptions
    @OptionGroup(title: "Login") var login: LoginOptions
    @OptionGroup var options: RunOptions

    func validate() throws {
        guard result.diskSize == nil else {
            throw ValidationError("--disk-size is for provisioning; an undo leaves the disk's size as it is.")
        }
    }

    func run() async throws {
        var contents = JobContents()
        contents.undo = UndoRecipe(packages: packages)
        let job = try JobLaunch.job(
            image: image.path, contents: contents, gpu: .none, result: result, machine: machine, login: login,
            options: options)
        // Nothing of NVIDIA's is installed: there is no licence to accept.
        try await JobLaunch(job: job, login: login, options: options).run(licencesAccepted: { _ in true })
    }
}
