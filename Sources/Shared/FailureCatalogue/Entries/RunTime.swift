import Contract

extension CatalogueEntry {
    /// What the driver says to the kernel's log when it works, and what its tools say. NVRM texts: compared with
    /// NVIDIA/open-gpu-kernel-modules at 595.45.04; tools' and older texts are from the failure list and from memory.
    static let runTime: [CatalogueEntry] = modules + tools + cuda + xids

    private static let modules: [CatalogueEntry] = [
        CatalogueEntry(
            "gpu.needs-open-modules", .driverLoad, .guest, [.guestKernel, .driverLog], .cause,
            says: [
                "requires use of the NVIDIA open kernel modules", "RmInitAdapter failed! (0x22:0x56:",
                "requires the open GPU kernel modules",
            ],
            message: "The GPU needs the open kernel modules.",
            remedy: "Install with -M open (555 and later), or use driver 560 or later, which chooses them."),
        CatalogueEntry(
            "gpu.needs-proprietary-modules", .driverLoad, .guest, [.guestKernel, .driverLog], .root,
            says: [
                "not supported by open nvidia.ko because it does not include the required GPU System Processor",
                "not supported by open nvidia.ko",
                "Open nvidia.ko is only ready for use on Data Center GPUs",
            ],
            message: "The GPU needs the proprietary kernel modules: it is older than Turing.",
            remedy: "Install with -M proprietary, and a driver up to branch 580."),
        CatalogueEntry(
            "gpu.unsupported", .driverLoad, .guest, [.guestKernel], .cause,
            says: [
                "installed in this system is not supported by the NVIDIA {version} driver release",
                "installed in this system is not supported by the {version} NVIDIA Linux graphics driver release",
                "installed in this vGPU host system is not supported",
            ],
            message: "This driver does not support the GPU.",
            remedy: "Use the branch for it: older cards need an older driver, newer cards a newer one."),
        CatalogueEntry(
            "gpu.probe-not-called", .driverLoad, .guest, [.guestKernel], .root,
            says: [
                "The NVIDIA probe routine was not called for {devices} device(s)",
                "This can occur when another driver was loaded and obtained ownership of the NVIDIA device",
                "This can occur when a driver such as: nouveau",
            ],
            message: "Another driver holds the GPU.",
            remedy: "Look at `lspci -k` in the guest: nouveau or vfio-pci. Blacklist it, rebuild the initramfs, reboot."
        ),
        CatalogueEntry(
            "gpu.region-claimed", .driverLoad, .guest, [.guestKernel], .root,
            says: [
                "request_mem_region failed for … This can occur when a driver such as", "request_mem_region failed for",
            ],
            message: "Another driver has claimed the GPU's registers.",
            remedy: "Look at /proc/iomem and `lspci -k`: nouveau, or a framebuffer of the boot."),
        CatalogueEntry(
            "gpu.none", .gpuNotVisible, .guest, [.guestKernel], .cause,
            says: ["No NVIDIA PCI devices found", "No NVIDIA GPU found", "No NVIDIA graphics adapter found"],
            message: "The driver finds no NVIDIA device in the machine.",
            remedy: "Look at `lspci -nn` in the guest; the GPU was not attached, or has no window.",
            yieldsTo: ["gpu.probe-not-called"]),
        CatalogueEntry(
            "gpu.not-reset", .driverLoad, .host, [.guestKernel], .root,
            says: [
                "unexpected WPR2 already up", "Cannot initialize GSP firmware RM", "WPR2 already up, cannot proceed",
            ],
            message: "The GPU was not reset since it was last used.",
            remedy: "Reset it (FLR: `echo 1 > reset` in its sysfs folder on the host), or power-cycle the host.",
            retryable: true),
        CatalogueEntry(
            "gpu.gsp-firmware", .driverLoad, .guest, [.guestKernel], .cause,
            says: [
                // nouveau asks for files of that name, too.
                LogPattern("nvidia 0000:…Direct firmware load for nvidia/{file} failed", reach: 60),
                "RmFetchGspRmImages: No firmware image found", "Failed to load firmware nvidia/",
            ],
            message: "The GSP firmware is not where the driver looks for it.",
            remedy: "Reinstall the driver whole; its firmware belongs into /lib/firmware/nvidia/VERSION."),
        CatalogueEntry(
            "gpu.off-the-bus", .driverProof, .host, [.guestKernel, .tool], .root,
            says: [
                "fallen off the bus", " Xid (…): 79", "GPU is lost",
                "Unable to determine the device handle for GPU … GPU is lost",
            ],
            message: "The GPU has fallen off the bus.",
            remedy: "Stop trying: look at the card's power, its temperature and its slot, then power-cycle the host."),
        CatalogueEntry(
            "gpu.init-failed", .driverLoad, .guest, [.guestKernel], .consequence,
            says: [
                "RmInitAdapter failed!", "rm_init_adapter failed", "None of the NVIDIA devices were initialized",
                "The NVIDIA probe routine failed for {devices} device(s)",
            ],
            message: "The driver could not start the GPU.",
            remedy: "Read the NVRM lines above it; if there are none, reset the GPU or power-cycle the host.",
            retryable: true, yieldsTo: ["gpu.needs-open-modules"]),
        CatalogueEntry(
            "driver.versions-differ", .driverProof, .guest, [.guestKernel, .tool], .root,
            says: [
                "API mismatch: the client '{client}' … has the version {version}, but this kernel module has the version",
                "API mismatch: the client has the version {version}", "API mismatch: the client",
                "Driver/library version mismatch", "NVML library version: {version}",
                "GPU driver interface version {version} don't match with driver version",
                "driver interface version {version} doesn't match with driver version",
            ],
            message: "The driver's kernel part and its libraries differ.",
            remedy:
                "Reboot, or unload and load the modules. If they differ still, the distribution's NVIDIA packages are there"
                + " as well: one way of installing is enough."),
    ]

