import Contract

/// What QEMU's words at its start mean. Pure; the texts are the failure catalogue's ("Host: IOMMU and VFIO").
///
/// - Parameters:
///   - lines: The end of qemu.log.
///   - end: How the process ended.
///   - spec: What was to be started.
/// - Returns: The catalogue's failure, or vm.qemu-failed with the lines as evidence.
func launchFailure(_ lines: [String], end: ProcessEnd, spec: MachineSpecification) -> Failure {
    let operation = "start the virtual machine \(spec.name)"
    let text = lines.joined(separator: "\n")
    if text.contains("Failed to get"), text.contains("lock") {
        return imageInUse(spec.diskPath, operation: operation, evidence: lines)
    }
    if let known = knownLaunchFailures.first(where: { row in row.patterns.allSatisfy { text.contains($0) } }) {
        return Failure(
            known.code, operation: operation, message: known.message, evidence: lines, remedy: known.remedy,
            retryable: known.retryable, side: .host)
    }
    let ended =
        switch end {
        case .exited(let status): "exited with status \(status)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .unseen: "is gone"
        }
    return Failure(
        .qemuFailed, operation: operation, message: "QEMU \(ended) before the guest started.", evidence: lines,
        remedy: "Read QEMU's words above; the command is in vm.json of \(spec.folder).", side: .host)
}

private struct KnownLaunchFailure {
    /// All of them must be there.
    var patterns: [String]
    var code: FailureCode
    var message: String
    var remedy: String
    var retryable = false
}

/// First match wins: the particular before the general.
private let knownLaunchFailures: [KnownLaunchFailure] = [
    KnownLaunchFailure(
        patterns: ["Could not set up host forwarding rule"], code: .portUnavailable,
        message: "The port for SSH is taken by another process.",
        remedy: "Run the command again, or name another port with --ssh-port.", retryable: true),
    KnownLaunchFailure(
        patterns: ["Failed to find an available port"], code: .portUnavailable,
        message: "The VNC display is taken by another process.", remedy: "Choose another display number.",
        retryable: true),
    KnownLaunchFailure(
        patterns: ["no iommu_group found"], code: .gpuUnavailable, message: "The host's IOMMU is off.",
        remedy:
            "Switch VT-d or AMD-Vi on in the firmware; on Intel add intel_iommu=on to the kernel command line; reboot."
    ),
    KnownLaunchFailure(
        patterns: ["/dev/vfio/", "Permission denied"], code: .gpuUnavailable,
        message: "This user may not open the GPU's VFIO group.",
        remedy: "Give the device node that QEMU names to this user's group, for good by a udev rule:"
            + " SUBSYSTEM==\"vfio\", GROUP=\"kvm\", MODE=\"0660\"."),
    KnownLaunchFailure(
        patterns: ["/dev/vfio/", "Device or resource busy"], code: .gpuUnavailable,
        message: "Another process has the GPU's VFIO group open.",
        remedy: "Stop the virtual machine that holds it (`fuser -v` on the node that QEMU names).", retryable: true),
    KnownLaunchFailure(
        patterns: ["is not viable"], code: .gpuUnavailable,
        message: "Another device of the GPU's IOMMU group is still on a host driver.",
        remedy: "Bind every device of the group that is no bridge to vfio-pci, or move the GPU to another slot."),
    KnownLaunchFailure(
        patterns: ["error getting device from group", "Device or resource busy"], code: .gpuUnavailable,
        message: "The GPU is in use by another process.", remedy: "Stop the virtual machine that holds it.",
        retryable: true),
    KnownLaunchFailure(
        patterns: ["error getting device from group"], code: .gpuUnavailable,
        message: "The GPU is not bound to vfio-pci.", remedy: "Bind it to vfio-pci, with all functions of its group."),
    KnownLaunchFailure(
        patterns: ["failed to set iommu", "Operation not permitted"], code: .gpuUnavailable,
        message: "The host has no interrupt remapping, and VFIO refuses to go without.",
        remedy:
            "Switch interrupt remapping (VT-d, AMD-Vi, x2APIC) on in the firmware; look at dmesg. The kernel parameter"
            + " allow_unsafe_interrupts gives the guest a way into the host."),
    KnownLaunchFailure(
        patterns: ["RMRR"], code: .gpuUnavailable, message: "The firmware reserves memory for this slot (RMRR).",
        remedy: "Switch the reservation off in the firmware, or move the GPU to another slot."),
    KnownLaunchFailure(
        patterns: ["VFIO_MAP_DMA", "Bad address"], code: .gpuUnavailable,
        message: "The GPUs' memory windows do not fit into the guest's address space.",
        remedy: "Pass fewer GPUs, or run on a processor with more physical address bits."),
    KnownLaunchFailure(
        patterns: ["Cannot allocate memory", "vfio"], code: .hostMemory,
        message: "The guest's memory cannot be pinned: the limit on locked memory is too low.",
        remedy: "Raise RLIMIT_MEMLOCK above the guest's memory (`ulimit -l unlimited`, or memlock in limits.conf)."),
    KnownLaunchFailure(
        patterns: ["cannot set up guest memory"], code: .hostMemory,
        message: "The host cannot give the guest its memory.", remedy: "Give the guest less with --memory."),
    KnownLaunchFailure(
        patterns: ["Could not access KVM kernel module"], code: .qemuFailed, message: "KVM cannot be used.",
        remedy: "Give this user access to /dev/kvm (group kvm), or ask for TCG."),
    KnownLaunchFailure(
        patterns: ["failed to initialize kvm"], code: .qemuFailed, message: "KVM cannot be used.",
        remedy: "Switch virtualization on in the firmware, or ask for TCG."),
    KnownLaunchFailure(
        patterns: ["Unknown driver 'vvfat'"], code: .qemuFailed,
        message: "This QEMU was built without vvfat, which shows the NoCloud seed to the guest.",
        remedy: "Use a QEMU with vvfat (RHEL's has none), or an image with credentials of its own."),
    KnownLaunchFailure(
        patterns: ["is not a valid device model name"], code: .qemuFailed,
        message: "This QEMU was built without a device that the guest needs.",
        remedy: "Install the full QEMU (Debian, Ubuntu: qemu-system-x86)."),
]
