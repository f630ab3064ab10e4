import Contract
import FoundationEssentials
import Host
import Passthrough
import Runfiles
import VirtualMachines

/// Checks every input before anything is started or written, and tells all that is wrong at once.
final class Preflight: ContentsPreflight {
    let job: Job
    let standing: Standing

    /// What the command finds of earlier ones for the same result.
    struct Standing {
        /// True where an unfinished run goes on: what it takes of this host (space, memory, ports) it has taken already.
        var continuing = false
        /// True while a run for this result is unfinished or its result is in place: then the result may exist.
        var resultMayExist = false
        /// Nothing will be installed, only looked at.
        var dryRun = false
        /// Nothing is begun afterwards, so nothing is packed for it.
        var looksOnly = false
    }

    init(job: Job, context: JobContext, cache: String, store: String, standing: Standing) {
        self.job = job
        self.standing = standing
        super.init(contents: job.contents, context: context, cache: cache, store: store)
    }

    /// The inputs as found. Throws ``Failures`` with everything that is wrong.
    static func prepare(
        _ job: Job, context: JobContext, cache: String, store: String, standing: Standing
    ) async throws -> PreparedJob {
        try await Preflight(job: job, context: context, cache: cache, store: store, standing: standing).prepare()
    }

    private func prepare() async throws -> PreparedJob {
        checkTools()
        let qemuVersion = try await attempt { try await VirtualMachine.qemuVersion() }
        let accelerator = try await attempt { try chooseAccelerator(job.accelerator) }
        let image = try await attempt { try await inspectImage() }
        if let image, job.destination == .inPlace, image.format != "qcow2" {
            failures.append(
                Failure(
                    .optionInvalid, operation: "look at IMAGE",
                    message: "--in-place needs a qcow2 image; this is \(image.format).",
                    remedy: "Leave --in-place out: the result is a new qcow2 file.", side: .host))
        }
        var (inputs, agent) = try await lookAtInputs(image)
        checkResult(image, payloads: inputs.bytes)
        if !standing.continuing {
            checkMemory()
            checkPorts()
        }
        try await checkGPU()
        checkGPUOptions()
        let firmware = try await chooseFirmware(image)
        let fit = try await fitToHost(firmware: firmware, accelerator: accelerator?.accelerator)
        try Task.checkCancellation()

        // Last, because it takes time and space: only when all else is good.
        if failures.isEmpty, !standing.looksOnly { try await pack(&inputs) }
        guard failures.isEmpty, let qemuVersion, let accelerator, let image, let firmware, let agent else {
            throw Failures(failures)
        }
        let payloads = inputs.payloads
        let prepared = PreparedJob(
            image: image, recipe: recipe(payloads, image), payloads: payloads.all.map(\.payload),
            drives: payloads.all.map(\.drive),
            accelerator: accelerator.accelerator, acceleratorReason: accelerator.reason, firmware: firmware,
            hideHypervisor: job.hideHypervisor
                ?? payloads.driver.map { Compatibility.needsHiddenHypervisor($0.runfile.version) } ?? false,
            agentPath: agent.path, agentSHA256: agent.sha256, qemuVersion: qemuVersion, warnings: warnings,
            fit: fit)
        // What the launch would refuse is told here, before a disk is copied. Paths do not matter to it.
        let problems = MachineSpecification(
            job: job, prepared: prepared, name: "vm", sshPort: 1, firmware: firmware, disk: "/disk", folder: "/vm",
            payloads: prepared.drives, seed: nil, smbiosStrings: []
        ).problems()
        guard problems.isEmpty else { throw Failures(problems) }
        return prepared
    }

    /// Throws ``Failures`` with what is wrong with the inputs whichever host carries out the job: nothing of this one is asked for,
    /// no GPU, no space, no port. Where it has no qemu-img, that host finds what is wrong with the image.
    func checkInputs() async throws {
        let image = findExecutable("qemu-img") == nil ? nil : try await attempt { try await inspectImage() }
        _ = try await lookAtInputs(image)
        guard failures.isEmpty else { throw Failures(failures) }
    }

    /// What is to go into `image`, and who puts it there. What is wrong with it on any host is kept in ``failures``.
    private func lookAtInputs(
        _ image: PreparedJob.Image?
    ) async throws -> (inputs: PayloadInputs, agent: AgentBinary?) {
        failures += job.contents.problems()
        checkOptions()
        if !standing.dryRun { checkLicences() }
        let inputs = try await lookAtPayloads()
        checkVersions(inputs.payloads)
        checkRoom(in: image, payloads: inputs.bytes)
        let agent = try await attempt { try await AgentBinary.locate(job.agent) }
        checkIdentity()
        checkAccess()
        return (inputs, agent)
    }