    private static let tools: [CatalogueEntry] = [
        CatalogueEntry(
            "smi.no-driver", .driverProof, .guest, [.tool], .consequence,
            says: [
                "couldn't communicate with the NVIDIA driver", "could not communicate with the NVIDIA driver",
                "couldnt communicate with the NVIDIA driver",
                "Failed to initialize NVML: Driver Not Loaded", "could not open the device file /dev/nvidiactl",
                "NVIDIA kernel driver is not loaded", "NVIDIA driver is not loaded",
            ],
            message: "The nvidia module is not loaded.",
            remedy:
                "Look at `lsmod`, `modprobe nvidia` and dmesg; a kernel that came after the driver needs the module built"
                + " anew (DKMS, headers)."),
        CatalogueEntry(
            "smi.no-library", .driverProof, .guest, [.tool], .root,
            says: [
                "couldn't find libnvidia-ml.so library in your system", "NVML Shared Library Not Found",
                "libnvidia-ml.so.1: cannot open shared object file",
            ],
            message: "The driver's libraries are not installed, or not found.",
            remedy: "Install the driver whole and run ldconfig."),
        CatalogueEntry(
            "smi.permissions", .driverProof, .guest, [.tool], .cause,
            says: [
                "Failed to initialize NVML: Insufficient Permissions", "not permitted to access /dev/nvidia",
                "Failed to initialize NVML: Unknown Error",
            ],
            message: "This process may not use the GPU's device files.",
            remedy: "Look at the modes of /dev/nvidia* and, in a container, at its device cgroup."),
        CatalogueEntry(
            "smi.no-devices", .driverProof, .guest, [.tool], .consequence,
            says: ["No devices were found"],
            message: "The driver is loaded and could not start a GPU.",
            remedy: "Read the NVRM lines of dmesg in the guest."),
        CatalogueEntry(
            "fabric.nothing-to-do", .driverProof, .guest, [.tool], .symptom, kind: .notAnError,
            says: ["NV_WARN_NOTHING_TO_DO", "NVSwitch driver failed with error:WARNING Nothing to do"],
            message: "The Fabric Manager found no NVSwitch to manage: this machine has none.",
            remedy: "Nothing has to be done; disable nvidia-fabricmanager if the failed unit disturbs."),
        CatalogueEntry(
            "driver.persistence-deprecated", .driverProof, .guest, [.guestKernel], .symptom, kind: .notAnError,
            says: ["Persistence mode is deprecated and will be removed in a future release"],
            message: "The driver prefers nvidia-persistenced to its own persistence mode.",
            remedy: "Nothing has to be done."),
    ]

    private static let cuda: [CatalogueEntry] = [
        CatalogueEntry(
            "cuda.driver-too-old", .cudaProof, .guest, [.tool], .root,
            says: [
                "cudaGetDeviceCount returned 35", "CUDA driver version is insufficient for CUDA runtime version",
                "cudaErrorInsufficientDriver", "The NVIDIA driver on your system is too old",
            ],
            message: "The driver is too old for this CUDA.", remedy: "Use a newer driver, or an older toolkit."),
        CatalogueEntry(
            "cuda.no-device", .cudaProof, .guest, [.tool], .cause,
            says: [
                "cudaGetDeviceCount returned 100", "cudaGetDeviceCount returned 38",
                "no CUDA-capable device is detected",
                "cudaErrorNoDevice", "CUDA_ERROR_NO_DEVICE",
            ],
            message: "CUDA sees no device.",
            remedy: "Look at nvidia-smi and at CUDA_VISIBLE_DEVICES in the guest."),
        CatalogueEntry(
            "cuda.fabric-not-ready", .cudaProof, .guest, [.tool], .root,
            says: [
                "cudaGetDeviceCount returned 802", "system not yet initialized", "cudaErrorSystemNotReady",
                "CUDA_ERROR_SYSTEM_NOT_READY",
            ],
            message: "The NVSwitch fabric is not ready.",
            remedy: "Install and start the Fabric Manager of the driver's version.", retryable: true),
        CatalogueEntry(
            "cuda.bad-pair", .cudaProof, .guest, [.tool], .root,
            says: [
                "cudaGetDeviceCount returned 803", "unsupported display driver / cuda driver combination",
                "cudaErrorSystemDriverMismatch", "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH",
            ],
            message: "The driver's kernel part and its CUDA library do not go together.",
            remedy: "Remove other copies of libcuda.so (compat packages, LD_LIBRARY_PATH) from the image."),
        CatalogueEntry(
            "cuda.no-uvm", .cudaProof, .guest, [.tool], .cause,
            says: [
                "cudaGetDeviceCount returned 999", "cudaGetDeviceCount returned 30", "cuInit returned 999",
                "CUDA_ERROR_UNKNOWN",
            ],
            message: "CUDA cannot start; mostly the nvidia-uvm module is missing.",
            remedy: "Run `modprobe nvidia-uvm` in the guest and read dmesg."),
        CatalogueEntry(
            "cuda.other", .cudaProof, .guest, [.tool], .symptom, says: ["cudaGetDeviceCount returned {number}"],
            message: "A call of CUDA failed.",
            remedy: "Look the number up under cudaError in NVIDIA's CUDA Runtime API, and read dmesg in the guest.",
            yieldsTo: ["cuda."]),
    ]

