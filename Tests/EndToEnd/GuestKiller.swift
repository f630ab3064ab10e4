import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// Kills the agent in a running guest, with SIGKILL, at the moment a record of its journal is on disk.
///
/// It watches in the guest itself (tail follows by inotify), since the host learns of a record seconds later under
/// emulation. It comes in by the run's own key, next to the tool, and leaves no file behind.
struct GuestKiller: Sendable {
    private let task: Task<[String], any Error>

    /// Each kind of record of each step is one place; the agent dies once at each.
    private static let script = #"""
        declare -A seen
        tail -n +1 -s 0.2 --retry -F /var/lib/gpu-guest-agent/journal.jsonl 2>/dev/null | while read -r line; do
            # Within a text each quote has a backslash before it.
            [[ $line =~ \"kind\":\"([A-Za-z]+)\" ]] || continue
            kind=${BASH_REMATCH[1]}
            case $kind in
            stepStarted | progress | stepApplied) ;;
            finished) exit 0 ;;
            *) continue ;;
            esac
            [[ $line =~ \"step\":\"([a-zA-Z-]+)\" ]] || continue
            place="$kind ${BASH_REMATCH[1]}"
            [[ -z ${seen[$place]:-} ]] || continue
            # None there: it died of the record before; this one comes again, or its step is past.
            pkill -KILL -f '^/usr/local/libexec/gpu-guest-agent resume$' || continue
            seen[$place]=yes
            echo "$place"
        done
        """#

    /// Begins to watch the guest of the only run in `bench`, whose SSH answers already. Ends with the guest.
    init(_ bench: Bench) {
        task = Task {
            let runs = "\(bench.state)/runs"
            let run = try #require(try FileManager.default.contentsOfDirectory(atPath: runs).first)
            struct Machine: Decodable {
                struct Specification: Decodable { var sshPort: Int }
                var specification: Specification
            }
            let record = try #require(FileManager.default.contents(atPath: "\(runs)/\(run)/vm/vm.json"))
            let port = try JSONDecoder().decode(Machine.self, from: record).specification.sshPort
            let result = try await Subprocess.run(
                .name("ssh"),
                arguments: [
                    "-q", "-i", "\(runs)/\(run)/keys/root", "-p", "\(port)", "-o", "IdentitiesOnly=yes", "-o",
                    "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "root@127.0.0.1", "bash -s",
                ], input: .string(Self.script), output: .string(limit: 1 << 20), error: .string(limit: 1 << 20))
            return result.standardOutput.split(separator: "\n").map { String($0) }
        }
    }

    /// The records after which the agent was killed, "KIND STEP", in order. Waits for the guest's end.
    var places: [String] { get async throws { try await task.value } }
}
