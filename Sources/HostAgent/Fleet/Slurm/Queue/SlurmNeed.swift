import Contract
import Passthrough

/// What Slurm is asked for a guest. Guests with the same need can be elements of one array.
struct SlurmNeed: Hashable, Comparable {
    var cpus: Int
    /// With QEMU's own.
    var memoryMiB: Int64
    var gpus: Int
    /// The GRES type; nil for any.
    var gpuType: String?

    /// Throws where a guest asks for what Slurm cannot be asked for.
    init(_ task: GuestTask, _ site: SlurmSite) throws(Failure) {
        cpus = max(1, task.need.cpus)
        memoryMiB = (task.need.memoryBytes + site.memoryOverheadBytes + (1 << 20) - 1) >> 20
        switch task.need.gpus {
        case .none, .simulated: gpus = 0
        case .count(let count, nil): gpus = count
        case .count(let count, let pattern?):
            gpus = count
            gpuType = site.gpuTypes[pattern]
            guard gpuType != nil else {
                throw Failure(
                    .manifestInvalid, operation: "submit \(task.guest)",
                    message: "Slurm knows no GPUs by \"\(Printable.line(pattern))\".",
                    remedy: "Name the GRES type for it in the site file: gpu-types: {\(pattern): …}.", side: .host)
            }
        case .addresses(let addresses):
            gpus = addresses.count
            throw Failure(
                .manifestInvalid, operation: "submit \(task.guest)",
                message: "\(task.guest) asks for cards by their addresses, and Slurm chooses cards itself.",
                remedy: "Say how many: gpus: \(addresses.count), or {count: \(addresses.count), match: …}.",
                side: .host)
        }
    }

    static func < (one: SlurmNeed, other: SlurmNeed) -> Bool {
        (one.gpus, one.cpus, one.memoryMiB, one.gpuType ?? "")
            < (other.gpus, other.cpus, other.memoryMiB, other.gpuType ?? "")
    }

    var arguments: [String] {
        var arguments = ["--nodes=1", "--ntasks=1", "--cpus-per-task=\(cpus)", "--mem=\(memoryMiB)M"]
        if gpus > 0 { arguments.append("--gres=gpu:" + (gpuType.map { "\($0):" } ?? "") + "\(gpus)") }
        return arguments
    }
}
