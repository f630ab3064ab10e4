import Host
import SystemPackage

/// One walk over /proc: which processes have nodes of GPUs open.
struct OpenDeviceNodes: Sendable {
    struct Process: Sendable {
        var pid: Int32
        var name: String
        var arguments: String
        /// In order.
        var nodes: [String]
    }

    /// Those that have one, by number.
    var processes: [Process] = []
    /// Processes whose files could not be seen; those of other users are seen by root only.
    var unseen = 0

    /// Looks at every process of `tree`.
    init(_ tree: any HostTree) {
        for pid in tree.list("/proc").compactMap({ Int32($0) }).sorted() {
            let folder = "/proc/\(pid)"
            let descriptors: [String]
            switch tree.names("\(folder)/fd") {
            case .success(let names): descriptors = names
            case .failure(let error):
                // Any other failure means that it is gone.
                if error == .permissionDenied || error == .notPermitted { unseen += 1 }
                continue
            }
            let targets = descriptors.compactMap { try? tree.link("\(folder)/fd/\($0)").get() }
            let nodes = Set(targets.filter { ProcessFiles.isGPUNode($0) }).sorted()
            guard !nodes.isEmpty else { continue }
            processes.append(
                Process(
                    pid: pid, name: tree.attribute("\(folder)/comm") ?? "?",
                    arguments: tree.text("\(folder)/cmdline", limit: 1 << 20) ?? "", nodes: nodes))
        }
    }

    /// Who has one of `nodes` open.
    func holders(of nodes: (Process) -> [String]) -> [GPUHolder] {
        processes.compactMap { process in
            let held = nodes(process)
            guard !held.isEmpty else { return nil }
            return GPUHolder(pid: process.pid, name: process.name, arguments: process.arguments, nodes: held)
        }
    }
}
