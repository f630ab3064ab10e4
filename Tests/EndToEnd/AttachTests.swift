import Contract
import FoundationEssentials
import Subprocess
import Synchronization
import SystemPackage
import Testing

extension EndToEnd {
    /// The job on a machine that this tool did not start.
    @Suite(.serialized) struct Attach {
        @Test(.enabled(if: Lane.all, Lane.allHint), .timeLimit(.minutes(45)))
        func aRunningMachineIsProvisioned() async throws {
            let bench = try Bench()
            // What the guest does not need, and what takes some seconds to copy: the cut comes in the middle of it.
            let filler = "\(bench.folder)/packages"
            try FileManager.default.createDirectory(atPath: filler, withIntermediateDirectories: true)
            try await shell("head -c 67108864 /dev/urandom >'\(filler)/filler_1_all.deb'")

            try await withForeignMachine(bench) { port, key in
                let machine = "root@127.0.0.1:\(port)"
                let arguments =
                    [
                        "attach", machine, "--identity", key, "--driver", Lane.driver("470.256.02"), "--offline",
                        filler,
                        "--simulated-gpu", "--accept-nvidia-licenses", "--format", "json", "--state", bench.state,
                    ]

                // Nobody knows the machine, and nobody is there to ask.
                let unknown = try await bench.run(arguments + ["--host-key", "known_hosts", "--yes"])
                #expect(unknown.exitCode == 5)
                let fingerprint = try #require(unknown.stderr.firstMatch(of: /SHA256:[A-Za-z0-9+\/]{43}/)).output
                let trusted = arguments + ["--host-key", String(fingerprint)]
                let unasked = try await bench.run(trusted)
                #expect(unasked.exitCode == 2)
                #expect(unasked.stderr.contains("option.not-confirmed"))

                let dry = try await bench.run(trusted + ["--dry-run"])
                #expect(dry.exitCode == 0)
                #expect(dry.stdout.contains("\"driver\""))
                #expect(
                    try await inside(
                        port, key,
                        "ls /usr/local/libexec /var/lib/gpu-guest-agent 2>&1; ls -d /var/tmp/prov* /tmp/gpu-g*"
                    )
                    .contains("gpu-guest-agent:") == false)

                // Killed in the middle of the copy, then with the agent at work.
                let cut = try await bench.run(trusted + ["--yes"]) { $0.contains("(40 %)") }
                #expect(cut.exitCode == nil)
                let there = try #require(
                    Int(try await inside(port, key, "cat /var/lib/gpu-guest-agent/payloads/*/*.part | wc -c")))
                print("  killed with \(there >> 20) MiB there")
                #expect(there > 16 << 20 && there < 64 << 20)
                let killed = try await bench.run(trusted) { $0.contains(" initramfs:") }
                #expect(killed.exitCode == nil)

                // A run that was begun is not asked about again, and its key is remembered.
                let outcome = try await bench.run(arguments)
                try #require(outcome.exitCode == 0)
                let report = try outcome.report
                #expect(report.outcome == .provisioned)
                #expect(report.simulated)
                let attached = try #require(report.attached)
                #expect(attached.hostKey == fingerprint)
                #expect(attached.payloadFolder == nil)
                #expect(report.proofBoot == nil)
                #expect(report.driver?.version == "470.256.02")
                #expect(report.steps.map(\.id).contains(.driver))
                #expect(Set(report.steps.map(\.id)).count == report.steps.count)
                for step in report.steps {
                    #expect(step.outcome == .applied || step.outcome == .satisfied, "\(step.id)")
                }

                // The agent is off, the files are gone, and the person's key is where it was.
                let left = try await inside(
                    port, key,
                    "systemctl is-enabled gpu-guest-agent; ls /var/lib/gpu-guest-agent; wc -l </root/.ssh/authorized_keys"
                )
                #expect(left.contains("disabled"))
                #expect(!left.contains("payloads"))

