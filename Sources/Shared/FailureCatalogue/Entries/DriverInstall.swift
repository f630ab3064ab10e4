import Contract

private let headers =
    "Put the headers of the running kernel into the image, or package sources that have them. Where the"
    + " archive has them no longer, update kernel and headers together and reboot."

extension CatalogueEntry {
    /// nvidia-installer's texts: compared with NVIDIA/nvidia-installer at 390.42 and 580.119.02 and with conftest.sh at
    /// 595.45.04. Those of the kernel, compilers and older installers are from the failure list and from memory.
    static let driverInstall: [CatalogueEntry] = [
        CatalogueEntry(
            "nouveau.in-initramfs", .nouveau, .guest, [.driverLog], .root,
            says: [
                "One or more modprobe configuration files to disable Nouveau are already present",
                "Nouveau may be enabled for other reasons, such as being included in the system initial ramdisk",
            ],
            message: "nouveau was loaded although it is blacklisted: an initramfs has it.",
            remedy:
                "Rebuild the initramfs of every installed kernel, reboot, and look for one that the boot loader takes from"
                + " elsewhere."),
        CatalogueEntry(
            "nouveau.in-use", .nouveau, .guest, [.driverLog], .root,
            says: [
                "Nouveau kernel driver is currently in use by your system",
                "appears that the Nouveau kernel driver is currently in use",
            ],
            message: "nouveau holds the GPU.",
            remedy:
                "Blacklist nouveau, rebuild the initramfs, and unload it or reboot. If it comes back, look for what loads"
                + " it.", yieldsTo: ["nouveau.in-initramfs"]),
        CatalogueEntry(
            "driver.headers-missing", .headersMissing, .guest, [.driverLog, .tool], .root,
            says: [
                "Unable to find the kernel source tree for the currently running kernel",
                "Your kernel headers for kernel {kernel} cannot be found",
                "Your kernel source for kernel {kernel} cannot be found",
                "The kernel source path '{path}' does not exist", "The kernel source path '{path}' is invalid",
            ],
            message: "The headers of the running kernel are not installed.", remedy: headers),
        CatalogueEntry(
            "driver.headers-incomplete", .headersMissing, .guest, [.driverLog], .root,
            says: [
                "Neither the '{file}' nor the '{other}' kernel header file exists",
                "The kernel header file '{file}' does not exist",
                "Unable to determine the version of the kernel sources located in",
                "Kernel configuration is invalid … include/generated/autoconf.h",
            ],
            message: "The headers of the running kernel are incomplete.", remedy: "Reinstall them. " + headers),
        CatalogueEntry(
            "driver.symvers-missing", .headersMissing, .guest, [.driverLog], .root,
            says: [
                "The Module.symvers file is missing", "Module.symvers is missing",
                "Symbol version dump …Module.symvers…is missing", "Module.symvers: No such file",
            ],
            message: "The headers of the running kernel are incomplete: Module.symvers is not there.",
            remedy: "Reinstall them. " + headers),
        CatalogueEntry(
            "driver.tool-missing", .prerequisites, .guest, [.driverLog], .root,
            says: [
                "Unable to find the development tool '{tool}'", "Unable to find the system utility '{tool}'",
                "Unable to find the module utility '{tool}'",
            ],
            message: "A tool that the installer needs is missing.",
            remedy: "Put gcc, make and binutils into the image, and kmod."),
        CatalogueEntry(
            "driver.libc-headers", .prerequisites, .guest, [.driverLog], .root,
            says: [
                "You do not appear to have libc header files installed",
                "does not appear to be able to create object files",
                "does not appear to be able to create executables",
            ],
            message: "The C library's headers are missing.",
            remedy: "Put libc6-dev (Debian, Ubuntu) or glibc-devel (RHEL, SUSE) into the image."),
        CatalogueEntry(
            "driver.kernel-compiler-missing", .driverBuild, .guest, [.driverLog], .root,
            says: [
                LogPattern("gcc-{version}: No such file or directory", reach: 6),
                LogPattern("gcc-{version}: not found", reach: 6),
                LogPattern("gcc-{version}: command not found", reach: 6),
                LogPattern("clang-{version}: No such file or directory", reach: 6),
            ],
            message: "The compiler that built the kernel, and that its headers name, is not installed.",
            remedy: "Install the compiler that the log names."),
        CatalogueEntry(
            "driver.compiler-too-old", .driverBuild, .guest, [.driverLog], .root,
            says: [
                "unrecognized command-line option '-ftrivial-auto-var-init=zero'",
                "error: unrecognized command-line option '{option}'",
                "error: unrecognized command line option '{option}'",
                "error: unrecognized argument to '{option}'", "unknown argument: '{option}'",
            ],
            message:
                "The kernel was built by a newer compiler than the guest's: it asks for options that this one lacks.",
            remedy: "Install the compiler that /proc/version names and build with it (CC=gcc-12, say)."),
        CatalogueEntry(
            "driver.compiler-mismatch", .driverBuild, .guest, [.driverLog], .cause,
            says: [
                "Failed CC version check", "CC version check failed", "Compiler version check failed",
                "gcc version check failed", "The CC sanity check failed", "Failed CC sanity check",
            ],
            message: "The compiler is not the one that built the kernel.",
            remedy:
                "Install the compiler that /proc/version names and give it by CC; IGNORE_CC_MISMATCH=1 only as the last"
                + " resort."),
        CatalogueEntry(
            "driver.compiler-killed", .driverBuild, .guest, [.driverLog, .cudaLog, .tool], .root,
            says: [
                "internal compiler error: Killed", "fatal error: Killed signal terminated program",
                "virtual memory exhausted: Cannot allocate memory",
            ],
            message: "The guest ran out of memory while it compiled.", remedy: "Give the VM more memory (--memory)."),
        CatalogueEntry(
            "driver.libelf", .prerequisites, .guest, [.driverLog], .root,
            says: [
                "Cannot generate ORC metadata", "please install libelf-dev, libelf-devel or elfutils-libelf-devel",
                "fatal error: libelf.h: No such file", "fatal error: gelf.h: No such file",
            ],
            message: "libelf's headers are missing.",
            remedy:
                "Put libelf-dev (Debian, Ubuntu), elfutils-libelf-devel (RHEL) or libelf-devel (SUSE) into the image."),
        CatalogueEntry(
            "driver.kernel-realtime", .driverBuild, .guest, [.driverLog], .root,
            says: ["is a PREEMPT_RT kernel", "Failed PREEMPT_RT sanity check", "PREEMPT_RT sanity check failed"],
            message: "The driver refuses real-time kernels.", remedy: "Boot the image with a plain kernel."),
        CatalogueEntry(
            "driver.kernel-xen", .driverBuild, .guest, [.driverLog], .root,
            says: [
                "is a Xen kernel", "Failed Xen sanity check", "Xen sanity check failed",
                "The kernel is not running in DOM0",
            ],
            message: "The driver refuses Xen kernels.", remedy: "Boot the image with a plain kernel."),
        CatalogueEntry(
            "driver.loaded", .driverInstall, .guest, [.driverLog], .root,
            says: [
                "An NVIDIA kernel module '{module}' appears to be already loaded in your kernel",
                "An NVIDIA kernel module '{module}' appears to already be loaded in your kernel",
                "appears to be already loaded", "appears to already be loaded",
                "Unable to unload the '{module}' kernel module", "the kernel module '{module}' is already loaded",
                "Unable to remove existing NVIDIA kernel module",
            ],
            message: "Another NVIDIA driver is in use.",
            remedy:
                "Stop what uses the GPU (nvidia-persistenced, a display manager, DCGM, containers), unload the modules, or"
                + " reboot."),
        CatalogueEntry(
            "driver.x-running", .driverInstall, .guest, [.driverLog], .root,
            says: ["You appear to be running an X server; please exit X before installing"],
            message: "An X server runs.", remedy: "Stop the display manager, or install with --no-x-check."),
        CatalogueEntry(
            "driver.gpl-symbol", .driverBuild, .guest, [.driverLog], .root,
            says: [
                "GPL-incompatible module {module} uses GPL-only symbol '{symbol}'",
                "GPL-incompatible module … uses GPL-only symbol",
            ],
            message: "This kernel keeps a symbol from modules that are not GPL, and this driver needs it.",
            remedy: "Use a newer driver, or an image with another kernel."),
        CatalogueEntry(
            "driver.btf", .driverBuild, .guest, [.driverLog], .cause,
            says: [
                LogPattern("pahole: …: Invalid argument", reach: 200), "FAILED: load BTF from vmlinux",
                "failed to load BTF from vmlinux",
            ],
            message: "pahole could not write the module's type information (BTF), which this kernel's build asks for.",
            remedy:
                "Put the pahole (package dwarves) into the image that the kernel was built with, or take vmlinux out of"
                + " the headers' folder: without it the step is skipped."),
        CatalogueEntry(
            "driver.build", .driverBuild, .guest, [.driverLog], .general,
            says: [
                "error occurred while performing the step: 'Building kernel modules'",
                "error occurred while performing the step: 'Building the {module} kernel module'",
                "Unable to build the NVIDIA kernel module", "Unable to build the {module} kernel module",
                "Failed to build the kernel module", "The {module} kernel module was not created",
                "The {module} kernel module failed to build", "error: implicit declaration of function '{function}'",
                // The compiler's own words come first in the log, and so first in the evidence.
                LogPattern(".c:…: error: ", reach: 12), LogPattern(".h:…: error: ", reach: 12),
                LogPattern(".h:…: fatal error: ", reach: 12), LogPattern(".c:…: fatal error: ", reach: 12),
                "performing the step: 'Checking to see whether the {module} kernel module was successfully built'",
            ],
            message: "The module does not compile against this kernel: the driver is mostly too old for it.",
            remedy: "Use a newer driver, or an image with an older kernel. The compiler's own words are further up."),
        CatalogueEntry(
            "driver.signature", .secureBoot, .guest, [.driverLog, .guestKernel, .tool], .root,
            says: [
                "was not signed by a key that is trusted by the kernel", "Key was rejected by service",
                "Required key not available", "Loading of module with unavailable key is rejected",
                "Loading of unsigned module is rejected", "unsigned module loading is restricted",
                "PKCS#7 signature not signed with a trusted key",
            ],
            message: "The kernel refuses the module, since nobody whom it trusts has signed it (Secure Boot).",
            remedy:
                "Start the VM without Secure Boot (and without module.sig_enforce), or sign the module and enrol the key in"
                + " the firmware's variables before the boot; a MOK prompt would wait for a hand at the console."),
        CatalogueEntry(
            "driver.tainted", .driverLoad, .guest, [.guestKernel], .symptom, kind: .notAnError,
            says: [
                "module verification failed: signature and/or required key missing - tainting kernel",
                "module license 'NVIDIA' taints kernel", "loading out-of-tree module taints kernel",
            ],
            message: "The kernel notes that a module of a foreign make was loaded. It is loaded all the same.",
            remedy: "Nothing has to be done."),
        CatalogueEntry(
            "driver.symbols", .driverLoad, .guest, [.driverLog, .guestKernel], .cause,
            says: [
                "disagrees about version of symbol {symbol}", "version magic '{magic}' should be '{wanted}'",
                "nvidia: Unknown symbol {symbol}", "nvidia_drm: Unknown symbol {symbol}",
                "nvidia_uvm: Unknown symbol {symbol}", "nvidia_modeset: Unknown symbol {symbol}",
                "Unknown symbol in module",
            ],
            message: "The module was built for another kernel than the running one, or needs another module first.",
            remedy: "Build it with the headers of exactly the kernel that `uname -r` names."),
        CatalogueEntry(
            "driver.dkms", .driverInstall, .guest, [.driverLog, .packages], .general,
            says: [
                "Failed to register the NVIDIA kernel modules with DKMS", "Failed to run '…dkms build",
                "Failed to run '…dkms install", "Failed to run '…dkms add",
                "Failed to install the kernel module through DKMS", "Bad return status for module build on kernel",
                "Failed to find dkms on the system", "Failed to create a DKMS tarball", "Failed to load DKMS tarball",
            ],
            message:
                "DKMS could not take the module. Where the installer went on, the driver works now, and will not be built"
                + " for the next kernel.",
            remedy:
                "Read make.log under /var/lib/dkms/nvidia; without DKMS the driver is installed anew after each kernel"
                + " update."),
        CatalogueEntry(
            "driver.dkms-present", .driverInstall, .guest, [.driverLog], .cause,
            says: [
                "DKMS kernel modules with version {version} are already installed",
                "A DKMS kernel module with version {version} is already installed",
            ],
            message: "DKMS has this driver's module already.",
            remedy: "Remove it: `dkms remove nvidia/VERSION --all`, then install again."),
        CatalogueEntry(
            "driver.gpu-unsupported", .gpuNotVisible, .guest, [.driverLog], .general,
            says: ["You do not appear to have an NVIDIA GPU supported by"],
            message: "The driver sees no GPU that it supports.",
            remedy:
                "Look whether the guest sees the GPU at all (`lspci -nn`); then compare its PCI id with the driver's list of"
                + " supported products."),
        CatalogueEntry(
            "driver.gpu-legacy", .driverInstall, .guest, [.driverLog, .guestKernel], .cause,
            says: [
                "is supported through the NVIDIA {branch} legacy Linux graphics drivers",
                "is supported through the NVIDIA {branch} legacy drivers", "legacy Linux graphics drivers",
                "ignoring the legacy GPU {device}", "Legacy drivers. Please visit",
            ],
            message: "The GPU needs an older driver.",
            remedy: "Use the branch that the log names: Fermi 390, Kepler 470, Maxwell to Volta 580."),
        CatalogueEntry(
            "driver.module-type", .driverInstall, .guest, [.driverLog], .root,
            says: [
                "This system requires a kernel module type which is not present",
                "The '{type}' kernel modules are not present in this installer package",
                "The '{type}' kernel modules are incompatible with the GPU(s) detected",
            ],
            message: "The GPU needs the other flavour (open or proprietary) of the kernel modules.",
            remedy: "Use a driver package that has it, or choose it (-M open, -M proprietary)."),
        CatalogueEntry(
            "driver.no-tmp-space", .guestSpace, .guest, [.driverLog], .root,
            says: [
                "Not enough space left in {folder} ({available} KB) to decompress",
                "Not enough space left in … to decompress", "Not enough space left in",
            ],
            message: "The folder for temporary files is too small.",
            remedy: "Grow the disk (--disk-size), or point --tmpdir to another folder."),
        CatalogueEntry(
            "disk.full", .guestSpace, .guest, [.driverLog, .cudaLog, .packages, .tool], .root,
            says: ["No space left on device", "Disk quota exceeded", "write error: No space left"],
            message: "A disk of the machine is full.", remedy: "Grow the disk (--disk-size)."),
        CatalogueEntry(
            "payload.broken", .payloadCorrupt, .guest, [.driverLog, .cudaLog], .root,
            says: [
                "Error in check sums", "Error in checksums", "Error in md5 sums", "Error in MD5 checksums",
                "Error in SHA256 checksums", "MD5 checksums are different", "checksums are different",
                "gzip: stdin: unexpected end of file", "gzip: stdin: invalid compressed data",
                "xz: (stdin): Unexpected end of input", "xz: (stdin): Compressed data is corrupt",
            ],
            message: "The runfile is broken.",
            remedy: "Download it again and compare its digest; `provision-gpu-vm inspect` tells whether it is whole."),
        CatalogueEntry(
            "payload.wrong-platform", .driverInstall, .guest, [.driverLog], .root,
            says: ["this .run file is intended for the"],
            message: "The runfile is for another platform.", remedy: "Download the one for this machine (uname -m)."),
        CatalogueEntry(
            "driver.bad-option", .driverInstall, .guest, [.driverLog], .root,
            says: [
                "Invalid commandline, please run", "nvidia-installer: unrecognized option",
                "nvidia-installer: invalid option",
            ],
            message: "The installer does not know an option that it was given.",
            remedy: "Options depend on the driver's version: `sh RUNFILE --advanced-options` lists them."),
        CatalogueEntry(
            "driver.not-root", .driverInstall, .guest, [.driverLog], .root,
            says: ["nvidia-installer must be run as root"],
            message: "The installer was not run by root.", remedy: "Run it by sudo."),
        CatalogueEntry(
            "driver.other-installation", .driverInstall, .guest, [.driverLog], .cause,
            says: [
                "presence of an alternate driver installation", "distribution-provided pre-install script failed",
            ],
            message: "The distribution's own NVIDIA packages are, or can be, installed.",
            remedy: "Remove them (nvidia-*, libnvidia-*): one way of installing is enough."),
        CatalogueEntry(
            "driver.load-no-device", .driverLoad, .guest, [.driverLog], .general,
            says: [
                "Kernel module load error: No such device", "could not insert '{module}': No such device",
                "could not insert {module}: No such device",
            ],
            message: "The module loads and finds no GPU that it could take.",
            remedy:
                "Look at the kernel's messages (NVRM lines) and at `lspci -k`: the GPU is not there, or another driver has"
                + " it."),
        CatalogueEntry(
            "driver.load", .driverLoad, .guest, [.driverLog], .consequence,
            says: [
                "Unable to load the kernel module '{module}'", "Unable to load the '{module}' kernel module",
                "Unable to load the kernel module", "The {module} kernel module failed to load",
                "Kernel module load error: {error}", "could not insert '{module}': {error}",
            ],
            message: "The kernel module was built and does not load.",
            remedy: "Read `Kernel module load error` and `Kernel messages` in the log."),
        CatalogueEntry(
            "driver.initramfs", .initramfs, .guest, [.driverLog], .general,
            says: ["Failed to rebuild the initramfs"],
            message: "The installer could not rebuild the initramfs.",
            remedy: "Look at the free space of /boot, then rebuild it by hand: update-initramfs, dracut or mkinitcpio."),
    ]
}
