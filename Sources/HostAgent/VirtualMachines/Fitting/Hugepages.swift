import Contract
public import Host

/// What the user asked for with --hugepages.
public enum HugepageRequest: Codable, Equatable, Sendable {
    /// The largest size of which enough are free.
    case largest
    /// Pages of this many bytes.
    case size(Int64)
}

/// Chooses the hugepages that the guest's memory is made of. Reads only.
///
/// - Parameters:
///   - memoryBytes: The guest's memory.
///   - node: The NUMA node whose pages count; nil for the host's.
///   - mayBeHeld: Whether this very guest may run already and hold the pages: then too few free ones are no failure.
///   - tree: The host (/sys/kernel/mm/hugepages, /sys/devices/system/node).
/// - Returns: Bytes of one page.
/// - Throws: A ``Failure`` with ``FailureCode/hostMemory`` that says how many are free and how many it takes;
///   ``FailureCode/optionInvalid`` for a size that this host has not, or that does not divide the memory.
public func chooseHugepages(
    _ request: HugepageRequest, memoryBytes: Int64, node: Int?, mayBeHeld: Bool = false, tree: some HostTree
) throws -> Int64 {
    let operation = "find hugepages for the guest"
    let pools = hugepagePools(node: node, tree: tree)
    func size(_ bytes: Int64) -> String { bytes >= 1 << 30 ? "\(bytes >> 30) GiB" : "\(bytes >> 20) MiB" }
    let sizes = pools.map { size($0.bytes) }.joined(separator: ", ")
    var candidates = pools
    if case .size(let bytes) = request {
        candidates = pools.filter { $0.bytes == bytes }
        guard !candidates.isEmpty else {
            throw Failure(
                .optionInvalid, operation: operation,
                message: "This host has no hugepages of \(size(bytes)).",
                evidence: [pools.isEmpty ? "/sys/kernel/mm/hugepages is empty" : "sizes: \(sizes)"],
                remedy: "Name another size, or leave --hugepages out.", side: .host)
        }
    }
    candidates = candidates.filter { memoryBytes % $0.bytes == 0 }.sorted { $0.bytes > $1.bytes }
    guard let smallest = candidates.last else {
        throw Failure(
            .optionInvalid, operation: operation,
            message: "\(memoryBytes >> 20) MiB of memory are no whole number of hugepages.",
            evidence: ["sizes: \(sizes)"], remedy: "Ask for a multiple with --memory.", side: .host)
    }
    if let enough = candidates.first(where: { $0.free >= memoryBytes / $0.bytes }) { return enough.bytes }
    if mayBeHeld { return smallest.bytes }
    let place = node.map { " on NUMA node \($0)" } ?? ""
    let kibibytes = smallest.bytes >> 10
    let file =
        node.map { "/sys/devices/system/node/node\($0)/hugepages/hugepages-\(kibibytes)kB/nr_hugepages" }
        ?? "/sys/kernel/mm/hugepages/hugepages-\(kibibytes)kB/nr_hugepages"
    let missing = memoryBytes / smallest.bytes - smallest.free
    throw Failure(
        .hostMemory, operation: operation,
        message: "The guest's \(memoryBytes >> 20) MiB take \(memoryBytes / smallest.bytes) hugepages of"
            + " \(size(smallest.bytes)); \(smallest.free) are free\(place).",
        evidence: candidates.map { "\(size($0.bytes)): \($0.free) free of \($0.total)\(place)" },
        remedy:
            "As root: echo \(smallest.total + missing) > \(file), soon after the host's boot, or leave --hugepages out.",
        side: .host)
}

private struct HugepagePool {
    var bytes: Int64
    var total: Int64
    var free: Int64
}

private func hugepagePools(node: Int?, tree: some HostTree) -> [HugepagePool] {
    let host = "/sys/kernel/mm/hugepages"
    return tree.list(host).compactMap { name in
        guard name.hasPrefix("hugepages-"), name.hasSuffix("kB"), let kibibytes = Int64(name.dropFirst(10).dropLast(2))
        else { return nil }
        func count(_ folder: String, _ file: String) -> Int64 {
            tree.attribute("\(folder)/\(name)/\(file)").flatMap { Int64($0) } ?? 0
        }
        // Promised to somebody who has not touched them yet: free, and not to be had.
        var free = max(0, count(host, "free_hugepages") - count(host, "resv_hugepages"))
        var total = count(host, "nr_hugepages")
        if let node {
            let folder = "/sys/devices/system/node/node\(node)/hugepages"
            free = min(free, count(folder, "free_hugepages"))
            total = count(folder, "nr_hugepages")
        }
        return HugepagePool(bytes: kibibytes << 10, total: total, free: free)
    }
}