    /// Numbers of Xid events. What each means is from memory, not from NVIDIA's guide: to be checked against it.
    private static let xids: [CatalogueEntry] =
        [
            Xid(13, "A program made the graphics engine fail.", "Look at that program first (compute-sanitizer)."),
            Xid(31, "A program reached memory that is not its own.", "Look at that program first (compute-sanitizer)."),
            Xid(32, "The command stream was damaged.", "Look at the PCIe link, then at the driver's version."),
            Xid(38, "The driver's firmware failed.", "Use another driver version; reset the GPU."),
            Xid(43, "A program's channel was stopped after it failed.", "Look at that program; the GPU is well."),
            Xid(
                45, "Channels were taken away, mostly from a program that was ended.",
                "Look at earlier Xids; the GPU is well."),
            Xid(
                48, "Memory had an error that ECC could not correct.",
                "Reset the GPU; if it comes again, the card is bad.", .cause),
            Xid(61, "The GPU's microcontroller stopped.", "Reset the GPU, or power-cycle the host.", .cause),
            Xid(62, "The GPU's microcontroller halted.", "Reset the GPU, or power-cycle the host.", .cause),
            Xid(
                63, "A bad row of memory was noted and will be replaced.", "Reset the GPU at the next occasion.",
                kind: .warning),
            Xid(
                64, "A bad row of memory could not be noted.", "Reset the GPU; if it comes again, the card is bad.",
                .cause),
            Xid(69, "A program made the graphics engine fail.", "Look at that program first (compute-sanitizer)."),
            Xid(
                74, "An NVLink connection failed.", "Look at the link's cables and bridge; reset all GPUs of the link.",
                .cause),
            Xid(
                92, "Memory has many errors that ECC corrects.", "Watch the card; reset it at the next occasion.",
                kind: .warning),
            Xid(
                94, "An error of memory was contained to one program.",
                "Restart that program; reset the GPU at the next occasion.", .cause),
            Xid(95, "An error of memory was not contained.", "Reset the GPU: nothing on it can be trusted.", .cause),
            Xid(
                109, "A program's context switch took too long.", "Look at that program; then at the driver's version."),
            Xid(
                119, "The GPU's system processor (GSP) does not answer.",
                "Reset the GPU, or power-cycle the host; a newer driver may help.", .cause),
            Xid(
                120, "The GPU's system processor (GSP) failed.",
                "Reset the GPU, or power-cycle the host; a newer driver may help.", .cause),
            Xid(
                121, "The coherent link to the processor had errors.", "Reset the GPU at the next occasion.",
                kind: .warning),
            Xid(
                140, "Memory had an error that ECC could not correct.",
                "Reset the GPU; if it comes again, the card is bad.", .cause),
            Xid(143, "The GPU did not start after a reset.", "Power-cycle the host.", .cause),
            Xid(149, "An NVLink connection failed.", "Look at the link; reset all GPUs of the link.", .cause),
            Xid(
                154, "The driver says how the GPU has to be recovered.", "Do what the line says: reset, or reboot.",
                .consequence),
        ].map(\.entry) + [
            CatalogueEntry(
                "xid.other", .driverProof, .guest, [.guestKernel], .consequence, says: [" Xid (…): {number},"],
                message: "The GPU reported an error (Xid).",
                remedy: "Look the number up in NVIDIA's \"Xid Errors\" guide.",
                yieldsTo: ["xid.", "gpu.off-the-bus"])
        ]

    /// An Xid event, by number.
    private struct Xid {
        var number: Int
        var message: String
        var remedy: String
        var rank: Rank
        var kind: Kind

        init(_ number: Int, _ message: String, _ remedy: String, _ rank: Rank = .general, kind: Kind = .failure) {
            self.number = number
            self.message = message
            self.remedy = remedy
            self.rank = rank
            self.kind = kind
        }

        var entry: CatalogueEntry {
            CatalogueEntry(
                "xid.\(number)", .driverProof, .guest, [.guestKernel], rank, kind: kind,
                says: [LogPattern(" Xid (…): \(number)")],
                message: "\(message) (Xid \(number))", remedy: remedy)
        }
    }
}
