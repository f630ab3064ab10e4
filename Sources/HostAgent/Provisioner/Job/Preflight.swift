import Contract
import FoundationEssentials
import Passthrough
import Runfiles
import VirtualMachines

/// Checks every input before anything is started or written, and tells all that is wrong at once.
final class Preflight {
    let job: Job
    let context: JobContext
    /// Where digests are remembered.
    let cache: String
    /// True where an unfinished run goes on: what it takes of this host (space, memory, ports) it has taken already.
    let continuing: Bool
    /// True while a run for this result is unfinished or its result is in place: then the result may exist.
    let resultMayExist: Bool

    private var failures: [Failure] = []
    private var warnings: [String] = []

    init(job: Job, context: JobContext, cache: String, continuing: Bool, resultMayExist: Bool) {
        self.job = job
        self.context = context
        self.cache = cache
        self.continuing = continuing
        self.resultMayExist = resultMayExist
    }

    /// The inputs as found. Throws ``Failures`` with everything that is wrong.
    static func prepare(
        _ job: Job, context: JobContext, cache: String, continuing: Bool, resultMayExist: Bool
    ) async throws -> PreparedJob {
        let preflight = Preflight(
            job: job, context: context, cache: cache, continuing: continuing, resultMayExist: resultMayExist)
        return try await preflight.prepare()
    }

    private func prepare() async throws -> PreparedJob {
        checkTools()
        checkOptions()
        if !context.licencesAccepted && (job.driver != nil || job.cuda != nil) { failures.append(Licences.refusal()) }
        let qemuVersion = try await attempt { try await VirtualMachine.qemuVersion() }
        let accelerator = try await attempt { try chooseAccelerator(job.accelerator) }
        let image = try await attempt { try await inspectImage() }
        let driver = try await runfile(job.driver, .driver)
        let cuda = try await runfile(job.cuda, .cuda)
        checkVersions(driver, cuda)
        checkResult(image, payloads: (driver?.size ?? 0) + (cuda?.size ?? 0))
        if !continuing {
            checkMemory()
            checkPorts()
        }
        checkGPU()
        let firmware = try await chooseFirmware(image)
        let agent = try await attempt { try await AgentBinary.locate(job.agent) }
        checkAccess()
        try Task.checkCancellation()

        guard failures.isEmpty, let qemuVersion, let accelerator, let image, let firmware, let agent else {
            throw Failures(failures)
        }
        let inputs = [(driver, Payload.Role.driver), (cuda, .cuda)].compactMap { input, role in input.map { ($0, role) }
        }
        let payloads = inputs.map { input, role in input.payload(role: role) }
        let prepared = PreparedJob(
            image: image, recipe: recipe(driver, cuda, image), payloads: payloads,
            drives: zip(inputs, payloads).compactMap { input, payload in
                guard case .drive(let serial) = payload.location else { return nil }
                return PayloadDrive(path: input.0.path, serial: serial)
            },
            accelerator: accelerator.accelerator, acceleratorReason: accelerator.reason, firmware: firmware,
            hideHypervisor: job.hideHypervisor ?? driver.map { Compatibility.needsHiddenHypervisor($0.runfile.version) }
                ?? false,
            agentPath: agent.path, agentSHA256: agent.sha256, qemuVersion: qemuVersion, warnings: warnings)
        // What the launch would refuse is told here, before a disk is copied. Paths do not matter to it.
        let problems = MachineSpecification(
            job: job, prepared: prepared, name: "vm", sshPort: 1, firmware: firmware, disk: "/disk", folder: "/vm",
            payloads: prepared.drives, seed: nil, smbiosStrings: []
        ).problems()
        guard problems.isEmpty else { throw Failures(problems) }
        return prepared
    }

    private func checkPorts() {
        var ports: [(UInt16, String)] = []
        if let port = job.sshPort { ports.append((port, "--ssh-port")) }
        if case .vncLoopback(let display) = job.display { ports.append((UInt16(5900 + display), "--vnc")) }
        for (port, option) in ports where !isLoopbackPortFree(port) {
            failures.append(
                Failure(
                    .portUnavailable, operation: "look for the ports", message: "Port \(port) of 127.0.0.1 is taken.",
                    remedy: "Choose another with \(option), or leave it out.", side: .host))
        }
    }

    /// Runs one check and keeps its failure instead of stopping at it.
    /// An interruption is no finding: it goes through.
    private func attempt<Value: Sendable>(_ check: () async throws -> Value) async throws -> Value? {
        do {
            return try await check()
        } catch let failure as Failure {
            failures.append(failure)
        } catch let several as Failures {
            failures += several.all
        } catch let cancellation as CancellationError {
            throw cancellation
        } catch {
            failures.append(
                Failure(
                    .internal, operation: "check the inputs", message: "\(error)", remedy: "Please report this.",
                    side: .host))
        }
        return nil
    }

