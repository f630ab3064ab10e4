/// One entry of a boot menu, wherever it is written.
package struct BootEntry: Equatable, Sendable {
    /// The file that has it.
    package var source: String
    /// The kernel's path as the boot loader names it: "/vmlinuz-6.1", where /boot is a file system of its own.
    package var kernel: String
    /// Likewise.
    package var initrds: [String]
    /// Words of the kernel's command line, with the boot loader's variables filled in.
    package var arguments: [String]
    /// `uname -r` as the entry itself gives it.
    package var version: String?
    /// Its name in the menu, as an entry of its own file gives it.
    package var title: String?

    package init(
        source: String, kernel: String, initrds: [String], arguments: [String], version: String? = nil,
        title: String? = nil
    ) {
        self.source = source
        self.kernel = kernel
        self.initrds = initrds
        self.arguments = arguments
        self.version = version
        self.title = title
    }

    /// A kernel that an installer set aside, with an initramfs of its own.
    package var isRescue: Bool { kernel.contains("-0-rescue") }

    /// Whether it boots the kernel `release`; `packageBase` is Arch's name for it ("linux-lts").
    package func boots(_ release: String, packageBase: String? = nil) -> Bool {
        guard !isRescue, !release.isEmpty else { return false }
        if version == release { return true }
        let parts = kernel.split(separator: "/")
        guard let name = parts.last else { return false }
        if name.hasSuffix("-" + release) || parts.dropLast().contains(Substring(release)) { return true }
        return packageBase.map { name == "vmlinuz-" + $0 } ?? false
    }
}
