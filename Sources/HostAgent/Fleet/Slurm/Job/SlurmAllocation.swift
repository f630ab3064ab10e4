public import Contract
public import Passthrough

/// What Slurm gave to the job that this process is: from its environment. Pure.
public struct SlurmAllocation: Equatable, Sendable {
    /// The array element, as scancel takes it: "123_4".
    public var element: String
    /// The node's name in Slurm, which need not be its host name.
    public var node: String
    /// How often Slurm had begun the job before.
    public var attempt: Int
    /// GRES indexes of its GPUs.
    public var gpus: [Int]

    /// Throws where this is no element of an array.
    public init(environment: [String: String]) throws(Failure) {
        guard let job = environment["SLURM_ARRAY_JOB_ID"].flatMap({ Int($0) }),
            let index = environment["SLURM_ARRAY_TASK_ID"].flatMap({ Int($0) }),
            let node = environment["SLURMD_NODENAME"], !node.isEmpty
        else {
            throw Failure(
                .optionInvalid, operation: "run a guest in a Slurm job", message: "This is no element of a job array.",
                remedy: "Slurm runs this command; `fleet apply --engine slurm` submits it.", side: .host)
        }
        element = "\(job)_\(index)"
        self.node = node
        attempt = environment["SLURM_RESTART_COUNT"].flatMap { Int($0) } ?? 0
        // The indexes of the node. CUDA_VISIBLE_DEVICES and GPU_DEVICE_ORDINAL count from 0 in each job where cgroups keep devices apart.
        let text = environment["SLURM_JOB_GPUS"] ?? ""
        var gpus: [Int] = []
        for word in text.split(separator: ",") {
            guard let index = Int(word), index >= 0 else {
                throw Failure(
                    .gpuUnavailable, operation: "find the job's GPUs",
                    message: "SLURM_JOB_GPUS is \"\(Printable.line(text, limit: 100))\".",
                    remedy: "Give each gpu in gres.conf a File=; see Documentation/Slurm.md.", side: .host)
            }
            gpus.append(index)
        }
        self.gpus = gpus
    }

    /// The cards behind the first `wanted` indexes: with --exclusive a job has all of its node's. Throws where the site file does not
    /// say, or Slurm gave fewer than were asked for.
    public func cards(_ site: SlurmSite, wanted: Int) throws(Failure) -> [PCIAddress] {
        guard gpus.count >= wanted else {
            throw Failure(
                .gpuUnavailable, operation: "find the job's GPUs",
                message: "The job asked for \(wanted) GPUs, and SLURM_JOB_GPUS names \(gpus.count) on \(node).",
                remedy: "Is GresTypes=gpu set, with a File= for each gpu in gres.conf? See Documentation/Slurm.md.",
                side: .host)
        }
        guard wanted > 0 else { return [] }
        guard let cards = site.gpus(of: node) else {
            throw Failure(
                .gpuUnavailable, operation: "find the job's GPUs", message: "The site file names no node \(node).",
                remedy: "Add it to `nodes`, with its cards by GRES index.", side: .host)
        }
        var found: [PCIAddress] = []
        for index in gpus.prefix(wanted) {
            guard index < cards.count else {
                throw Failure(
                    .gpuUnavailable, operation: "find the job's GPUs",
                    message:
                        "The site file has \(cards.count) cards for \(node), and Slurm gave the one with index \(index).",
                    remedy: "List every gpu of gres.conf under `nodes`, in the same order.", side: .host)
            }
            found.append(cards[index])
        }
        return found
    }
}