    private func invalid(_ message: String, _ remedy: String, _ code: FailureCode = .optionInvalid) {
        failures.append(Failure(code, operation: "check the options", message: message, remedy: remedy, side: .host))
    }

    private func checkTools() {
        for (tool, package) in [
            ("qemu-system-x86_64", "qemu-system-x86"), ("qemu-img", "qemu-utils"), ("ssh-keygen", "openssh-client"),
            ("sha256sum", "coreutils"),
        ] where findExecutable(tool) == nil {
            failures.append(
                Failure(
                    .toolMissing, operation: "look for the programs this needs", message: "\(tool) is not installed.",
                    remedy: "apt-get install \(package) (or your distribution's package of it).", side: .host))
        }
    }

    private func checkOptions() {
        if job.driver == nil && job.cuda == nil {
            invalid("There is nothing to install.", "Name the driver's runfile with --driver, CUDA's with --cuda.")
        }
        if job.memoryBytes < 512 << 20 { invalid("--memory is too small for a guest.", "Give 1G or more.") }
        if !(1...255).contains(job.cpus) { invalid("--cpus must be from 1 to 255.", "Give fewer or more.") }
        if case .passthrough(let gpus) = job.gpu {
            if gpus.isEmpty { invalid("No GPU is named.", "Name one with --gpu BDF, or --gpu simulated.") }
            if Set(gpus).count < gpus.count { invalid("A GPU is named twice.", "Name each --gpu once.") }
        }
        if job.machine == .pc, case .uefi? = job.firmware {
            invalid("--machine pc cannot be combined with --firmware uefi.", "Use --machine q35.")
        }
        if let port = job.sshPort, port < 1 { invalid("--ssh-port must be from 1 to 65535.", "Leave it out.") }
    }

    private func runfile(_ path: String?, _ role: Payload.Role) async throws -> RunfileInput? {
        guard let path else { return nil }
        let digests = DigestCache(folder: "\(cache)/digests")
        return try await attempt { try await RunfileInput.inspect(path: path, as: role, digests: digests) }
    }

    private func inspectImage() async throws -> PreparedJob.Image {
        guard FileManager.default.fileExists(atPath: job.image) else {
            throw Failure(
                .imageMissing, operation: "look at IMAGE", message: "There is no file \(job.image).",
                remedy: "Name a disk image: qcow2, raw, vmdk, vdi or vhdx.", side: .host)
        }
        let info = try await QemuImg.info(job.image)
        if info.isCorrupt || (info.isDirty && job.destination == .inPlace) {
            throw Failure(
                .imageUnreadable, operation: "look at IMAGE",
                message: "\(job.image) is marked as \(info.isCorrupt ? "corrupt" : "not closed properly").",
                remedy: "Run `qemu-img check -r all` on a copy of it.", side: .host)
        }
        let status = try FileStatus(of: job.image)
        let image = PreparedJob.Image(
            path: job.image, format: info.format, virtualSize: info.virtualSize, inode: status.inode,
            size: status.size, modifiedNanoseconds: status.modifiedNanoseconds)
        if let size = job.diskSize, size < info.virtualSize {
            throw Failure(
                .optionInvalid, operation: "look at IMAGE",
                message: "--disk-size \(size) is smaller than the disk in \(job.image) (\(info.virtualSize) bytes).",
                remedy: "A disk can only grow.", side: .host)
        }
        if job.destination == .inPlace, info.format != "qcow2" {
            throw Failure(
                .optionInvalid, operation: "look at IMAGE",
                message: "--in-place needs a qcow2 image; this is \(info.format).",
                remedy: "Leave --in-place out: the result is a new qcow2 file.", side: .host)
        }
        return image
    }

    private func checkVersions(_ driver: RunfileInput?, _ cuda: RunfileInput?) {
        guard let driver, let cuda else { return }
        switch Compatibility.driver(driver.runfile.version, cuda: cuda.runfile.version) {
        case .fits: break
        case .warning(let text): warnings.append(text)
        case .incompatible(let text) where job.allowIncompatible:
            warnings.append("\(text) Allowed by --allow-incompatible.")
        case .incompatible(let text):
            failures.append(
                Failure(
                    .incompatible, operation: "compare driver and CUDA", message: text,
                    remedy: "Take a driver at least as new as the CUDA release asks for, or give --allow-incompatible.",
                    side: .host))
        }
    }

