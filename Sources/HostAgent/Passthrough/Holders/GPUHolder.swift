/// A process that has a device node of a GPU open.
public struct GPUHolder: Codable, Equatable, Sendable {
    /// What it is to this tool.
    public enum Kind: String, Codable, Sendable {
        case process
        /// QEMU, or a wrapper of it.
        case vm
        /// nvidia-persistenced, which keeps the driver's state alive and uses the GPU for nothing.
        case persistenceDaemon
    }

    public var pid: Int32
    /// Its command's name as the kernel keeps it, 15 bytes at most.
    public var name: String
    public var kind: Kind
    /// The VM's name (QEMU's -name); absent where it has none.
    public var vm: String?
    /// The nodes that it has open, in order: "/dev/nvidia0".
    public var nodes: [String]

    /// A holder.
    public init(pid: Int32, name: String, kind: Kind, vm: String? = nil, nodes: [String]) {
        self.pid = pid
        self.name = name
        self.kind = kind
        self.vm = vm
        self.nodes = nodes
    }
}

extension GPUHolder: CustomStringConvertible {
    /// "process 900 (python3) has /dev/nvidia0 open".
    public var description: String { "process \(pid) (\(name)) has \(nodes.joined(separator: ", ")) open" }
}

extension GPUHolder {
    /// A process by its command's name and its arguments (/proc/PID/cmdline, each ended by a zero).
    init(pid: Int32, name: String, arguments: String, nodes: [String]) {
        let words = arguments.split(separator: "\0", omittingEmptySubsequences: false).map { String($0) }
        let program = words.first?.split(separator: "/").last.map { String($0) } ?? name
        if name.hasPrefix("nvidia-persiste") {
            self.init(pid: pid, name: name, kind: .persistenceDaemon, nodes: nodes)
        } else if [program, name].contains(where: { $0.hasPrefix("qemu") || $0 == "kvm" }) {
            self.init(pid: pid, name: name, kind: .vm, vm: Self.vmName(words), nodes: nodes)
        } else {
            self.init(pid: pid, name: name, kind: .process, nodes: nodes)
        }
    }

    /// `-name web`, `-name guest=web,debug-threads=on`; a doubled comma is a comma.
    private static func vmName(_ words: [String]) -> String? {
        guard let option = words.firstIndex(where: { $0 == "-name" || $0 == "--name" }), option + 1 < words.count else {
            return nil
        }
        let parts = words[option + 1].replacing(",,", with: "\u{1}").split(separator: ",").map {
            $0.replacing("\u{1}", with: ",")
        }
        if let guest = parts.first(where: { $0.hasPrefix("guest=") }) { return String(guest.dropFirst(6)) }
        return parts.first { !$0.contains("=") }.map { String($0) }
    }
}
