import Contract
import FoundationEssentials
import Host

/// The host's UEFI firmware for guests.
public struct OVMF: Equatable, Sendable {
    /// Read-only code; any number of VMs use it.
    public var code: String
    /// The variables as they are delivered. A VM needs a copy of its own: see ``copyVariables(to:)``.
    public var variablesTemplate: String

    /// Firmware from its two files.
    public init(code: String, variablesTemplate: String) {
        self.code = code
        self.variablesTemplate = variablesTemplate
    }

    /// Finds the firmware below `root`. Throws ``FailureCode/toolMissing``.
    public static func find(root: String = "/") throws -> OVMF {
        for (code, variables) in OVMFPlace.all.map({ (root + $0.code, root + $0.variables) }) {
            if FileManager.default.isReadableFile(atPath: code), FileManager.default.isReadableFile(atPath: variables) {
                return OVMF(code: code, variablesTemplate: variables)
            }
        }
        throw Failure(
            .toolMissing, operation: "find UEFI firmware for the guest",
            message: "The image boots by UEFI only, and this host has no OVMF firmware.",
            evidence: OVMFPlace.all.map { root + $0.code + " is not there" },
            remedy: "Install it (Debian, Ubuntu: apt install ovmf; Fedora: dnf install edk2-ovmf).", side: .host)
    }

    /// The firmware with the template as variables file. Replace that by a copy before launch.
    public var firmware: Firmware { .uefi(code: code, variables: variablesTemplate) }

    /// Copies the variables to `path` unless a file is there already (the VM's boot entries of an earlier run), and
    /// answers the firmware that uses the copy.
    public func copyVariables(to path: String) throws -> Firmware {
        if !FileManager.default.fileExists(atPath: path) {
            do {
                // Under its name only when it is whole: half a variables file would be taken for the VM's own.
                let copy = path + ".new"
                try? FileManager.default.removeItem(atPath: copy)
                try FileManager.default.copyItem(atPath: variablesTemplate, toPath: copy)
                try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: copy)
                try FileManager.default.moveItem(atPath: copy, toPath: path)
            } catch {
                throw Failure(
                    .hostSpace, operation: "give the guest UEFI variables of its own",
                    message: "\(variablesTemplate) cannot be copied to \(path): \(error)",
                    remedy: "Look at the folder's owner and at the free space.", side: .host)
            }
        }
        return .uefi(code: code, variables: path)
    }
}

extension Firmware {
    /// The firmware for one VM: OVMF's variables are a copy of the template in the VM's `folder`, made where there is none yet.
    /// (A proof boot, in a folder of its own, starts from the template, as a host that gets the image would.)
    public func withOwnVariables(in folder: String) throws -> Firmware {
        guard case .uefi(let code, let template) = self else { return .bios }
        return try OVMF(code: code, variablesTemplate: template).copyVariables(to: "\(folder)/ovmf-variables.fd")
    }
}
