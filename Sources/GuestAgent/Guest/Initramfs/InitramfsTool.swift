/// What makes the guest's initramfs.
public enum InitramfsTool: String, Sendable {
    case initramfsTools = "initramfs-tools"
    case dracut
    case mkinitcpio

    /// The tool of a machine. Debian's dracut brings an `update-initramfs` of its own, so `mkinitramfs` tells them apart;
    /// where both are installed the package that owns `update-initramfs` counts. SUSE's `mkinitrd` (SLES 12, Leap 15) is a
    /// wrapper of dracut, which is asked itself; one without dracut (SLES 11) is none of these.
    public static func of(_ root: SystemRoot) -> InitramfsTool? {
        func has(_ name: String) -> Bool {
            ["/usr/sbin/", "/usr/bin/", "/sbin/", "/bin/"].contains { root.exists($0 + name) }
        }
        let dracut = has("dracut")
        if has("mkinitramfs") && !(dracut && root.exists("/var/lib/dpkg/info/dracut.list")) { return .initramfsTools }
        if dracut { return .dracut }
        return has("mkinitcpio") ? .mkinitcpio : nil
    }

    /// A file that keeps nouveau out of every image made from now on.
    public struct Exclusion: Equatable, Sendable {
        public var path: String
        public var text: String
        public var mode: UInt32
    }

    /// The files that keep nouveau out of every image made from now on, as they should be.
    ///
    /// initramfs-tools has no option to leave a module out: a hook whose name sorts last takes it away again. Nor has
    /// mkinitcpio: its `kms` hook brings whatever GPU module fits, so it goes from HOOKS, as Arch's manual for NVIDIA says
    /// (display drivers then load from the root file system, a second later), and nouveau goes from MODULES.
    public func exclusions(_ root: SystemRoot) -> [Exclusion] {
        switch self {
        case .initramfsTools:
            [
                Exclusion(
                    path: "/etc/initramfs-tools/hooks/zz-gpu-guest-agent-no-nouveau",
                    text: """
                        #!/bin/sh
                        # Written by gpu-guest-agent: nouveau must not take the GPU before the NVIDIA driver does.
                        if [ "$1" = prereqs ]; then
                            exit 0
                        fi
                        find "$DESTDIR" -name 'nouveau.ko*' -exec rm -f {} +
                        # Newer ones (Debian 13's) copy what the hooks have asked for after the last of them.
                        if [ -e "${__MODULES_TO_ADD:-}" ]; then
                            sed -i '/^nouveau$/d' "$__MODULES_TO_ADD"
                        fi

                        """, mode: 0o755)
            ]
        case .dracut:
            [
                Exclusion(
                    path: "/etc/dracut.conf.d/gpu-guest-agent-nouveau.conf",
                    text: """
                        # Written by gpu-guest-agent: nouveau must not take the GPU before the NVIDIA driver does.
                        omit_drivers+=" nouveau "

                        """, mode: 0o644)
            ]
        case .mkinitcpio:
            Mkinitcpio.configurations(root).compactMap { path in
                root.textIfReadable(path).map {
                    Exclusion(path: path, text: Mkinitcpio.withoutNouveau($0), mode: 0o644)
                }
            }
        }
    }

    /// The exclusions that are not in place yet.
    public func missingExclusions(_ root: SystemRoot) -> [Exclusion] {
        exclusions(root).filter { root.textIfReadable($0.path) != $0.text }
    }

    /// What makes images of one kernel anew. dracut ends with a plain copy onto the image, which a power cut would tear: it
    /// is given another name beside it. The others write beside by themselves.
    func command(_ kernel: String, images: [Initramfs.Image], preset: String?) -> [String] {
        switch self {
        case .initramfsTools: ["update-initramfs", "-u", "-k", kernel]
        case .dracut:
            ["dracut", "--force"] + (Initramfs.isFallback(images[0].path) ? ["--no-hostonly"] : [])
                + [images[0].successor, kernel]
        case .mkinitcpio:
            preset.map { ["mkinitcpio", "-p", $0] } ?? ["mkinitcpio", "-k", kernel, "-g", images[0].path]
        }
    }

    /// What lists an image.
    var lister: String {
        switch self {
        case .initramfsTools: "lsinitramfs"
        case .dracut: "lsinitrd"
        case .mkinitcpio: "lsinitcpio"
        }
    }
}
