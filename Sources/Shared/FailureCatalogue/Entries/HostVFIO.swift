import Contract

extension CatalogueEntry {
    /// QEMU's words at its start and VFIO's in the host's kernel log. From the project's failure list and public issue
    /// reports; further wordings are from memory and were not compared with the sources of QEMU and Linux.
    ///
    /// In messages and remedies BDF stands for the GPU's address and GROUP for the number of its IOMMU group; where a
    /// launch of ours fails, they are filled in.
    static let hostVFIO: [CatalogueEntry] = [
        CatalogueEntry(
            "vfio.no-iommu-group", .gpuUnavailable, .host, [.qemu, .tool], .root,
            says: ["no iommu_group found", "no iommu_group for device", "iommu group not found"],
            message: "The host's IOMMU is off.",
            remedy:
                "Switch VT-d or AMD-Vi on in the firmware; on Intel add intel_iommu=on to the kernel command"
                + " line; reboot."
                + " `provision-gpu-vm doctor --fix` does the latter, and `provision-gpu-vm doctor` tells what"
                + " is missing."
        ),
        CatalogueEntry(
            "vfio.group-not-viable", .gpuUnavailable, .host, [.qemu], .root,
            says: [
                "group {group} is not viable", "VFIO group is not viable",
                "Please ensure all devices within the iommu_group are bound to their vfio bus driver",
                "Please ensure all devices within the iommu group are bound to their vfio bus driver",
            ],
            message: "Another device of the GPU's IOMMU group is still on a host driver.",
            remedy:
                "Bind the whole card with `provision-gpu-vm bind BDF`, which names what else is in IOMMU group"
                + " GROUP: that"
                + " goes to vfio-pci too, or the GPU to another slot."
                + " An ACS override splits the group only in name: devices can then reach each other's memory."),
        CatalogueEntry(
            "vfio.device-in-use", .gpuUnavailable, .host, [.qemu], .root,
            says: [
                "error getting device from group {group}: Device or resource busy",
                "error getting device {device} from group {group}: Device or resource busy",
                "Could not open '/dev/vfio/{group}': Device or resource busy",
                "failed to open /dev/vfio/{group}: Device or resource busy",
            ],
            message: "The GPU, or its VFIO group, is in use by another process.",
            remedy:
                "Stop the virtual machine that holds it: `provision-gpu-vm gpus` and `fuser -v /dev/vfio/GROUP`"
                + " name it.",
            retryable: true),
        CatalogueEntry(
            "vfio.device-not-bound", .gpuUnavailable, .host, [.qemu], .root,
            says: [
                "error getting device from group {group}: No such device",
                "error getting device {device} from group {group}: No such device",
                "Could not open '/dev/vfio/{group}': No such file or directory",
                "failed to open /dev/vfio/{group}: No such file or directory",
            ],
            message: "The GPU is not bound to vfio-pci.",
            remedy: "As root: `provision-gpu-vm bind BDF`, which binds the whole card."),
        CatalogueEntry(
            "vfio.device-unavailable", .gpuUnavailable, .host, [.qemu], .cause,
            says: [
                "error getting device from group {group}", "error getting device {device} from group {group}",
                "Verify all devices in group {group} are bound to vfio-",
            ],
            message: "VFIO does not give the GPU away: it is not bound to vfio-pci, or in use.",
            remedy:
                "`provision-gpu-vm gpus` shows the driver of BDF and who holds it; `provision-gpu-vm bind BDF`"
                + " binds it.",
            yieldsTo: ["vfio.device-in-use", "vfio.device-not-bound"]),
        CatalogueEntry(
            "vfio.no-interrupt-remapping", .gpuUnavailable, .host, [.qemu, .hostKernel], .root,
            says: [
                "No interrupt remapping support", "failed to set iommu for container: Operation not permitted",
                "failed to set iommu … Operation not permitted", "Use the module param 'allow_unsafe_interrupts'",
            ],
            message: "The host has no interrupt remapping, and VFIO refuses to go without.",
            remedy:
                "Switch interrupt remapping (VT-d, AMD-Vi, x2APIC) on in the firmware; `provision-gpu-vm"
                + " doctor` tells whether"
                + " it is. The kernel parameter"
                + " allow_unsafe_interrupts gives the guest a way into the host: do not set it without knowing that."),
        CatalogueEntry(
            "vfio.rmrr", .gpuUnavailable, .host, [.hostKernel, .qemu], .root,
            says: [
                "Device is ineligible for IOMMU domain attach due to platform RMRR requirement",
                "Firmware has requested this device have a 1:1 IOMMU mapping, rejecting configuring the device",
                "platform RMRR requirement",
            ],
            message: "The firmware reserves memory for this slot (RMRR).",
            remedy: "Switch the reservation off in the firmware, or move the GPU to another slot."),
        CatalogueEntry(
            "vfio.memlock", .hostMemory, .host, [.qemu, .hostKernel], .root,
            says: [
                "VFIO_MAP_DMA failed: Cannot allocate memory", "RLIMIT_MEMLOCK ({limit}) exceeded",
                "dma_map(…= -12 (Cannot allocate memory)", "VFIO_MAP_DMA: -12",
                "IOMMU_IOAS_MAP failed: Cannot allocate memory", "IOMMU_IOAS_MAP(…= -12 (Cannot allocate memory)",
                "memory listener initialization failed…Cannot allocate memory",
                "failed to setup container…Cannot allocate memory",
            ],
            message: "The guest's memory cannot be pinned: the limit on locked memory is too low.",
            remedy:
                "Raise RLIMIT_MEMLOCK above the guest's memory (`ulimit -l unlimited`, or memlock in"
                + " limits.conf)."
                + " `provision-gpu-vm doctor` tells the limit."),
        CatalogueEntry(
            "vfio.address-space", .gpuUnavailable, .host, [.qemu], .cause,
            says: [
                "IOMMU_IOAS_MAP…Bad address", "IOMMU_IOAS_MAP…= -14", "dma_map(…= -14 (Bad address)",
                "VFIO_MAP_DMA failed: Bad address", "VFIO_MAP_DMA: -14", "dma_map(…= -22 (Invalid argument)",
                "the fourth GPU fails", "Address space limit … phys-bits too low",
            ],
            message: "The GPUs' memory windows do not fit into the guest's address space (40 bits by default).",
            remedy:
                "Start QEMU with host-phys-bits=on in -cpu, or pass fewer GPUs. If the guest sees its GPUs and only the"
                + " line about peer-to-peer follows, it can be ignored."),
        CatalogueEntry(
            "vfio.no-peer-to-peer", .gpuUnavailable, .host, [.qemu], .symptom, kind: .warning,
            says: ["PCI peer-to-peer transactions on BARs are not supported"],
            message: "GPUs cannot write into each other's memory directly in this guest; all else works.",
            remedy: "Nothing has to be done. Peer-to-peer needs a newer kernel and QEMU."),
        CatalogueEntry(
            "vfio.bar-reserved", .gpuUnavailable, .host, [.hostKernel], .root,
            says: [
                "can't reserve [mem {range}]", "BAR … can't reserve",
            ],
            message: "Something on the host, mostly the framebuffer of its boot, owns the GPU's memory.",
            remedy:
                "`provision-gpu-vm doctor` tells what it is (BOOTFB, efifb or simpledrm in /proc/iomem); start"
                + " the host with initcall_blacklist=sysfb_init or"
                + " video=efifb:off, or boot it from another card."),
        CatalogueEntry(
            "vfio.rom", .gpuUnavailable, .host, [.hostKernel, .qemu], .general, kind: .warning,
            says: [
                "Invalid PCI ROM header signature: expecting 0xaa55", "Invalid ROM contents", "Cannot read device rom",
                "Invalid PCI ROM data signature",
            ],
            message: "The card's ROM cannot be read: it is shadowed, since the host booted from this card.",
            remedy:
                "Computing needs no ROM: --no-gpu-rombar. If the guest's driver asks for one, give it with"
                + " --gpu-rom FILE."
        ),
        CatalogueEntry(
            "host.device-has-users", .gpuUnavailable, .host, [.hostKernel], .root,
            says: ["Attempting to remove device {device} with non-zero usage count"],
            message: "A process of the host holds the GPU: persistence daemon, monitoring or a display.",
            remedy: "`provision-gpu-vm gpus` lists the holders; stop nvidia-persistenced and what else is there.",
            retryable: true),
        CatalogueEntry(
            "host.reset-failed", .gpuUnavailable, .host, [.hostKernel], .root,
            says: [
                "not ready … after FLR; giving up", "not ready … after bus reset; giving up",
                "not ready … after resume; giving up", "not ready … after …; giving up",
                "Unable to change power state from D3cold to D0", "Refused to change power state",
                // lspci says so of any device that sleeps or is gone.
                LogPattern("vfio-pci 0000:…unknown header type 7f", reach: 40),
                LogPattern("unknown header type 7f…driver in use: vfio-pci", reach: 40),
            ],
            message: "The GPU does not come back from a reset.",
            remedy:
                "Write 0 to d3cold_allowed and on to power/control of /sys/bus/pci/devices/BDF; if it stays so,"
                + " power-cycle the"
                + " host."
        ),
        CatalogueEntry(
            "host.no-reset", .gpuUnavailable, .host, [.qemu, .hostKernel], .general, kind: .warning,
            says: [
                "Cannot reset device {device}, no available reset mechanism", "no available reset mechanism",
                "FLR not supported by the device", "Cannot reset device {device}, depends on group",
            ],
            message: "The host has no way to reset the GPU between guests.",
            remedy: "Read reset_method of /sys/bus/pci/devices/BDF. A second start may need a power cycle of"
                + " the host."),
        CatalogueEntry(
            "vfio.permission", .gpuUnavailable, .host, [.qemu], .root,
            says: [
                LogPattern("/dev/vfio/{group}: Permission denied", reach: 40),
                LogPattern("/dev/iommu…: Permission denied", reach: 40),
            ],
            message: "This user may not open the GPU's VFIO group.",
            remedy: "Give /dev/vfio/GROUP to this user's group, for good by a udev rule:"
                + " SUBSYSTEM==\"vfio\", GROUP=\"kvm\", MODE=\"0660\".", yieldsTo: ["qemu.kvm-unusable"]),
        CatalogueEntry(
            "qemu.image-in-use", .imageInUse, .host, [.qemu, .tool], .root,
            says: [
                "Failed to get 'write' lock", "Failed to get shared 'write' lock",
                "Failed to get 'consistent read' lock",
                "Is another process using the image", "Could not open '{path}': Device or resource busy",
            ],
            message: "Another process uses the image.",
            remedy: "Stop that process; `fuser -v` and `lslocks` on the image name it.", retryable: true,
            yieldsTo: ["vfio.device-in-use"]),
        CatalogueEntry(
            "qemu.image-permission", .imageUnreadable, .host, [.qemu, .tool], .cause,
            says: ["Could not open '{path}': Permission denied"],
            message: "This user may not open a file that QEMU needs.",
            remedy: "Look at the rights of the file that QEMU names, and of the folders above it.",
            yieldsTo: ["vfio.permission", "qemu.kvm-unusable"]),
        CatalogueEntry(
            "qemu.port-taken", .portUnavailable, .host, [.qemu], .root,
            says: ["Could not set up host forwarding rule", "could not set up redirection"],
            message: "The port for SSH is taken by another process.",
            remedy: "Run the command again, or name another port with --ssh-port.", retryable: true),
        CatalogueEntry(
            "qemu.display-taken", .portUnavailable, .host, [.qemu], .root,
            says: ["Failed to find an available port", "Failed to start VNC server: …Address already in use"],
            message: "The VNC display is taken by another process.", remedy: "Choose another display number.",
            retryable: true),
        CatalogueEntry(
            "qemu.memory", .hostMemory, .host, [.qemu], .root,
            says: [
                "cannot set up guest memory", "unable to map backing store for guest RAM",
                "cannot allocate memory 'pc.ram'",
            ],
            message: "The host cannot give the guest its memory.",
            remedy: "Give the guest less with --memory; of hugepages, enough must be free."),
        CatalogueEntry(
            "qemu.kvm-unusable", .qemuFailed, .host, [.qemu], .root,
            says: ["Could not access KVM kernel module: Permission denied", "Could not access KVM kernel module"],
            message: "KVM cannot be used.", remedy: "Give this user access to /dev/kvm (group kvm), or ask for TCG."),
        CatalogueEntry(
            "qemu.kvm-missing", .qemuFailed, .host, [.qemu, .hostKernel], .cause,
            says: ["failed to initialize kvm", "kvm: support for 'nested_vmx' disabled"],
            message: "KVM cannot be used.", remedy: "Switch virtualization on in the firmware, or ask for TCG.",
            yieldsTo: ["qemu.kvm-unusable"]),
        // Every boot of such a host says so, and a guest in emulation runs all the same.
        CatalogueEntry(
            "qemu.kvm-disabled", .qemuFailed, .host, [.hostKernel], .general, kind: .warning,
            says: ["kvm: disabled by bios", "TXT) disabled by BIOS"],
            message: "The host's firmware has virtualization switched off: guests run in emulation, slowly.",
            remedy: "Switch virtualization (VT-x, AMD-V) on in the firmware.", yieldsTo: ["qemu.kvm-missing"]),
        CatalogueEntry(
            "qemu.no-vvfat", .qemuFailed, .host, [.qemu], .root, says: ["Unknown driver 'vvfat'"],
            message: "This QEMU was built without vvfat, which shows the NoCloud seed to the guest.",
            remedy: "Use a QEMU with vvfat (RHEL's has none), or an image with credentials of its own."),
        CatalogueEntry(
            "qemu.no-device-model", .qemuFailed, .host, [.qemu], .root,
            says: ["' is not a valid device model name"],
            message: "This QEMU was built without a device that the guest needs.",
            remedy: "Install the full QEMU (Debian, Ubuntu: qemu-system-x86)."),
    ]
}
