import Contract

extension CatalogueEntry {
    /// The CUDA installers' texts (Perl up to 10.0, a binary after), and nvcc's and make's where samples are built.
    static let cudaInstall: [CatalogueEntry] = [
        CatalogueEntry(
            "cuda.compiler", .cudaCompiler, .guest, [.cudaLog, .tool], .root,
            says: [
                "Failed to verify gcc version", "unsupported compiler",
                "unsupported GNU version! gcc versions later than",
                "unsupported clang version",
            ],
            message: "The toolkit does not know the guest's compiler.",
            remedy:
                "Put an older gcc and g++ into the image (or sources that have them); or --override for the installer and"
                + " -allow-unsupported-compiler for nvcc, here --allow-incompatible, which the report says."),
        CatalogueEntry(
            "cuda.no-space", .guestSpace, .guest, [.cudaLog], .root,
            says: [
                "Not enough space on parition mounted at {folder}. Need {bytes} bytes",
                "Not enough space on parition mounted at {folder}", "Not enough space on partition mounted at {folder}",
                "Not enough space on parition", "Not enough space on partition",
            ],
            message: "The guest's disk is too small for the toolkit.",
            remedy: "Grow the disk (--disk-size) by what the log says is missing."),
        CatalogueEntry(
            "cuda.driver-component", .cudaInstall, .guest, [.cudaLog], .consequence,
            says: [
                "Finished with code: 256 … Install of driver component failed", "Install of driver component failed",
                "Finished with code: 256", "The driver installation has failed due to an unknown error",
                "Driver: Installation Failed", "The driver installation is unable to locate the kernel source",
            ],
            message: "The toolkit's installer tried to install a driver, and that failed (256 is exit status 1).",
            remedy:
                "Read /var/log/nvidia-installer.log; or install the driver by itself and the toolkit alone (--toolkit)."
        ),
        CatalogueEntry(
            "cuda.library-missing", .prerequisites, .guest, [.cudaLog], .root,
            says: [
                "error while loading shared libraries: {library}: cannot open shared object file",
                "libxml2.so.2: cannot open shared object file",
            ],
            message: "A program needs a library that is not there (libxml2 for the installers of CUDA 10.1 and later).",
            remedy: "Put the library's package into the image: libxml2, or what the log names."),
        CatalogueEntry(
            "cuda.glibc", .cudaInstall, .guest, [.cudaLog, .tool], .root,
            says: [
                "version 'GLIBC_{version}' not found", "version 'GLIBCXX_{version}' not found",
                "version 'CXXABI_{version}' not found",
            ],
            message: "The toolkit is for a newer distribution: the C library is too old.",
            remedy: "Use an older toolkit (glibc 2.27 is needed from CUDA 12.8), or a newer image."),
        CatalogueEntry(
            "cuda.stale-log", .cudaInstall, .guest, [.cudaLog], .root,
            says: [
                "cuda-installer…Segmentation fault",
                "terminate called after throwing …cuda-installer", "boost::filesystem…cuda-installer.log",
            ],
            message: "The installer crashed, mostly over a log of an earlier attempt.",
            remedy: "Delete /tmp/cuda-installer.log and try again.", retryable: false),
        CatalogueEntry(
            "cuda.bad-option", .cudaInstall, .guest, [.cudaLog], .root,
            says: [
                "[ERROR]: Unknown option", "Unknown option: {option}", "cuda-installer: unrecognized option",
                "the option '{option}' is not recognized", "unrecognised option '{option}'",
            ],
            message: "The installer does not know an option that it was given.",
            remedy: "Options depend on the CUDA version: `sh RUNFILE --help` lists them."),
        CatalogueEntry(
            "cuda.licence", .cudaInstall, .guest, [.cudaLog], .root,
            says: [
                "Must accept the EULA", "You must accept the EULA", "Invalid option … accept/decline",
                "EULA was not accepted",
            ],
            message: "The licence was not accepted.", remedy: "Run the installer with --silent, which accepts it."),
        CatalogueEntry(
            "cuda.architecture", .cudaSamples, .guest, [.tool], .root,
            says: [
                "nvcc fatal : Unsupported gpu architecture '{architecture}'",
                "Unsupported gpu architecture '{architecture}'",
            ],
            message: "This toolkit cannot compile for that GPU.",
            remedy: "Use a toolkit that knows it, or build for fewer architectures (SMS=)."),
        CatalogueEntry(
            "cuda.stub-missing", .cudaSamples, .guest, [.tool], .cause,
            says: [
                "cannot find -lcuda", "cannot find -lcudart", "fatal error: cuda_runtime.h: No such file",
                "fatal error: helper_cuda.h: No such file",
            ],
            message: "A CUDA header or library is not where the build looks for it.",
            remedy: "Set CUDA_PATH to the toolkit; the samples' Common folder must be beside them."),
    ]
}
