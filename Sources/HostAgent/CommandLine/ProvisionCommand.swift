import ArgumentParser
import Contract
import FoundationEssentials
import Glibc
import Passthrough
import Provisioner
import SecureShell
import SystemPackage
import VirtualMachines

/// The one-shot job: `provision-gpu-vm IMAGE --driver FILE --cuda FILE`.
struct ProvisionCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provision",
        abstract: "Provision one VM from a disk image. (the default command)",
        discussion: """
            Exit status: 0 provisioned, or nothing to do; 2 input; 3 host; 4 virtual machine; 5 SSH; 6 guest \
            preparation; 7 driver; 8 CUDA; 9 proof boot or publishing; 64 usage; 75 deadline; 130 interrupted.
            """)

    @OptionGroup var recipe: RecipeOptions
    @OptionGroup(title: "Virtual machine") var machine: MachineOptions
    @OptionGroup(title: "Login") var login: LoginOptions

    @Option(help: "The report on stdout: text or json.")
    var format: ReportFormat = .text

    @Option(help: ArgumentHelp("The guest agent. (default: gpu-guest-agent beside this tool)", valueName: "file"))
    var agent: String?

    @Option(help: ArgumentHelp("Where runs are kept. (default: ~/.local/state/provision-gpu-vm)", valueName: "folder"))
    var state: String?

    @Flag(help: "Throw an unfinished run of the same result away, its VM included, and begin anew.")
    var startOver = false

    @Flag(name: .shortAndLong, help: "Print nothing while working.")
    var quiet = false

    func run() async throws {
        let job = try job()
        let places = Places(state: state)
        let renderer = ProgressRenderer(quiet: quiet)
        let context = JobContext(
            password: try password(), passphrase: try passphrase(), licencesAccepted: try acceptLicences(places),
            progress: { renderer.show($0) })
        let provisioning = Provisioning(job: job, context: context, state: places.state, startOver: startOver)
        let report = try await Interruption.stopping { try await provisioning.run() }
        renderer.finish()
        switch format {
        case .json: try Terminal.writeJSON(report)
        case .text: Terminal.write(SummaryRenderer(report).text)
        }
        if let first = report.failures.first {
            Terminal.exit(showing: report.failures, folder: report.runFolder, status: first.code.exitStatus)
        }
    }

    private func job() throws -> Job {
        let image = Self.absolute(recipe.image)
        return Job(
            image: image, driver: recipe.driver.map(Self.absolute), cuda: recipe.cuda.map(Self.absolute),
            gpu: try gpu(), destination: try destination(image), access: try access(),
            diskSize: recipe.diskSize?.bytes, memoryBytes: machine.memory.bytes,
            cpus: machine.cpus ?? min(4, max(1, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))), machine: machine.machine,
            diskBus: machine.diskBus, nic: machine.nic, firmware: machine.firmware?.need, accelerator: machine.accel,
            hideHypervisor: machine.hideHypervisor, display: try display(), sshPort: machine.sshPort,
            extraQEMUArguments: machine.qemuArguments, agent: agent.map(Self.absolute),
            allowIncompatible: recipe.allowIncompatible, dkms: recipe.dkms, skipProofBoot: recipe.skipProofBoot)
    }

    private func gpu() throws -> Job.GPURequest {
        if recipe.gpu == ["simulated"] { return .simulated }
        guard !recipe.gpu.isEmpty else {
            throw ValidationError("Name the GPU: --gpu BDF (as lspci shows it), or --gpu simulated.")
        }
        return .passthrough(
            try recipe.gpu.map { text in
                guard let address = PCIAddress(text) else {
                    throw ValidationError("--gpu \(text) is no PCI address like 41:00.0, nor 'simulated' by itself.")
                }
                return address
            })
    }

    private func destination(_ image: String) throws -> Job.Destination {
        if recipe.inPlace {
            guard recipe.output == nil, !recipe.standalone else {
                throw ValidationError("--in-place goes with neither --output nor --standalone.")
            }
            return .inPlace
        }
        let output = recipe.output.map(Self.absolute) ?? Job.defaultResultPath(forImage: image)
        return recipe.standalone ? .standalone(path: output) : .overlay(path: output)
    }

    private func access() throws -> Job.Access {
        let own = login.identity != nil || login.passwordFile != nil || login.sshAgent || login.user != nil
        guard own else { return .ephemeral }
        return .user(
            name: login.user ?? "root", identity: login.identity.map(Self.absolute),
            usesPassword: login.passwordFile != nil, usesAgent: login.sshAgent)
    }

    private func display() throws -> Display {
        guard let vnc = machine.vnc else { return .none }
        if vnc.contains("/") { return .vncSocket(path: Self.absolute(vnc)) }
        guard let number = Int(vnc.drop { $0 == ":" }), (0...99).contains(number) else {
            throw ValidationError("--vnc takes a display number from 0 to 99, or the path of a socket.")
        }
        return .vncLoopback(display: number)
    }

    private func password() throws -> String? {
        guard let file = login.passwordFile else { return nil }
        if file == "-" { return try Terminal.askSecret("Password of \(login.user ?? "root") in the guest: ") }
        guard let data = FileManager.default.contents(atPath: file) else {
            throw ValidationError("--password-file \(file) cannot be read.")
        }
        return String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).first
            .map(String.init) ?? ""
    }

    /// Asked for only where the key needs one and a person is there; otherwise the login says so.
    private func passphrase() throws -> String? {
        guard let identity = login.identity, Terminal.isInteractive, KeyPair.isEncrypted(at: identity) else {
            return nil
        }
        return try Terminal.askSecret("Passphrase of \(identity): ")
    }

    private func acceptLicences(_ places: Places) throws -> Bool {
        let licences = Licences(configuration: places.configuration)
        if recipe.acceptLicences || licences.remembered { return true }
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
