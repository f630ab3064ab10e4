import Guest
import SystemPackage

/// Boot files: GRUB, initramfs, the linker's cache.
extension SimulatedGuest {
    func updateGrub() throws {
        let texts =
            [files.textIfReadable("/etc/default/grub") ?? ""]
            + files.list("/etc/default/grub.d").compactMap { files.textIfReadable("/etc/default/grub.d/\($0)") }
        var value = ""
        for line in texts.joined(separator: "\n").split(separator: "\n") where line.hasPrefix("GRUB_CMDLINE_LINUX=") {
            value = line.dropFirst(19).filter { $0 != "\"" }.replacing("$GRUB_CMDLINE_LINUX", with: value)
        }
        let entries = [Self.kernel, Self.olderKernel].map {
            "menuentry 'Debian, with Linux \($0)' {\n  linux /boot/vmlinuz-\($0) root=UUID=1 ro \(value) quiet\n  initrd /boot/initrd.img-\($0)\n}\n"
        }
        try put("/boot/grub/grub.cfg", entries.joined(), mode: 0o444)
    }

    func updateInitramfs(_ kernel: String) throws {
        // "070701": how a cpio archive begins, which is looked for.
        var names = ["070701", "bin/sh", "scripts/init", "init"]
        let hooks = files.list("/etc/initramfs-tools/hooks").map {
            files.textIfReadable("/etc/initramfs-tools/hooks/\($0)")
        }
        if !hooks.contains(where: { $0?.contains("nouveau.ko") == true }) {
            names.append("usr/lib/modules/\(kernel)/\(Self.nouveau)")
        }
        try put("/boot/initrd.img-\(kernel)", names.joined(separator: "\n") + "\n")
    }

    func ldconfig() throws {
        var lines: [String] = []
        for name in files.list("/etc/ld.so.conf.d") {
            for folder in (files.textIfReadable("/etc/ld.so.conf.d/\(name)") ?? "").split(separator: "\n") {
                for library in files.list(String(folder)) where library.contains(".so") {
                    lines.append("\t\(library) (libc6,x86-64) => \(folder)/\(library)")
                }
            }
        }
        for library in files.list("/usr/lib/x86_64-linux-gnu") where library.contains(".so") {
            lines.append("\t\(library) (libc6,x86-64) => /usr/lib/x86_64-linux-gnu/\(library)")
        }
        try put("/etc/ld.so.cache", lines.joined(separator: "\n") + "\n")
    }
}
