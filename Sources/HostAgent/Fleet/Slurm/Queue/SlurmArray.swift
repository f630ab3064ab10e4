import Host

/// A job array: guests of one need, an element each. Pure: the arguments and the script of `sbatch`.
struct SlurmArray: Equatable {
    var need: SlurmNeed
    /// The guest number of index 0: indexes are bounded by MaxArraySize, guests are not.
    var first: Int
    /// Ascending.
    var indexes: [Int]

    /// The arrays for guests with their needs, the least first.
    static func arrays(_ guests: [(number: Int, need: SlurmNeed)], size: Int) -> [SlurmArray] {
        var indexes: [SlurmNeed: [Int: [Int]]] = [:]
        for guest in guests {
            indexes[guest.need, default: [:]][guest.number / size * size, default: []].append(guest.number % size)
        }
        return indexes.keys.sorted().flatMap { need in
            (indexes[need] ?? [:]).sorted { $0.key < $1.key }.map { first, indexes in
                SlurmArray(need: need, first: first, indexes: indexes.sorted())
            }
        }
    }

    /// "0-3,7", and "%N" for at most N at once.
    func elements(jobs: Int?) -> String {
        var ranges: [ClosedRange<Int>] = []
        for index in indexes {
            if let last = ranges.last, last.upperBound + 1 == index {
                ranges[ranges.count - 1] = last.lowerBound...index
            } else {
                ranges.append(index...index)
            }
        }
        let words = ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound)-\($0.upperBound)" }
        return words.joined(separator: ",") + (jobs.map { "%\(max(1, $0))" } ?? "")
    }

    /// Seconds from the signal before the time limit until the limit: Slurm kills what has not ended by then.
    static func notice(_ site: SlurmSite) -> Int { site.graceSeconds + 30 }

    /// The arguments of sbatch, the script last.
    func arguments(site: SlurmSite, fleet: String, spoolID: String, spool: String, script: String, jobs: Int?)
        -> [String]
    {
        var arguments = ["--parsable", "--job-name=\(JobName(fleet: fleet, spool: spoolID, first: first).text)"]
        arguments += ["--array=\(elements(jobs: jobs))"] + need.arguments
        // TERM to the tool alone, which is the batch shell: QEMU, signalled too, would cut the guest off.
        arguments += ["--requeue", "--signal=B:TERM@\(Self.notice(site))"]
        // Of the environment what finds programs and settings. With NONE slurmd runs a login shell for each element.
        arguments += ["--export=HOME,PATH", "--chdir=\(spool)", "--open-mode=append"]
        // %a is the index; \\ would end Slurm's patterns, so the folder's own % are doubled.
        arguments.append("--output=\(spool.replacing("%", with: "%%"))/job-\(first)-%a.log")
        if let partition = site.partition { arguments.append("--partition=\(partition)") }
        if let account = site.account { arguments.append("--account=\(account)") }
        if let qos = site.qos { arguments.append("--qos=\(qos)") }
        if let limit = site.timeLimit { arguments.append("--time=\(limit)") }
        return arguments + site.sbatch + [script]
    }

    /// The job's script. `tool` is the command before SPOOL and N.
    func script(tool: [String], spool: String) -> String {
        let words = (tool + [spool]).map(shellQuote).joined(separator: " ")
        // exec: the signal for the batch shell is the tool's.
        return """
            #!/bin/sh
            # One guest of a fleet of provision-gpu-vm.
            exec \(words) "$((\(first) + SLURM_ARRAY_TASK_ID))"

            """
    }
}