                // Once more, with a reboot for a proof: nothing is to do, and the machine stands by itself.
                let again = try await bench.run(trusted + ["--yes", "--proof-reboot"])
                try #require(again.exitCode == 0)
                let second = try again.report
                #expect(second.outcome == .unchanged)
                #expect(second.proofBoot?.passed == true)
                #expect(second.attached?.provenByReboot == true)
                #expect(second.boots.count == 2)
            }
            #expect(try bench.livingMachines().isEmpty)
        }

        @discardableResult
        private func shell(_ command: String) async throws -> String {
            let result = try await Subprocess.run(
                .name("bash"), arguments: ["-c", command], output: .string(limit: 1 << 20),
                error: .string(limit: 1 << 20))
            try #require(result.terminationStatus.isSuccess, "\(command): \(result.standardError)")
            return String(
                result.standardOutput.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }

        /// What a command prints in the machine, whatever its status.
        private func inside(_ port: Int, _ key: String, _ command: String) async throws -> String {
            try await shell(
                """
                ssh -q -i '\(key)' -p \(port) -o IdentitiesOnly=yes -o StrictHostKeyChecking=no \
                -o UserKnownHostsFile=/dev/null root@127.0.0.1 '\(command); true' || true
                """)
        }

        /// Plain QEMU, as somebody else would start it, on a throwaway overlay, with the stand-in for a GPU.
        private func withForeignMachine(
            _ bench: Bench, _ body: (_ port: Int, _ key: String) async throws -> Void
        ) async throws {
            let key = "\(bench.folder)/person"
            try await shell("ssh-keygen -q -t ed25519 -N '' -C person -f '\(key)'")
            let credential = try await shell("base64 -w0 <'\(key).pub'")
            let disk = "\(bench.folder)/foreign.qcow2"
            try await shell("qemu-img create -q -f qcow2 -F qcow2 -b '\(bench.image)' '\(disk)'")
            let port = try #require(
                Int(
                    try await shell(
                        "python3 -c 'import socket; s = socket.socket(); s.bind((\"127.0.0.1\", 0)); print(s.getsockname()[1])'"
                    )))
            // /dev/kvm alone proves nothing: in a VM without nested virtualization it opens, and QEMU aborts.
            let flags = FileManager.default.contents(atPath: "/proc/cpuinfo").map {
                String(decoding: $0, as: UTF8.self)
            }
            let accelerator =
                ["vmx", "svm"].contains { flags?.contains(" \($0) ") == true } ? "kvm" : "tcg,thread=multi"
            let log = try FileDescriptor.open(
                FilePath("\(bench.folder)/foreign.log"), .writeOnly, options: [.create, .closeOnExec],
                permissions: [.ownerReadWrite])
            _ = try await Subprocess.run(
                .name("qemu-system-x86_64"),
                arguments: [
                    "-nodefaults", "-machine", "q35", "-accel", accelerator, "-cpu", "max", "-smp", "2", "-m", "2G",
                    "-display", "none", "-serial", "file:\(bench.folder)/foreign-console.log",
                    "-netdev",
                    "user,id=net,hostfwd=tcp:127.0.0.1:\(port)-:22", "-device", "virtio-net-pci,netdev=net", "-drive",
                    "file=\(disk),if=virtio,discard=unmap", "-device", "virtio-rng-pci", "-device", "edu", "-smbios",
                    "type=11,value=io.systemd.credential.binary:ssh.authorized_keys.root=\(credential)",
                ], input: .none, output: .discarded,
                error: .fileDescriptor(log, closeAfterSpawningProcess: true)
            ) { execution in
                do {
                    // The person waits until the machine is up; attach itself does not wait for strangers.
                    var isUp = false
                    for _ in 1...300 where !isUp {
                        isUp = try await inside(port, key, "echo up") == "up"
                        if !isUp { try await Task.sleep(for: .seconds(2)) }
                    }
                    try #require(isUp, "see \(bench.folder)/foreign.log and foreign-console.log")
                    try await body(port, key)
                } catch {
                    try? execution.send(signal: .kill)
                    throw error
                }
                try execution.send(signal: .kill)
            }
        }
    }
}
