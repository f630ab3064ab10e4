import Contract

extension InstallerDiagnosis {
    private static let headers = "Put the headers of the running kernel into the image, or sources that have them."

    /// nvidia-installer's texts (sources of NVIDIA/nvidia-installer, public reports).
    static let driverRows: [Row] = [
        Row(
            patterns: ["Nouveau kernel driver is currently in use by your system"], code: .nouveau,
            message: "nouveau holds the GPU.", remedy: "Look for what loads nouveau in the image.",
            consequence: .reboot),
        Row(
            patterns: ["modprobe configuration files to disable Nouveau are already present"], code: .nouveau,
            message: "nouveau was loaded although it is blacklisted: an initramfs has it.",
            remedy: "Look for an initramfs that the boot loader takes from elsewhere.", consequence: .reboot),
        Row(
            patterns: ["appears to be already loaded in your kernel", "appears to already be loaded in your kernel"],
            code: .driverInstall, message: "Another NVIDIA driver is in use.",
            remedy: "Stop what uses the GPU when the guest boots (nvidia-persistenced, a display manager).",
            consequence: .reboot),
        Row(
            patterns: [
                "Error in check sums", "Error in md5 sums", "Error in SHA256 checksums", "MD5 checksums are different",
            ],
            code: .payloadCorrupt, message: "The runfile is broken.",
            remedy: "Download it again; `provision-gpu-vm inspect` tells whether it is whole."),
        Row(
            patterns: ["Not enough space left in", "No space left on device"], code: .guestSpace,
            message: "The guest's disk is too small.", remedy: "Grow the disk (--disk-size)."),
        Row(
            patterns: ["Unable to find the kernel source tree for the currently running kernel"], code: .headersMissing,
            message: "The headers of the running kernel are not installed.", remedy: headers),
        Row(
            patterns: ["kernel header file exists", "Module.symvers file is missing", "Module.symvers is missing"],
            code: .headersMissing, message: "The headers of the running kernel are incomplete.", remedy: headers),
        Row(
            patterns: ["Unable to find the development tool"], code: .prerequisites,
            message: "A tool to build the module is missing.", remedy: "Put gcc and make into the image."),
        Row(
            patterns: ["do not appear to have libc header files installed"], code: .prerequisites,
            message: "The C library's headers are missing.", remedy: "Put libc6-dev into the image."),
        Row(
            patterns: ["Failed CC version check", "CC version check failed"], code: .driverBuild,
            message: "The compiler is not the one that built the kernel.",
            remedy: "Install the compiler that /proc/version names."),
        Row(
            patterns: [
                "unrecognized command-line option '-ftrivial-auto-var-init=zero'", "unrecognized command line option",
            ],
            code: .driverBuild, message: "The kernel was built by a newer compiler than the guest's.",
            remedy: "Install the compiler that /proc/version names."),
        Row(
            patterns: ["Cannot generate ORC metadata"], code: .prerequisites, message: "libelf's headers are missing.",
            remedy: "Put libelf-dev into the image."),
        Row(
            patterns: ["is a PREEMPT_RT kernel", "is a Xen kernel"], code: .driverBuild,
            message: "The driver refuses this kind of kernel.", remedy: "Boot the image with a plain kernel."),
        Row(
            patterns: [
                "Error occurred while performing the step: \"Building kernel modules\"",
                "Unable to build the NVIDIA kernel module", "Failed to build the kernel module",
            ],
            code: .driverBuild, message: "The module does not compile against this kernel.",
            remedy: "Use a newer driver, or an image with an older kernel."),
        Row(
            patterns: ["was not signed by a key that is trusted by the kernel", "Key was rejected by service"],
            code: .driverLoad, message: "The kernel refuses the module, since nobody it trusts has signed it.",
            remedy: "Start the VM without Secure Boot, and without module.sig_enforce on the kernel command line."),
        Row(
            patterns: ["This system requires a kernel module type which is not present"], code: .driverInstall,
            message: "The GPU needs the other flavour (open or proprietary) of the kernel modules.",
            remedy: "Use a driver package that has it."),
        Row(
            patterns: ["requires use of the NVIDIA open kernel modules"], code: .driverLoad,
            message: "The GPU needs the open kernel modules.", remedy: "Use driver 560 or later, which chooses them."),
        Row(
            patterns: ["not supported by open nvidia.ko"], code: .driverLoad,
            message: "The GPU needs the proprietary kernel modules.", remedy: "Use a driver up to branch 580."),
        Row(
            patterns: ["legacy Linux graphics drivers", "legacy drivers"], code: .driverInstall,
            message: "The GPU needs an older driver.", remedy: "Use the branch that the log names."),
        Row(
            patterns: ["do not appear to have an NVIDIA GPU supported by"], code: .gpuNotVisible,
            message: "The driver sees no GPU that it supports.",
            remedy: "Compare the GPU's PCI id with the driver's list of supported products."),
        Row(
            patterns: ["probe routine was not called for"], code: .driverLoad, message: "Another driver holds the GPU.",
            remedy: "Look at `lspci -k` in the guest."),
        Row(
            patterns: ["Cannot initialize GSP firmware RM", "unexpected WPR2 already up"], code: .driverLoad,
            message: "The GPU was not reset.", remedy: "Power-cycle the host.", retryable: true),
        Row(
            patterns: ["BAR1 is 0M @ 0x0", "This PCI I/O region assigned to your NVIDIA device is invalid"],
            code: .driverLoad, message: "The firmware gave the GPU no memory window.",
            remedy: "Start the VM with a larger MMIO window."),
        Row(
            patterns: ["Unable to load the kernel module", "Unable to load the 'nvidia"], code: .driverLoad,
            message: "The kernel module was built and does not load.",
            remedy: "Read `Kernel module load error` and `Kernel messages` in the log."),
        Row(
            patterns: ["Invalid commandline", "unrecognized option"], code: .driverInstall,
            message: "The installer does not know an option that it was given.",
            remedy: "Report this driver version: its options are not the expected ones."),
    ]

    /// The CUDA installer's texts.
    static let cudaRows: [Row] = [
        Row(
            patterns: ["Failed to verify gcc version", "unsupported compiler"], code: .cudaCompiler,
            message: "The toolkit does not know the guest's compiler.",
            remedy: "Put an older gcc and g++ into the image (or sources that have them), or use --allow-incompatible."),
        Row(
            patterns: [
                "Not enough space on parition", "Not enough space on partition", "No space left on device",
                "Not enough space left in",
            ],
            code: .guestSpace, message: "The guest's disk is too small for the toolkit.",
            remedy: "Grow the disk (--disk-size)."),
        Row(
            patterns: [
                "Error in check sums", "Error in md5 sums", "Error in SHA256 checksums", "MD5 checksums are different",
            ],
            code: .payloadCorrupt, message: "The runfile is broken.",
            remedy: "Download it again; `provision-gpu-vm inspect` tells whether it is whole."),
        Row(
            patterns: ["Install of driver component failed"], code: .cudaInstall,
            message: "The toolkit's installer tried to install a driver.",
            remedy: "Report this CUDA version: its options are not the expected ones."),
        Row(
            patterns: ["libxml2.so"], code: .prerequisites, message: "The toolkit's installer needs libxml2.",
            remedy: "Put libxml2 into the image."),
        Row(
            patterns: ["Unknown option", "unrecognized option", "is not recognized"], code: .cudaInstall,
            message: "The installer does not know an option that it was given.",
            remedy: "Report this CUDA version: its options are not the expected ones."),
    ]
}
