import Contract
import FoundationEssentials
import SecureShell
import Subprocess
import Testing

@testable import Provisioner

/// The pure parts of `attach`.
@Suite struct AttachTests {
    // MARK: - Which machine

    @Test(
        arguments: [
            ("root@gpu1", "root", "gpu1", nil), ("me@gpu-1.example:2222", "me", "gpu-1.example", 2222),
            ("me@[::1]:2222", "me", "::1", 2222), ("me@[fe80::1%eth0]", "me", "fe80::1%eth0", nil),
            ("me@::1", "me", "::1", nil), ("gpu-box", nil, "gpu-box", nil), ("10.0.0.7:22", nil, "10.0.0.7", 22),
            ("dom\\me@gpu1", "dom\\me", "gpu1", nil), ("me@corp@gpu1", "me@corp", "gpu1", nil),
        ] as [(String, String?, String, UInt16?)])
    func aMachineIsRead(_ text: String, _ user: String?, _ host: String, _ port: UInt16?) throws {
        let target = try #require(AttachTarget(text))
        #expect(target.user == user)
        #expect(target.host == host)
        #expect(target.port == port)
        #expect(AttachTarget(target.description) == target)
    }

    /// Some of these would be options of ssh's, or commands.
    @Test(arguments: [
        "", "@", "me@", "@host", "me@host:", "me@host:0", "me@host:65536", "me@host:ssh", "-oProxyCommand=x",
        "me@-oProxyCommand=x", "-l@host", "me@[host]:22", "me@[::1", "me@[::1]x", "me@ho st", "me@$(x)", "me@host/path",
    ])
    func whatIsNoMachineIsRefused(_ text: String) {
        #expect(AttachTarget(text) == nil)
    }

    private func configuration(_ text: String) -> ClientConfiguration { ClientConfiguration(text, home: "/home/me") }

    @Test func whatIsNamedCountsMoreThanTheConfiguration() throws {
        let known = configuration(
            "user other\nhostname 10.0.0.7\nport 2222\nidentityfile ~/.ssh/id_rsa\nhostkeyalias gpu")
        let files = ["/home/me/.ssh/id_rsa"]
        func address(_ text: String, _ configuration: ClientConfiguration) throws -> AttachAddress {
            try AttachAddress(
                try #require(AttachTarget(text)), configuration, home: "/home/me", name: "me",
                exists: { files.contains($0) })
        }
        let alias = try address("gpu", known)
        #expect(alias.user == "other")
        #expect(alias.endpoint == SSHEndpoint(host: "10.0.0.7", port: 2222))
        #expect(alias.knownName == "gpu")
        #expect(alias.identityFiles == files)
        let named = try address("root@gpu:22", known)
        #expect(named.user == "root")
        #expect(named.endpoint.port == 22)
        // Without an ssh on this host.
        let bare = try address("10.0.0.8:23", ClientConfiguration())
        #expect(bare.user == "me")
        #expect(bare.knownName == "[10.0.0.8]:23")
        #expect(bare.knownHostsFiles.contains("/home/me/.ssh/known_hosts"))
        let failure = #expect(throws: Failure.self) { _ = try address("gpu", configuration("proxyjump door")) }
        #expect(failure?.remedy.contains("ssh -N -L") == true)
    }

    @Test func sshsOwnKeysAreTriedBestFirst() throws {
        let usual = configuration(
            ["id_rsa", "id_ecdsa", "id_ecdsa_sk", "id_ed25519", "id_dsa"].map { "identityfile ~/.ssh/\($0)" }
                .joined(separator: "\n"))
        let address = try AttachAddress(
            try #require(AttachTarget("me@h")), usual, home: "/home/me", name: "x", exists: { _ in true })
        #expect(
            address.identityFiles == ["id_ed25519", "id_ecdsa", "id_rsa"].map { "/home/me/.ssh/\($0)" })
        func credentials(_ access: AttachJob.Access, hasAgent: Bool) -> [String] {
            let context = JobContext(password: "p", licencesAccepted: true, progress: { _ in })
            return address.login(access, context, hasAgent: hasAgent).logins.flatMap(\.credentials).map {
                switch $0 {
                case .agent: "agent"
                case .password: "password"
                case .privateKeyFile(let path, _): String(path.split(separator: "/").last ?? "")
                }
            }
        }
        #expect(credentials(.init(), hasAgent: true) == ["agent", "id_ed25519", "id_ecdsa", "id_rsa"])
        #expect(credentials(.init(), hasAgent: false) == ["id_ed25519", "id_ecdsa", "id_rsa"])
        #expect(credentials(.init(identity: "/k"), hasAgent: true) == ["k"])
        #expect(credentials(.init(usesPassword: true), hasAgent: true) == ["password"])
    }

