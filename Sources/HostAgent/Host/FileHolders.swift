public import Contract
import FoundationEssentials

/// Processes that have `path` open, as /proc tells. Those of other users are seen by root only.
public func processesHolding(_ path: String) -> [(pid: Int32, name: String)] {
    let files = FileManager.default
    let target = URL(filePath: path).resolvingSymlinksInPath().path()
    let processes = ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { Int32($0) }
    return processes.sorted().compactMap { pid in
        let folder = "/proc/\(pid)/fd"
        let descriptors = (try? files.contentsOfDirectory(atPath: folder)) ?? []
        guard
            descriptors.contains(where: { (try? files.destinationOfSymbolicLink(atPath: "\(folder)/\($0)")) == target })
        else { return nil }
        let name = files.contents(atPath: "/proc/\(pid)/comm").map { String(decoding: $0, as: UTF8.self) } ?? ""
        return (pid, name.split(separator: "\n").first.map { String($0) } ?? "?")
    }
}

/// The failure for an image whose lock another process holds, naming it where /proc tells.
public func imageInUse(_ path: String, operation: String, evidence: [String]) -> Failure {
    let holders = processesHolding(path).map { "process \($0.pid) (\($0.name))" }
    return Failure(
        .imageInUse, operation: operation,
        message: "\(path) is in use by \(holders.isEmpty ? "another process" : holders.joined(separator: ", ")).",
        evidence: evidence,
        remedy: "Shut that virtual machine down, or wait for that process; two writers would destroy the image.",
        retryable: true, side: .host)
}
