import Contract
import FoundationEssentials
public import VirtualMachines

/// A VM to be started for its own sake, nothing to be installed: its job, checked as a run's is.
public struct PreparedMachine: Sendable {
    /// What was asked for. Of its contents and its destination nothing is looked at.
    public let job: Job
    let prepared: PreparedJob

    /// IMAGE's format, "qcow2", "raw" …
    public var imageFormat: String { prepared.image.format }
    /// What is not wrong and yet worth telling.
    public var warnings: [String] { prepared.warnings }
    /// What runs the guest, and why.
    public var accelerator: AcceleratorChoice {
        AcceleratorChoice(accelerator: prepared.accelerator, reason: prepared.acceleratorReason)
    }

    /// Checks everything that the VM needs of this host, IMAGE included. Throws ``Failures`` with all that is wrong.
    ///
    /// - Parameter writesImage: Whether the guest is to write into IMAGE itself: then it must be qcow2, and no other image in
    ///   its folder may be backed by it.
    public static func check(_ job: Job, context: JobContext, writesImage: Bool) async throws -> PreparedMachine {
        let preflight = Preflight(
            job: job, context: context, cache: "", store: "", standing: Preflight.Standing())
        return PreparedMachine(job: job, prepared: try await preflight.prepareMachine(writesImage: writesImage))
    }

    /// The VM as QEMU is to start it. Makes its folder, its firmware's variables and, where the guest is handed something, the
    /// seed.
    ///
    /// - Parameters:
    ///   - name: Decides its MAC address.
    ///   - disk: A qcow2 file that the guest writes.
    ///   - folder: ``MachineFolder``'s.
    ///   - keys: To be handed in at boot, under the instance id, unless the user logs in by means of his own.
    ///   - identity: What else the guest is handed.
    public func specification(
        name: String, sshPort: UInt16, disk: String, folder: String, keys: (GuestKeys, instanceID: String),
        identity: GuestIdentity = GuestIdentity(), forwards: [PortForward] = []
    ) throws -> MachineSpecification {
        let own = job.access == .ephemeral
        let credentials =
            own || !identity.isEmpty
            ? try keys.0.handIn(instanceID: keys.instanceID, own: own, identity: identity) : nil
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        return described(
            name: name, sshPort: sshPort, disk: disk, folder: folder,
            firmware: try prepared.firmware.withOwnVariables(in: folder),
            seed: credentials.map { _ in keys.0.seedFolder }, smbiosStrings: credentials?.smbiosStrings ?? [],
            forwards: forwards)
    }

    /// The same without making anything, and without keys: for a person to look at, and to start by hand.
    public func sketch(
        name: String, sshPort: UInt16, disk: String, folder: String, forwards: [PortForward] = []
    ) -> MachineSpecification {
        described(
            name: name, sshPort: sshPort, disk: disk, folder: folder, firmware: prepared.firmware, seed: nil,
            smbiosStrings: [], forwards: forwards)
    }

    private func described(
        name: String, sshPort: UInt16, disk: String, folder: String, firmware: Firmware, seed: String?,
        smbiosStrings: [String], forwards: [PortForward]
    ) -> MachineSpecification {
        var specification = MachineSpecification(
            job: job, prepared: prepared, name: name, sshPort: sshPort, firmware: firmware, disk: disk, folder: folder,
            payloads: [], seed: seed, smbiosStrings: smbiosStrings)
        specification.forwards = forwards.isEmpty ? nil : forwards
        return specification
    }

    /// Starts it, with the deadlines that a run's VM has. A port that is taken meanwhile is replaced by a free one, unless it is
    /// the job's own for SSH or one of `fixedPorts`. Throws as ``VirtualMachine`` does.
    public func launch(
        _ specification: MachineSpecification, fixedPorts: Set<UInt16> = []
    ) async throws -> VirtualMachine {
        try await VirtualMachine.launch(
            specification, portAttempts: 5, fixedPorts: fixedPorts.union(job.sshPort.map { [$0] } ?? []),
            deadline: job.launchDeadline)
    }
}

extension Preflight {
    /// The part of a run's preflight that is about the VM.
    func prepareMachine(writesImage: Bool) async throws -> PreparedJob {
        checkTools()
        checkOptions()
        let accelerator = try await attempt { try chooseAccelerator(job.accelerator) }
        let image = try await attempt { try await inspectImage() }
        if let image, writesImage { try await checkThatItCanBeWritten(image) }
        checkMemory()
        checkPorts()
        try await checkGPU()
        checkGPUOptions()
        let firmware = try await chooseFirmware(image)
        let fit = try await fitToHost(firmware: firmware, accelerator: accelerator?.accelerator)
        checkIdentity()
        try Task.checkCancellation()
        guard failures.isEmpty, let accelerator, let image, let firmware else { throw Failures(failures) }
        return PreparedJob(
            image: image, recipe: Recipe(gpus: []), payloads: [], drives: [], accelerator: accelerator.accelerator,
            acceleratorReason: accelerator.reason, firmware: firmware, hideHypervisor: job.hideHypervisor ?? false,
            agentPath: "", agentSHA256: "", qemuVersion: "", warnings: warnings,
            fit: fit)
    }

    private func checkThatItCanBeWritten(_ image: PreparedJob.Image) async throws {
        if image.format != "qcow2" {
            let copy = Self.converted(image.path)
            failures.append(
                Failure(
                    .optionInvalid, operation: "look at IMAGE",
                    message: "\(image.path) is \(image.format); a VM that lasts needs a qcow2 disk.",
                    remedy:
                        "Convert it, qemu-img convert -f \(image.format) -O qcow2 \(image.path) \(copy), and start that;"
                        + " or give --snapshot, which writes nothing into it.", side: .host))
        }
        if !FileManager.default.isWritableFile(atPath: image.path) {
            invalid("\(image.path) may not be written.", "Look at its owner and rights, or give --snapshot.")
        }
        _ = try await attempt {
            try await Publishing.requireNoDependents(
                of: image.path, remedy: "Start one of those instead, or give --snapshot, which writes nothing into it.")
        }
    }

    /// `disk.vmdk` → `disk.qcow2`, beside it.
    private static func converted(_ path: String) -> String {
        let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
        let stem = path[slash...].lastIndex(of: ".").map { $0 > slash ? path[..<$0] : path[...] } ?? path[...]
        return "\(stem).qcow2"
    }
}
