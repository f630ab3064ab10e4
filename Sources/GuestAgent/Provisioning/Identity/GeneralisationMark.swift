import Guest

/// What a machine that was sealed for many leaves to the first boot of each: that it must forget, and what to make anew.
struct GeneralisationMark: Equatable {
    static let path = StateFolder.path + "/generalised"

    /// The id under which the machine kept its journal; empty where it had none.
    var machineID: String
    /// Types of the keys that its SSH server had: "ed25519". An RSA key costs seconds, and its owner may not want one.
    var keyTypes: [String]

    private static let knownTypes = ["dsa", "ecdsa", "ed25519", "rsa"]

    /// Of a machine as it is now; what it has forgotten already stands in the mark of an `earlier` try.
    init(_ root: SystemRoot, earlier: GeneralisationMark?) {
        machineID = MachineIdentity(root).id ?? earlier?.machineID ?? ""
        keyTypes = Self.knownTypes.filter { root.exists(Self.key($0)) || earlier?.keyTypes.contains($0) == true }
    }

    /// Nil where there is none. The id stands in the first line, a type in each of the others.
    init?(reading root: SystemRoot) {
        guard let text = root.textIfReadable(Self.path) else { return nil }
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        machineID = lines.first.map(String.init) ?? ""
        keyTypes = lines.dropFirst().map(String.init).filter { Self.knownTypes.contains($0) }
    }

    func write(_ root: SystemRoot) throws {
        try root.write(([machineID] + keyTypes).map { $0 + "\n" }.joined(), to: Self.path, mode: 0o600)
    }

    /// Where the key of a type is.
    static func key(_ type: String) -> String { "/etc/ssh/ssh_host_\(type)_key" }
}
