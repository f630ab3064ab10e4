/// What the running kernel demands of a module's signature, and which certificates it trusts.
public struct ModuleSignatures: Sendable {
    private let guest: Guest

    /// Signatures in the kernel of `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    /// What was seen that makes the kernel refuse modules without a trusted signature, a line each; empty where it takes
    /// them.
    public var enforcement: [String] {
        let root = guest.root
        var seen: [String] = []
        // The kernel's own word, for Secure Boot on EL 7 as well.
        let parameter = root.attribute("/sys/module/module/parameters/sig_enforce")
        if parameter == "Y" || parameter == "1" { seen.append("/sys/module/module/parameters/sig_enforce: Y") }
        let lockdown = root.attribute("/sys/kernel/security/lockdown")  // "none [integrity] confidentiality"
        if let lockdown, lockdown.contains("[integrity]") || lockdown.contains("[confidentiality]") {
            seen.append("/sys/kernel/security/lockdown: \(lockdown)")
        }
        // The bare word, and 1, y or on, as the kernel reads booleans.
        let argument = (root.attribute("/proc/cmdline") ?? "").words.last {
            $0 == "module.sig_enforce" || $0.hasPrefix("module.sig_enforce=")
        }
        if let argument, !argument.contains("=") || "1yYoO".contains(argument.last ?? " ") {
            seen.append("/proc/cmdline: \(argument)")
        }
        if kernelConfiguration?.lines.contains("CONFIG_MODULE_SIG_FORCE=y") == true {
            seen.append("kernel configuration: CONFIG_MODULE_SIG_FORCE=y")
        }
        // A kernel that was built without lockdown boots under Secure Boot and asks for nothing. Where it has it, its word
        // counts.
        if guest.secureBoot == true && !(lockdown?.contains("[none]") ?? false) { seen.append("Secure Boot is on") }
        return seen
    }

    /// The running kernel's .config, nil where none is kept in the usual places.
    private var kernelConfiguration: String? {
        ["/boot/config-\(guest.kernel)", "/lib/modules/\(guest.kernel)/config"].lazy
            .compactMap { guest.root.textIfReadable($0) }.first
    }

    /// Whether the kernel trusts a certificate.
    public enum Trust: Equatable, Sendable {
        /// It does, or will after the next boot: where it was seen.
        case trusted(String)
        /// The lists could be read, and none has it: which.
        case unknown([String])
        /// There was nothing to read.
        case undecided
    }

    /// Looks for a certificate in the kernel's key rings and in the firmware's lists from which they are filled.
    ///
    /// - Parameters:
    ///   - der: the certificate.
    ///   - keyID: its subject key identifier, by which /proc/keys names it; nil where it has none.
    public func trust(certificate der: [UInt8], keyID: [UInt8]?) -> Trust {
        let root = guest.root
        var looked: [String] = []
        // Shim hands the owner's keys (MOK) on in MokListRT; "db" is the firmware's own list.
        for (folder, isList) in [
            ("/sys/firmware/efi/mok-variables", { (name: String) in name.hasPrefix("MokListRT") }),
            ("/sys/firmware/efi/efivars", { (name: String) in name.hasPrefix("MokListRT") || name.hasPrefix("db-") }),
        ] {
            for name in root.list(folder) where isList(name) {
                guard let bytes = try? root.bytes("\(folder)/\(name)") else { continue }
                if bytes.contains(der) { return .trusted("\(folder)/\(name)") }
                looked.append("\(folder)/\(name)")
            }
        }
        // "0a3f… I------ 1 perm 1f030000 0 0 asymmetri Debian Secure Boot CA: 6cce…: X509.rsa bb41… []"
        let keys = (root.textIfReadable("/proc/keys") ?? "").lines.filter { $0.contains(" asymmetri") }
        guard let keyID, !keys.isEmpty else { return .undecided }
        let hex = keyID.map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
        if let key = keys.first(where: { $0.lowercased().contains(hex) }) {
            return .trusted("/proc/keys: " + (key.words.dropFirst(8).joined(separator: " ")))
        }
        return .unknown(looked + ["/proc/keys: \(keys.count) certificates, none with key id \(hex)"])
    }
}

extension [UInt8] {
    /// Whether `other` stands somewhere in here.
    fileprivate func contains(_ other: [UInt8]) -> Bool {
        guard let first = other.first, other.count <= count else { return false }
        return (0...(count - other.count)).contains { start in
            self[start] == first && self[start..<(start + other.count)].elementsEqual(other)
        }
    }
}
