import Contract
import FoundationEssentials
import Host
import HostFakes
import Testing
@testable import VirtualMachines

/// A whole guest, where one is at hand: `GUEST_IMAGE=…/debian12-….qcow2 swift test --filter RealGuest`. Takes minutes
/// without KVM. Scripts/guest-image makes the image; the image is not written.
@Suite(.enabled(if: ProcessInfo.processInfo.environment["GUEST_IMAGE"] != nil), .timeLimit(.minutes(10)))
struct RealGuestTests {
    @Test func bootsLetsUsInAndPowersOff() async throws {
        let image = try #require(ProcessInfo.processInfo.environment["GUEST_IMAGE"])
        let folder = try TemporaryFolder()
        defer { folder.remove() }
        for name in ["root", "user"] {
            let made = try await runTool(
                "ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", name, "-f", "\(folder.path)/\(name)"],
                package: "openssh-client", operation: "make a key")
            #expect(made.status == 0)
        }
        let credentials = GuestCredentials(
            keys: GuestCredentials.Keys(root: folder.read("root.pub"), user: folder.read("user.pub")),
            instanceID: "test-1")
        try credentials.write(to: folder.path + "/seed")
        let overlay = folder.path + "/disk.qcow2"
        try await QemuImg.createOverlay(at: overlay, backing: image, backingFormat: "qcow2", size: 6 << 30)
        let payload = try folder.write("payload", Array(repeating: 0x61, count: 1000))

        let accelerator = try chooseAccelerator(.auto).accelerator
        let spec = MachineSpecification(
            name: "real", accelerator: accelerator, cpus: 2, memoryBytes: 1 << 30, diskPath: overlay,
            macAddress: macAddress(for: "real"), sshPort: try freeLoopbackPort(), gpus: [.simulated],
            payloads: [PayloadDrive(path: payload, serial: "test-payload")], seedFolder: folder.path + "/seed",
            smbiosStrings: credentials.smbiosStrings, folder: folder.path + "/run")
        let machine = try await VirtualMachine.launch(spec, portAttempts: 3)
        do {
            let seen = try await look(into: machine, folder)
            #expect(seen.contains("LABEL=cidata"))
            #expect(seen.contains("serial=test-payload"))
            #expect(seen.contains("0x1234 0x11e8"))
            #expect(seen.contains(spec.macAddress))
            let end = try await machine.powerDown(grace: .seconds(180))
            #expect(end.cause == .guestShutdown)
        } catch {
            for line in machine.console.tail() { print(line) }
            try? await machine.quit()
            throw error
        }
        try await QemuImg.check(overlay)
    }

    /// Waits for SSH and answers what the guest sees.
    private func look(into machine: VirtualMachine, _ folder: TemporaryFolder) async throws -> String {
        let questions = """
            for p in /dev/vd*; do blkid -o export $p; done
            for d in /sys/block/vd*; do echo $d serial=$(cat $d/serial) $(cat $d/size); done
            cat /sys/class/net/e*/address; ls /sys/class/net
            for d in /sys/bus/pci/devices/*; do echo $d $(cat $d/vendor) $(cat $d/device); done
            ls -d /sys/bus/acpi/devices/QEMU*; lsmod | grep pvpanic; getent passwd 1000; cat /root/.ssh/authorized_keys
            cloud-init status --long 2>&1 | head -20; cat /home/*/.ssh/authorized_keys
            """
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(400)
        while clock.now < deadline {
            let answer = try await runTool(
                "ssh",
                [
                    "-i", folder.path + "/root", "-p", String(machine.record.specification.sshPort), "-o",
                    "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "BatchMode=yes", "-o",
                    "ConnectTimeout=10", "root@127.0.0.1", questions,
                ], package: "openssh-client", operation: "reach the guest")
            if answer.status != 255 {
                print(answer.output)
                return answer.output
            }
            #expect(machine.isRunning)
            try await Task.sleep(for: .seconds(2))
        }
        throw Failure(.sshUnreachable, operation: "reach the guest", message: "no answer", remedy: "", side: .host)
    }
}
