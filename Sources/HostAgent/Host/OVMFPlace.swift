/// Where distributions keep UEFI firmware for guests.
public struct OVMFPlace: Sendable {
    /// Read-only code, relative to the root.
    public var code: String
    /// The variables that belong to it.
    public var variables: String

    /// In order of preference: Debian and Ubuntu (4 MB builds before the old 2 MB ones, without Secure Boot), Fedora and
    /// RHEL, Arch, SUSE.
    public static let all = [
        ("usr/share/OVMF/OVMF_CODE_4M.fd", "usr/share/OVMF/OVMF_VARS_4M.fd"),
        ("usr/share/OVMF/OVMF_CODE.fd", "usr/share/OVMF/OVMF_VARS.fd"),
        ("usr/share/edk2/ovmf/OVMF_CODE.fd", "usr/share/edk2/ovmf/OVMF_VARS.fd"),
        ("usr/share/edk2/x64/OVMF_CODE.4m.fd", "usr/share/edk2/x64/OVMF_VARS.4m.fd"),
        ("usr/share/edk2-ovmf/x64/OVMF_CODE.fd", "usr/share/edk2-ovmf/x64/OVMF_VARS.fd"),
        ("usr/share/qemu/ovmf-x86_64-code.bin", "usr/share/qemu/ovmf-x86_64-vars.bin"),
    ].map { OVMFPlace(code: $0, variables: $1) }
}
