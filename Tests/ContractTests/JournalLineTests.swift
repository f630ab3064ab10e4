import Contract
import Testing

@Suite struct JournalLineTests {
    static let step = StepID.driver
    static let events: [Event] = [
        .planAccepted(
            Plan(
                runID: "r1",
                recipe: Recipe(
                    gpus: [.simulated], driver: DriverRecipe(version: "470.256.02", sha256: "ab"),
                    toolkits: [
                        CUDARecipe(
                            version: "11.4.4", sha256: "cd", toolkitPath: "/usr/local/cuda-11.4", samples: true)
                    ], telemetry: TelemetryRecipe(intervalSeconds: 0.5)),
                payloads: [
                    Payload(
                        role: .driver, fileName: "NVIDIA-Linux-x86_64-470.256.02.run", size: 7, sha256: "ab",
                        headSHA256: "ef", tailSHA256: "01", location: .drive(serial: "drv-ab"))
                ])),
        .agentStarted(version: "0.1.0"),
        .inspected(
            GuestFacts(
                osID: "debian", osVersion: "12", osName: "Debian GNU/Linux 12 (bookworm)",
                kernel: "6.1.0-1-cloud-amd64",
                architecture: "x86_64", firmware: "bios", secureBoot: nil, initramfsTool: "initramfs-tools",
                systemd: 252, hypervisor: nil, cpus: 2, memoryBytes: 1 << 31, rootFreeBytes: 1 << 32,
                gpus: [GuestGPU(address: "0000:01:00.0", vendor: "1234", device: "11e8", driver: "nouveau")])),
        .stepSatisfied(step, evidence: ["a", "b\nc"]),
        .stepStarted(step, reason: "not installed"),
        .progress(step, message: "-> Building kernel modules"),
        .output(step, ToolOutput(name: "x", source: "x -q", exitStatus: 0, text: "é\u{1}\n", truncated: false)),
        .stepApplied(step),
        .stepVerified(step, evidence: []),
        .rebootRequested(step, reason: "nouveau is busy"),
        .hostNeeded(step, .attachDrive(serial: "drv-ab"), reason: "no such drive"),
        .hostNeeded(step, .attachGPU, reason: "no GPU"),
        .warning(nil, message: "w"),
        .warning(step, message: "w"),
        .stepFailed(
            step, Failure(.driverBuild, operation: "o", message: "m", evidence: ["e"], remedy: "r", side: .guest)),
        .finished(succeeded: true),
        .unknown(kind: "teleported", .object(["kind": .string("teleported"), "to": .array([.number(1), .null])])),
    ]

    @Test(arguments: events) func survivesTheRoundTrip(_ event: Event) throws {
        let record = JournalRecord(seq: 3, time: 1.5, boot: "b", event: event)
        let line = try JournalLine.encode(record)
        #expect(!line.contains("\n"))
        #expect(try JournalLine.decode(line) == record)
    }

    @Test func refusesALineThatIsTooLong() {
        let line = String(repeating: " ", count: JournalLine.limit + 1)
        #expect(throws: Failure.self) { try JournalLine.decode(line) }
    }

    @Test(arguments: ["", "{}", "[1]", "{\"seq\":1}", "\u{1b}[31m"])
    func refusesWhatIsNoRecord(_ line: String) {
        let failure = #expect(throws: Failure.self) { try JournalLine.decode(line) }
        #expect(failure?.code == .guestTalkedNonsense)
    }
}

@Suite struct FailureCodeTests {
    @Test(
        arguments: [
            (FailureCode.runfileCorrupt, 2), (.toolMissing, 3), (.runLocked, 3), (.qemuExited, 4), (.sshRefused, 5),
            (.sudoRefused, 5), (.headersMissing, 6), (.driverBuild, 7), (.cudaSamples, 8), (.proofBoot, 9),
            (.publishFailed, 9), (.deadline, 75), (.interrupted, 130), (FailureCode("driver.invented-tomorrow"), 7),
            (FailureCode("who.knows"), 70),
        ] as [(FailureCode, Int32)])
    func statusComesFromTheCode(_ code: FailureCode, _ status: Int32) {
        #expect(code.exitStatus == status)
    }
}
