/// One entry of a boot menu, wherever it is written.
struct BootEntry: Equatable, Sendable {
    /// The file that has it.
    var source: String
    /// The kernel's path as the boot loader names it: "/vmlinuz-6.1", where /boot is a file system of its own.
    var kernel: String
    /// Likewise.
    var initrds: [String]
    /// Words of the kernel's command line, with the boot loader's variables filled in.
    var arguments: [String]
    /// `uname -r` as the entry itself gives it.
    var version: String?
    /// Its name in the menu, as an entry of its own file gives it.
    var title: String?

    /// A kernel that an installer set aside, with an initramfs of its own.
    var isRescue: Bool { kernel.contains("-0-rescue") }

    /// Whether it boots the kernel `release`; `packageBase` is Arch's name for it ("linux-lts").
    func boots(_ release: String, packageBase: String? = nil) -> Bool {
        guard !isRescue, !release.isEmpty else { return false }
        if version == release { return true }
        let parts = kernel.split(separator: "/")
        guard let name = parts.last else { return false }
        if name.hasSuffix("-" + release) || parts.dropLast().contains(Substring(release)) { return true }
        return packageBase.map { name == "vmlinuz-" + $0 } ?? false
    }
}
