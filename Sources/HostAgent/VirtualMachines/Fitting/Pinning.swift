import Contract
import Host

extension VirtualMachine {
    /// Keeps the guest's processors on a NUMA node. Its memory is there already (`host-nodes` of its backend).
    static func pin(_ client: QMPClient, to binding: NUMABinding) async throws {
        let operation = "keep the guest on NUMA node \(binding.node)"
        for thread in processorThreads(try await client.execute("query-cpus-fast", deadline: .seconds(20))) {
            // taskset, since Swift's Glibc does not show sched_setaffinity(2).
            let result = try await runTool(
                "taskset", ["-c", "-p", binding.cpuList, "\(thread)"], package: "util-linux", operation: operation)
            guard result.status != 0 else { continue }
            throw Failure(
                .qemuFailed, operation: operation,
                message: "The guest's processors cannot be kept on the host's \(binding.cpuList).",
                evidence: result.complaints,
                remedy: "Look whether these processors are online and allowed to this process (Cpus_allowed_list in"
                    + " /proc/self/status), or start with --numa off.", side: .host)
        }
    }
}

/// The host's threads of the guest's processors, from the answer to query-cpus-fast.
func processorThreads(_ answer: JSONValue) -> [Int32] {
    guard case .array(let processors) = answer else { return [] }
    return processors.compactMap { processor in
        guard case .object(let fields) = processor, case .number(let thread)? = fields["thread-id"] else { return nil }
        return Int32(exactly: thread)
    }
}
