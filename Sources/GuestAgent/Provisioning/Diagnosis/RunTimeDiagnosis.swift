import Contract

extension InstallerDiagnosis {
    /// What driver and CUDA say when they run (failure catalogue, "Guest: run time").
    static let runTimeRows: [Row] = [
        Row(
            patterns: ["requires use of the NVIDIA open kernel modules", "RmInitAdapter failed! (0x22:0x56:"],
            code: .driverLoad, message: "The GPU needs the open kernel modules.",
            remedy: "Use driver 560 or later, which chooses them."),
        Row(
            patterns: ["not supported by open nvidia.ko"], code: .driverLoad,
            message: "The GPU needs the proprietary kernel modules.", remedy: "Use a driver up to branch 580."),
        Row(
            patterns: ["probe routine was not called for"], code: .driverLoad, message: "Another driver holds the GPU.",
            remedy: "Look at `lspci -k` in the guest."),
        Row(
            patterns: ["unexpected WPR2 already up", "Cannot initialize GSP firmware RM"], code: .driverLoad,
            message: "The GPU was not reset.", remedy: "Reset the GPU, or power-cycle the host.", retryable: true),
        Row(
            patterns: ["fallen off the bus"], code: .driverProof, message: "The GPU has fallen off the bus.",
            remedy: "Look at the card's power and its slot."),
        Row(
            patterns: ["API mismatch: the client", "Driver/library version mismatch"], code: .driverProof,
            message: "The driver's kernel part and its libraries differ.",
            remedy: "Remove the distribution's NVIDIA packages from the image; one way of installing is enough."),
        Row(
            patterns: ["couldn't communicate with the NVIDIA driver"], code: .driverProof,
            message: "The nvidia module is not loaded.",
            remedy: "Look at `lsmod` and at the installer's log in the guest."),
        Row(
            patterns: ["No devices were found"], code: .driverProof,
            message: "The driver is loaded and could not start a GPU.",
            remedy: "Read the NVRM lines of dmesg in the guest."),
        Row(
            patterns: ["cudaGetDeviceCount returned 35"], code: .cudaProof,
            message: "The driver is too old for this CUDA.", remedy: "Use a newer driver, or an older toolkit."),
        Row(
            patterns: ["cudaGetDeviceCount returned 100", "cudaGetDeviceCount returned 38"], code: .cudaProof,
            message: "CUDA sees no device.", remedy: "Look at nvidia-smi and at CUDA_VISIBLE_DEVICES in the guest."),
        Row(
            patterns: ["cudaGetDeviceCount returned 802"], code: .cudaProof,
            message: "The NVSwitch fabric is not ready.",
            remedy: "Install and start the Fabric Manager of the driver's version.", retryable: true),
        Row(
            patterns: ["cudaGetDeviceCount returned 803"], code: .cudaProof,
            message: "The driver's kernel part and its CUDA library do not go together.",
            remedy: "Remove other copies of libcuda.so from the image."),
        Row(
            patterns: ["cudaGetDeviceCount returned 999", "cudaGetDeviceCount returned 30"], code: .cudaProof,
            message: "The nvidia-uvm module is missing.",
            remedy: "Run `modprobe nvidia-uvm` in the guest and read dmesg."),
    ]
}
