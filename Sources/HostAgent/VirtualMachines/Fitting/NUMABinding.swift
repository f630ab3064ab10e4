import Contract
public import Host

/// What the user asked for with --numa.
public enum NUMARequest: Codable, Equatable, Sendable {
    /// The GPUs' node, where they have one in common and the host has several.
    case auto
    case off
    case node(Int)
}

/// One NUMA node of the host that a guest is kept on: its memory comes from there, its processors run there.
public struct NUMABinding: Codable, Equatable, Sendable {
    /// The node's number on the host.
    public var node: Int
    /// The host's processors that the guest's may run on: all of the node's that this process may use. A guest's processor
    /// is not nailed to a single one, since two guests would then be nailed to the same.
    public var cpus: [Int]

    /// A binding.
    public init(node: Int, cpus: [Int]) {
        self.node = node
        self.cpus = cpus
    }

    /// The processors as the kernel writes such lists, "0-3,8"; taskset takes it.
    public var cpuList: String {
        var ranges: [ClosedRange<Int>] = []
        for cpu in Set(cpus).sorted() {
            if let last = ranges.last, last.upperBound + 1 == cpu {
                ranges[ranges.count - 1] = last.lowerBound...cpu
            } else {
                ranges.append(cpu...cpu)
            }
        }
        return ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
            .joined(separator: ",")
    }
}

/// Chooses the NUMA node of a guest. Reads only.
///
/// - Parameters:
///   - gpuNodes: Of each GPU; nil where the firmware does not tell.
///   - memoryBytes: The guest's memory: a node that has less in all is not chosen.
///   - tree: The host (/sys/devices/system/node, /proc/self/status).
/// - Returns: The binding, nil for none, and what the user should know.
/// - Throws: A ``Failure`` with ``FailureCode/optionInvalid`` where a named node is not there or has no processors for us, or
///   ``FailureCode/hostMemory`` where it is too small.
public func chooseNUMANode(
    _ request: NUMARequest, gpuNodes: [Int?], memoryBytes: Int64, tree: some HostTree
) throws -> (binding: NUMABinding?, warnings: [String]) {
    let folder = "/sys/devices/system/node"
    let online = cpuNumbers(tree.attribute("\(folder)/online") ?? "")
    let node: Int
    switch request {
    case .off: return (nil, [])
    case .node(let asked): node = asked
    case .auto:
        let nodes = Set(gpuNodes.compactMap { $0 })
        guard online.count > 1, let first = nodes.min() else { return (nil, []) }
        if nodes.count > 1 {
            return (
                nil,
                [
                    "The GPUs are on different NUMA nodes (\(nodes.sorted().map { "\($0)" }.joined(separator: ", "))): the guest"
                        + " is not kept on one. --numa chooses."
                ]
            )
        }
        node = first
    }
    let operation = "keep the guest on NUMA node \(node)"
    func refusal(_ code: FailureCode, _ message: String, _ remedy: String) throws -> (NUMABinding?, [String]) {
        // What was not asked for is left out and said, not refused.
        guard request == .auto else {
            throw Failure(code, operation: operation, message: message, remedy: remedy, side: .host)
        }
        return (nil, ["\(message) The guest is not kept on the GPU's node."])
    }
    guard online.contains(node) else {
        return try refusal(
            .optionInvalid, "This host has no NUMA node \(node).",
            "Its nodes: \(online.map { "\($0)" }.joined(separator: ", ")); or --numa off.")
    }
    var cpus = cpuNumbers(tree.attribute("\(folder)/node\(node)/cpulist") ?? "")
    if let allowed = statusField("Cpus_allowed_list", tree) {
        let allowed = Set(cpuNumbers(allowed))
        cpus = cpus.filter { allowed.contains($0) }
    }
    guard !cpus.isEmpty else {
        return try refusal(
            .optionInvalid, "NUMA node \(node) has no processor that this process may use.",
            "Name another with --numa, or --numa off.")
    }
    if let total = nodeMemory(node, tree), total < memoryBytes {
        return try refusal(
            .hostMemory, "NUMA node \(node) has \(total >> 20) MiB; the guest is to have \(memoryBytes >> 20).",
            "Give less with --memory, or --numa off.")
    }
    return (NUMABinding(node: node, cpus: cpus), [])
}

/// "0-3,8" → 0, 1, 2, 3, 8; what is no number or far too many is left out.
func cpuNumbers(_ list: String) -> [Int] {
    list.split(separator: ",").flatMap { part -> [Int] in
        let ends = part.split(separator: "-").compactMap { Int($0) }
        guard let first = ends.first, let last = ends.last, ends.count <= 2, first >= 0, first <= last, last < 1 << 16
        else { return [] }
        return Array(first...last)
    }
}

/// A field of /proc/self/status.
func statusField(_ name: String, _ tree: some HostTree) -> String? {
    tree.text("/proc/self/status")?.split(separator: "\n").first { $0.hasPrefix("\(name):") }?
        .split(whereSeparator: \.isWhitespace).dropFirst().first.map { String($0) }
}

/// MemTotal of a node in bytes: "Node 0 MemTotal:       65796064 kB".
private func nodeMemory(_ node: Int, _ tree: some HostTree) -> Int64? {
    guard let text = tree.text("/sys/devices/system/node/node\(node)/meminfo") else { return nil }
    for line in text.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words.count > 3, words[2] == "MemTotal:", let kibibytes = Int64(words[3]) { return kibibytes << 10 }
    }
    return nil
}