    private func checkResult(_ image: PreparedJob.Image?, payloads: Int64) {
        let result = job.resultPath
        let folder = String(result.prefix(upTo: result.lastIndex(of: "/") ?? result.startIndex))
        guard FileManager.default.isWritableFile(atPath: folder.isEmpty ? "/" : folder) else {
            invalid(
                "The folder of the result, \(folder), is not there or not writable.", "Choose another with --output.")
            return
        }
        if job.destination != .inPlace {
            if result == job.image {
                invalid("--output names IMAGE itself.", "Choose another name, or give --in-place.")
            } else if !resultMayExist && FileManager.default.fileExists(atPath: result) {
                failures.append(
                    Failure(
                        .outputExists, operation: "look at the result's place", message: "\(result) is there already.",
                        remedy: "Move it away, or choose another name with --output.", side: .host))
            }
        }
        // What a run writes: the installed files (some three times the compressed runfiles), packages and logs; a
        // converted or flattened copy costs IMAGE once more.
        guard !continuing, let image, let free = FreeSpace.bytes(at: folder.isEmpty ? "/" : folder) else { return }
        var needed = min((1 << 30) + 3 * payloads, max(image.virtualSize, job.diskSize ?? 0))
        if image.format != "qcow2" { needed += image.size }
        if case .standalone = job.destination { needed += image.size }
        if free < needed {
            failures.append(
                Failure(
                    .hostSpace, operation: "look for space",
                    message: "\(folder) has \(free >> 20) MiB free; this run may need \(needed >> 20) MiB.",
                    remedy: "Free some space, or choose another place with --output.", side: .host))
        }
    }

    private func checkMemory() {
        let memory = HostMemory.read()
        guard memory.total > 0 else { return }
        let pinned = job.gpu != .simulated
        if job.memoryBytes > memory.total || (pinned && job.memoryBytes > memory.available) {
            failures.append(
                Failure(
                    .hostMemory, operation: "look for memory",
                    message: "The guest is to have \(job.memoryBytes >> 20) MiB; this host has "
                        + "\(memory.available >> 20) MiB available of \(memory.total >> 20).",
                    remedy: "Give less with --memory"
                        + (pinned ? "; a guest with a passed-through GPU pins all of its memory." : "."), side: .host))
        } else if job.memoryBytes > memory.available {
            warnings.append("The guest's memory (\(job.memoryBytes >> 20) MiB) is more than is available now.")
        }
    }

    private func checkGPU() {
        guard case .passthrough(let gpus) = job.gpu else { return }
        for gpu in gpus { failures += SysfsPCI().passthroughProblems(of: gpu) }
    }

    private func chooseFirmware(_ image: PreparedJob.Image?) async throws -> Firmware? {
        guard let image else { return nil }
        return try await attempt {
            let need =
                if let asked = job.firmware { asked } else {
                    try await bootFirmware(of: image.path, format: image.format)
                }
            return need == .uefi ? try OVMF.find().firmware : .bios
        }
    }

    private func checkAccess() {
        guard case .user(_, let identity, let usesPassword, let usesAgent) = job.access else { return }
        if let identity, !FileManager.default.isReadableFile(atPath: identity) {
            invalid(
                "The key file \(identity) cannot be read.", "Name a private key with --identity.", .identityUnusable)
        }
        if usesPassword && (context.password ?? "").isEmpty {
            invalid("The password is empty.", "Answer the prompt, or write it to a file for --password-file.")
        }
        if identity == nil && !usesPassword && !usesAgent {
            invalid("--user needs a way to log in.", "Give --identity, --password-file or --ssh-agent.")
        }
    }

    private func recipe(_ driver: RunfileInput?, _ cuda: RunfileInput?, _ image: PreparedJob.Image) -> Recipe {
        let gpus: [ExpectedGPU]
        switch job.gpu {
        case .simulated: gpus = [.simulated]
        case .passthrough(let addresses):
            gpus = [ExpectedGPU(vendor: "10de", device: nil, count: addresses.count, simulated: false)]
        }
        return Recipe(
            gpus: gpus,
            driver: driver.map {
                DriverRecipe(version: $0.runfile.version.description, sha256: $0.digest.sha256, dkms: job.dkms)
            },
            toolkits: [cuda].compactMap { $0 }.map {
                CUDARecipe(
                    version: $0.runfile.version.description, sha256: $0.digest.sha256,
                    toolkitPath: CUDAInstaller.defaultToolkitPath($0.runfile.version),
                    samples: CUDAInstaller.hasSamples($0.runfile.version))
            },
            allowIncompatible: job.allowIncompatible,
            growRootFilesystem: job.diskSize.map { $0 > image.virtualSize } ?? false)
    }
}