    // MARK: - Whether it is that machine

    private static let endpoint = SSHEndpoint(host: "gpu1", port: 22)
    private static let shown = HostKeyPin(type: "ssh-ed25519", base64: "AAAAnew", fingerprint: "SHA256:new")
    private static let other = HostKeyPin(type: "ssh-ed25519", base64: "AAAAold", fingerprint: "SHA256:old")

    private static func known(_ keys: [HostKeyPin] = [], revoked: [HostKeyPin] = []) -> KnownHosts {
        var known = KnownHosts()
        known.keys = keys
        known.revoked = revoked
        return known
    }

    private enum Expected { case accepted, asked, changed, unknown }

    @Test func keysAreJudged() {
        let rsa = HostKeyPin(type: "ssh-rsa", base64: "AAAAr", fingerprint: "")
        let table: [(HostKeyPin?, AttachJob.HostKeyRequest, KnownHosts, Expected)] = [
            (nil, .ask, Self.known([Self.shown]), .accepted), (nil, .ask, Self.known(), .asked),
            (nil, .ask, Self.known([Self.other]), .changed), (nil, .ask, Self.known([rsa]), .asked),
            (nil, .ask, Self.known([Self.shown], revoked: [Self.shown]), .changed),
            (nil, .knownHosts, Self.known([Self.shown]), .accepted), (nil, .knownHosts, Self.known(), .unknown),
            (nil, .knownHosts, Self.known([Self.other]), .changed),
            (nil, .fingerprint("SHA256:new"), Self.known(), .accepted),
            (nil, .fingerprint("SHA256:new"), Self.known([Self.other]), .accepted),
            (nil, .fingerprint("SHA256:old"), Self.known([Self.shown]), .changed),
            // A run's own memory needs nobody's word, and is not outvoted by known_hosts.
            (Self.shown, .ask, Self.known(), .accepted), (Self.shown, .knownHosts, Self.known(), .accepted),
            (Self.other, .ask, Self.known([Self.shown]), .changed),
            (Self.other, .fingerprint("SHA256:new"), Self.known(), .accepted),
        ]
        for (index, row) in table.enumerated() {
            let decision = HostKeyDecision.on(
                Self.shown, of: Self.endpoint, remembered: row.0, request: row.1, known: row.2)
            let seen: Expected =
                switch decision {
                case .accept: .accepted
                case .ask: .asked
                case .refuse(let failure): failure.code == .sshHostKeyUnknown ? .unknown : .changed
                }
            #expect(seen == row.3, "row \(index): \(decision)")
            if case .refuse(let failure) = decision {
                #expect(failure.code.exitStatus == 5)
                #expect(
                    failure.evidence.joined().contains("SHA256:new") || failure.evidence.joined().contains("revoked"))
            }
        }
    }

    @Test(
        arguments: [
            ("known_hosts", AttachJob.HostKeyRequest.knownHosts),
            (
                "SHA256:" + String(repeating: "a", count: 43),
                .fingerprint("SHA256:" + String(repeating: "a", count: 43))
            ),
            (String(repeating: "/", count: 43), .fingerprint("SHA256:" + String(repeating: "/", count: 43))),
            ("SHA256:short", nil), ("MD5:00:11", nil), ("", nil),
        ] as [(String, AttachJob.HostKeyRequest?)])
    func theHostKeyOptionIsRead(_ text: String, _ request: AttachJob.HostKeyRequest?) {
        #expect(AttachJob.HostKeyRequest(option: text) == request)
    }

    // MARK: - What it is

    private static let answer = """
        name=gpu1
        architecture=x86_64
        kernel=6.1.0-1-amd64
        system="Debian GNU/Linux 12 (bookworm)"
        virtualization=none
        container=none
        systemd=yes
        pci=0000:00:02.0 0x8086 0x9a49 0x030000
        pci=0000:01:00.0 0x10de 0x1b80 0x030000
        pci=0000:01:00.1 0x10de 0x10f0 0x040300
        pci=0000:81:00.0 0x10de 0x20b0 0x030200
        pci=torn
        """

    @Test func aMachineIsSurveyed() {
        let survey = MachineSurvey(Self.answer)
        #expect(survey.gpus == ["0000:01:00.0", "0000:81:00.0"])
        #expect(survey.otherDisplays == ["0000:00:02.0 8086:9a49"])
        #expect(survey.words == "Debian GNU/Linux 12 (bookworm), kernel 6.1.0-1-amd64, bare metal")
        #expect(survey.problems(simulated: false).isEmpty)
        #expect(
            survey.expectedGPUs(simulated: false)
                == [ExpectedGPU(vendor: "10de", device: nil, count: 2, simulated: false)])
        let question = survey.question(machine: "root@gpu1:22", recipe: Samples.recipe, simulated: false)
        for words in ["root@gpu1:22", "2 NVIDIA GPUs", "driver 470.256.02 and CUDA 11.4.4", "MAY REBOOT"] {
            #expect(question.contains(words), "\(words)")
        }
        let sampler = Recipe(gpus: [], telemetry: TelemetryRecipe())
        let less = survey.question(machine: "root@gpu1:22", recipe: sampler, simulated: false)
        #expect(less.contains("installs and starts a service") && !less.contains("REBOOT"))
    }

    @Test(arguments: [
        ("architecture=x86_64", "architecture=aarch64", FailureCode.guestUnsupported),
        ("systemd=yes", "systemd=", .guestUnsupported), ("container=none", "container=docker", .guestUnsupported),
        ("0x10de", "0x1002", .gpuNotVisible),
    ])
    func unfitMachinesAreRefused(_ old: String, _ new: String, _ code: FailureCode) {
        let text = Self.answer.split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
        #expect(MachineSurvey(text).problems(simulated: false).map(\.code) == [code])
    }

    @Test func aStandInIsExpectedOnlyWhereAsked() {
        let edu = Self.answer + "\npci=0000:03:00.0 0x1234 0x11e8 0x00ff00"
        #expect(MachineSurvey(edu).problems(simulated: true).isEmpty)
        #expect(MachineSurvey(edu).expectedGPUs(simulated: true) == [.simulated])
        #expect(MachineSurvey(Self.answer).problems(simulated: true).map(\.code) == [.gpuNotVisible])
    }

    @Test func theSurveysScriptRunsHere() async throws {
        let process = try await Subprocess.run(
            .name("sh"), arguments: ["-c", MachineSurvey.script], output: .string(limit: 1 << 20))
        let survey = MachineSurvey(process.standardOutput)
        #expect(process.terminationStatus.isSuccess)
        #expect(!survey.name.isEmpty && !survey.kernel.isEmpty && !survey.system.isEmpty)
    }

    // MARK: - Files

    private static func payload(_ name: String, _ role: Payload.Role = .driver) -> Payload {
        Payload(
            role: role, fileName: name, size: 5, sha256: String(repeating: "ab", count: 32), headSHA256: "h",
            tailSHA256: "t", location: .drive(serial: "s"))
    }

    @Test(arguments: [
        ("NVIDIA-Linux-x86_64-470.256.02.run", "NVIDIA-Linux-x86_64-470.256.02.run"),
        ("my driver.run", "my_driver.run"),
        ("$(x)", "__x_"), ("..", "payload"), ("", "payload"),
    ])
    func filesLieUnderTheirDigest(_ name: String, _ plain: String) {
        let placed = PayloadFolder.placed(Self.payload(name))
        #expect(placed.location == .file(path: "/var/lib/gpu-guest-agent/payloads/abababababababababab/\(plain)"))
        #expect(placed.fileName == name)
        #expect(PayloadFolder.uploads([placed], sources: ["/r/x"]).map(\.source) == ["/r/x"])
    }

    @Test(
        arguments: [
            ("/dev/vda1        6094400   1503488   4257792      27% /", Int64(4_257_792) << 10),
            ("my disk on nfs   6094400   1503488   4257792      27% /mnt", Int64(4_257_792) << 10),
            ("df: no file system", nil), ("", nil),
        ] as [(String, Int64?)])
    func freeSpaceIsRead(_ line: String, _ bytes: Int64?) {
        #expect(PayloadFolder.freeBytes(line) == bytes)
    }

    @Test func roomIsLookedForBeforeAnythingIsSent() {
        #expect(PayloadFolder.spaceProblem(free: 200 << 20, missing: 136 << 20) == nil)
        #expect(PayloadFolder.spaceProblem(free: 200 << 20, missing: 137 << 20)?.code == .guestSpace)
    }

    /// A private key goes even where the files stay.
    @Test func keysAreTakenOut() throws {
        let payloads = [Self.payload("d.run"), Self.payload("mok.key", .signingKey)].map(PayloadFolder.placed)
        let command = try #require(PayloadFolder.removingKeys(payloads))
        #expect(command.contains("/mok.key") && !command.contains("/d.run"))
        #expect(PayloadFolder.removingKeys([payloads[0]]) == nil)
    }

    @Test func aCopyThatGainsNothingIsGivenUp() {
        var perseverance = UploadPerseverance()
        for bytes in [10, 20, 20, 30, 30, 30, 30, 30] as [Int64] {
            let more = perseverance.mayGoOn(bytes)
            #expect(more)
        }
        let more = perseverance.mayGoOn(30)
        #expect(!more)
    }

    // MARK: - What is remembered and told

    private static func record(_ phase: AttachRecord.Phase) throws -> AttachRecord {
        var contents = JobContents()
        contents.driver = "/r/d.run"
        return AttachRecord(
            runID: "root-gpu1-22-1",
            job: AttachJob(target: try #require(AttachTarget("root@gpu1")), contents: contents),
            user: "root", endpoint: endpoint,
            inputs: AttachInputs(
                recipe: Samples.recipe, payloads: [PayloadFolder.placed(payload("d.run"))], sources: ["/r/d.run"],
                agentPath: "/a", agentSHA256: "a1", warnings: ["w"]),
            survey: MachineSurvey(answer), phase: phase, startedAt: 1000, hostKey: shown)
    }

    @Test func aRunIsRememberedByItsMachine() throws {
        let state = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: state) }
        let folder = RunFolder(state: state, machine: "root@gpu1:22")
        #expect(folder.path != RunFolder(state: state, machine: "root@gpu1:23").path)
        // The agent takes no other characters in a run's name.
        #expect(folder.runID.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) })
        try folder.create()
        #expect(try folder.loadAttachment() == nil)
        try folder.save(try Self.record(.provisioning))
        let read = try #require(try folder.loadAttachment())
        #expect(read.phase == .provisioning)
        #expect(read.hostKey == Self.shown)
        #expect(read.job.target.host == "gpu1")
        // A run of an image is something else.
        #expect(try folder.load() == nil)
        try folder.write(Data(#"{"schema": 99}"#.utf8), to: folder.attachmentPath)
        #expect(#expect(throws: Failure.self) { try folder.loadAttachment() }?.code == .runDiffers)
    }

    @Test func theReportSaysWhatMachineItWas() throws {
        var record = try Self.record(.ended)
        record.outcome = .provisioned
        record.bytesSent = 5
        func report(_ record: AttachRecord, _ failures: [Failure] = []) -> Report {
            AttachReportBuilder(
                record: record,
                journal: Samples.journal([
                    .inspected(Samples.facts), .stepVerified(.driver, evidence: ["x"]), .finished(succeeded: true),
                ]), failures: failures, finishedAt: 1100, hostKernel: "6.1", folder: "/runs/x"
            ).report()
        }
        let told = report(record)
        let attached = try #require(told.attached)
        #expect(attached.name == "gpu1")
        #expect(attached.virtualization == "none")
        #expect(attached.hostKey == "SHA256:new")
        #expect(attached.payloadFolder == nil)
        #expect(!attached.provenByReboot)
        #expect(told.schema == 3)
        #expect(told.image.path == "root@gpu1:22")
        #expect(told.vm.cpus == 2)
        #expect(told.warnings == ["w"])
        #expect(told.driver?.version == "470.256.02")
        #expect(try JSONDecoder().decode(Report.self, from: JSON.pretty(told)) == told)
        record.job.keepPayloads = true
        #expect(report(record).attached?.payloadFolder == PayloadFolder.path)
        record.job.keepPayloads = false
        let failure = Failure(.driverBuild, operation: "o", message: "m", remedy: "r", side: .guest)
        #expect(report(record, [failure]).attached?.payloadFolder == PayloadFolder.path)
        #expect(report(record, [failure]).outcome == .failed)
    }
}