    func checkPorts() {
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

    func checkTools() {
        requireTools([
            ("qemu-system-x86_64", "qemu-system-x86"), ("qemu-img", "qemu-utils"), ("ssh-keygen", "openssh-client"),
            ("sha256sum", "coreutils"),
        ])
    }

    func checkOptions() {
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

    func inspectImage() async throws -> PreparedJob.Image {
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
        return image
    }

    /// The least that a Linux with systemd takes, bytes: Debian's smallest image has some 600 MB.
    private static let smallestGuest: Int64 = 512 << 20

    /// What is unpacked in the guest is larger than the runfiles: a smaller disk cannot hold it, whatever is on it.
    private func checkRoom(in image: PreparedJob.Image?, payloads: Int64) {
        guard let image else { return }
        let disk = max(image.virtualSize, job.diskSize ?? 0)
        guard disk < Self.smallestGuest + payloads else { return }
        failures.append(
            Failure(
                .guestSpace, operation: "look for space in the guest",
                message: "The disk of \(job.image) has \(disk >> 20) MiB; a guest with what is to go into it needs "
                    + "\((Self.smallestGuest + payloads) >> 20) at the very least.",
                remedy: "Grow it with --disk-size (disk-size in a manifest).", side: .host))
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
            } else if !standing.resultMayExist && FileManager.default.fileExists(atPath: result) {
                failures.append(
                    Failure(
                        .outputExists, operation: "look at the result's place", message: "\(result) is there already.",
                        remedy: "Move it away, or choose another name with --output.", side: .host))
            }
        }
        // What a run writes: the installed files (some three times the compressed runfiles), packages and logs; a
        // converted or flattened copy costs IMAGE once more.
        guard !standing.continuing, let image, let free = FreeSpace.bytes(at: folder.isEmpty ? "/" : folder) else {
            return
        }
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

    func checkMemory() {
        let memory = HostMemory.read()
        guard memory.total > 0 else { return }
        let pinned = if case .passthrough = job.gpu { true } else { false }
        // Hugepages are taken from their own pool, which is looked at by itself.
        if job.hugepages == nil, job.memoryBytes > memory.total || (pinned && job.memoryBytes > memory.available) {
            failures.append(
                Failure(
                    .hostMemory, operation: "look for memory",
                    message: "The guest is to have \(job.memoryBytes >> 20) MiB; this host has "
                        + "\(memory.available >> 20) MiB available of \(memory.total >> 20).",
                    remedy: "Give less with --memory"
                        + (pinned ? "; a guest with a passed-through GPU pins all of its memory." : "."), side: .host))
        } else if job.hugepages == nil, job.memoryBytes > memory.available {
            warnings.append("The guest's memory (\(job.memoryBytes >> 20) MiB) is more than is available now.")
        }
    }

    /// What keeps the cards from being passed through. That one is on the host's drivers does not, where it can be claimed.
    func checkGPU() async throws {
        guard case .passthrough(let gpus) = job.gpu else { return }
        var cards: [PCICard] = []
        for gpu in gpus {
            if let card = try await attempt({ try HostPCI().card(gpu) }) { cards.append(card) }
        }
        failures += await context.claims.problems(of: cards)
        warnings += context.claims.warnings(of: cards)
    }

    func chooseFirmware(_ image: PreparedJob.Image?) async throws -> Firmware? {
        guard let image else { return nil }
        return try await attempt {
            let need =
                if let asked = job.firmware { asked } else {
                    try await bootFirmware(of: image.path, format: image.format)
                }
            return need == .uefi ? try OVMF.find().firmware : .bios
        }
    }

    func checkIdentity() {
        guard case .user(_, let identity?, _, _) = job.access else { return }
        if !FileManager.default.isReadableFile(atPath: identity) {
            invalid(
                "The key file \(identity) cannot be read.", "Name a private key with --identity.", .identityUnusable)
        }
    }

    private func checkAccess() {
        guard case .user(_, let identity, let usesPassword, let usesAgent) = job.access else { return }
        if usesPassword && (context.password ?? "").isEmpty {
            invalid("The password is empty.", "Answer the prompt, or write it to a file for --password-file.")
        }
        if identity == nil && !usesPassword && !usesAgent {
            invalid("--user needs a way to log in.", "Give --identity, --password-file or --ssh-agent.")
        }
    }

    private func recipe(_ payloads: JobPayloads, _ image: PreparedJob.Image) -> Recipe {
        let gpus: [ExpectedGPU]
        switch job.gpu {
        case .simulated: gpus = [.simulated]
        case .passthrough(let addresses):
            gpus = [ExpectedGPU(vendor: "10de", device: nil, count: addresses.count, simulated: false)]
        case .none: gpus = []
        }
        return payloads.recipe(
            job.contents, gpus: gpus, growRootFilesystem: job.diskSize.map { $0 > image.virtualSize } ?? false)
    }
}
