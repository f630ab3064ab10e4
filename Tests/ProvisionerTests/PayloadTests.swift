import Contract
import FoundationEssentials
import Glibc
import Runfiles
import Testing
import VirtualMachines

@testable import Provisioner

@Suite struct PayloadTests {
    static func runfile(_ name: String, _ kind: Runfile.Kind = .cuda) throws -> RunfileInput {
        let version = try #require(ToolVersion(String(name.split(separator: "_")[1])))
        return RunfileInput(
            runfile: Runfile(
                kind: kind, version: version, architecture: "x86_64", label: "", bundledDriver: nil, fileName: name,
                integrity: [], compression: nil, expectedSize: nil),
            file: PayloadInput(
                role: kind == .cuda ? .cuda : .cudaPatch, path: "/r/\(name)", fileName: name, size: 1,
                digest: PayloadDigest(sha256: name, headSHA256: "", tailSHA256: "")))
    }

    @Test func patchesFindTheirToolkitsInOrder() throws {
        let toolkits = try ["cuda_9.1.85_387.26_linux", "cuda_10.2.89_440.33.01_linux.run"].map { try Self.runfile($0) }
        let patches = try ["cuda_9.1.85.2_linux", "cuda_10.2.1_linux.run", "cuda_9.1.85.1_linux"].map {
            try Self.runfile($0, .cudaPatch)
        }
        let (inputs, problems) = ToolkitInput.matching(toolkits, patches: patches)
        #expect(problems.isEmpty)
        #expect(inputs.map(\.recipe.version) == ["9.1.85", "10.2.89"])
        #expect(
            inputs.map { $0.recipe.patches.map(\.fileName) } == [
                ["cuda_9.1.85.1_linux", "cuda_9.1.85.2_linux"], ["cuda_10.2.1_linux.run"],
            ])
        #expect(inputs[0].recipe.toolkitPath == "/usr/local/cuda-9.1")
    }

    @Test func whatDoesNotGoTogetherIsTold() throws {
        let toolkits = try ["cuda_11.4.4_470.82.01_linux.run", "cuda_11.4.2_470.57.02_linux.run"].map {
            try Self.runfile($0)
        }
        let patch = try Self.runfile("cuda_9.1.85.1_linux", .cudaPatch)
        let (inputs, problems) = ToolkitInput.matching(toolkits, patches: [patch, patch])
        #expect(inputs.count == 1)
        #expect(problems.count == 3)
        #expect(problems[0].message.contains("/usr/local/cuda-11.4"))
        #expect(problems[1].remedy.contains("CUDA 9.1.85 with --cuda"))
    }

    /// The same contents are the same archive, whenever and in whatever order they were written: its digest is the job's.
    @Test func aFolderIsPackedTheSameWay() async throws {
        let state = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: state) }
        var digests: [String] = []
        for (name, order) in [("a", ["b.deb", "a.deb"]), ("b", ["a.deb", "b.deb"])] {
            let folder = "\(state)/\(name)"
            try FileManager.default.createDirectory(atPath: "\(folder)/sub", withIntermediateDirectories: true)
            for file in order { try Data(file.utf8).write(to: URL(filePath: "\(folder)/\(file)")) }
            try FileManager.default.createSymbolicLink(atPath: "\(folder)/sub/link", withDestinationPath: "../a.deb")
            // A clone's history is left out.
            try FileManager.default.createDirectory(atPath: "\(folder)/.git", withIntermediateDirectories: true)
            try Data(name.utf8).write(to: URL(filePath: "\(folder)/.git/HEAD"))
            var times = [timespec(tv_sec: name == "a" ? 1 : 2, tv_nsec: 0), timespec(tv_sec: 3, tv_nsec: 0)]
            #expect(utimensat(AT_FDCWD, "\(folder)/a.deb", &times, 0) == 0)
            let survey = try FolderSurvey(folder, option: "--offline")
            #expect(survey.files == ["a.deb", "b.deb"])
            #expect(survey.folders == ["sub"])
            #expect(survey.bytes == 10)
            let archive = FolderArchive(store: "\(state)/store")
            let input = try await archive.pack(
                survey, as: .packages, digests: DigestCache(folder: "\(state)/digests"), operation: "test")
            #expect(input.fileName == "packages.tar")
            #expect(FileManager.default.fileExists(atPath: input.path))
            #expect(input.payload.location == .drive(serial: String(input.digest.sha256.prefix(20))))
            digests.append(input.digest.sha256)
        }
        #expect(digests[0] == digests[1])
        let archive = FolderArchive(store: "\(state)/store")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: archive.store).count == 1, "no temporary file stays")
        archive.prune(keeping: [])
        #expect(!FileManager.default.fileExists(atPath: archive.store))
    }

    @Test func whatNoArchiveCanKeepIsRefused() throws {
        let folder = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/out", withDestinationPath: "../../etc/passwd")
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/absolute", withDestinationPath: "/etc/passwd")
        try FileManager.default.createSymbolicLink(atPath: "\(folder)/nowhere", withDestinationPath: "not-there")
        #expect(mkfifo("\(folder)/pipe", 0o600) == 0)
        let failure = #expect(throws: Failure.self) { try FolderSurvey(folder, option: "--samples") }
        #expect(failure?.evidence.count == 3, "\(failure?.evidence ?? [])")
        #expect(failure?.evidence.contains { $0.hasPrefix("nowhere") } == false)
        #expect(throws: Failure.self) { try FolderSurvey("\(folder)/not-there", option: "--samples") }
    }

    @Test func suppliedFilesAreKnownByTheirFirstBytes() {
        #expect(SuppliedFile(prefix: [0x1f, 0x8b, 8]) == .archive)
        #expect(SuppliedFile(prefix: Array(repeating: 0, count: 257) + Array("ustar  ".utf8)) == .archive)
        let elf: [UInt8] = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0] + Array(repeating: 0, count: 8) + [2, 0, 62, 0]
        #expect(SuppliedFile(prefix: elf) == .program)
        var arm = elf
        arm[18] = 183
        for prefix in [arm, Array("PK\u{3}\u{4}".utf8), [], Array("#!/bin/sh".utf8)] {
            guard case .other = SuppliedFile(prefix: prefix) else {
                Issue.record("\(prefix) is taken")
                continue
            }
        }
        #expect(PackageKind(fileName: "gcc_12_amd64.deb") == .deb)
        #expect(PackageKind(fileName: "gcc-12-1-x86_64.pkg.tar.zst") == .arch)
        #expect(PackageKind(fileName: "gcc-12-1-x86_64.pkg.tar.zst.sig") == nil)
        #expect(PackageKind(fileName: "Packages.gz") == nil)
    }

    @Test func signingFilesAreJudgedByTheirText() {
        func key(_ text: String) -> String? { SigningFile.problem(ofKey: Array(text.utf8))?.message }
        #expect(key("-----BEGIN PRIVATE KEY-----\nMII\n") == nil)
        #expect(key("Bag Attributes\n-----BEGIN RSA PRIVATE KEY-----\nMII\n") == nil)
        #expect(key("-----BEGIN ENCRYPTED PRIVATE KEY-----\n")?.contains("encrypted") == true)
        #expect(
            key("-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n")?.contains("encrypted") == true)
        #expect(key("-----BEGIN OPENSSH PRIVATE KEY-----\n")?.contains("OpenSSH") == true)
        #expect(key("-----BEGIN CERTIFICATE-----\n")?.contains("certificate") == true)
        #expect(key("hello") != nil)
        #expect(SigningFile.problem(ofCertificate: [0x30, 0x82, 3, 0]) == nil)
        #expect(SigningFile.problem(ofCertificate: Array("-----BEGIN CERTIFICATE-----\n".utf8)) == nil)
        #expect(SigningFile.problem(ofCertificate: Array("-----BEGIN PRIVATE KEY-----\n".utf8)) != nil)
    }

    @Test func optionsThatDoNotGoTogetherAreToldAtOnce() throws {
        var contents = JobContents()
        #expect(contents.problems().count == 1)
        contents.kernelModules = .open
        contents.persistenceDaemon = true
        contents.samples = "/s"
        contents.updatePackages = true
        contents.keepKernel = true
        contents.offlinePackages = "/o"
        #expect(contents.problems().count == 6)
        // A sampler alone is something to install; nvidia-smi cannot be asked at every interval.
        contents.telemetry = TelemetryRecipe(intervalSeconds: 0.5)
        #expect(contents.problems().count == 5)
        contents.telemetry?.intervalSeconds = 0
        #expect(contents.problems().count == 6)
        contents.undo = UndoRecipe()
        #expect(contents.problems().isEmpty)
        #expect(contents.moduleProblem(driver: try #require(ToolVersion("470.256.02")))?.code == .optionInvalid)
        #expect(contents.moduleProblem(driver: try #require(ToolVersion("515.43.04"))) == nil)
        contents.kernelModules = .proprietary
        #expect(contents.moduleProblem(driver: try #require(ToolVersion("390.42"))) == nil)
    }
}

/// The preflight as a whole, on files of its own.
@Suite struct PreflightTests {
    @Test func everyFileIsLookedAtAndAllIsToldAtOnce() async throws {
        let folder = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func write(_ name: String, _ text: String) throws -> String {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
            return "\(folder)/\(name)"
        }
        for name in ["mixed", "empty", "samples"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        _ = try write("mixed/a.deb", "a")
        _ = try write("mixed/a.rpm", "a")
        var job = Samples.job(image: "\(folder)/no-image.qcow2", output: "\(folder)/out.qcow2")
        job.contents.driver = nil
        job.contents.cuda = [try write("cuda_1_2_linux.run", "<html>")]
        job.contents.offlinePackages = "\(folder)/mixed"
        job.contents.samples = "\(folder)/samples"
        job.contents.nvbandwidth = try write("nvbandwidth", "#!/bin/sh")
        job.contents.signing = JobContents.Signing(
            key: try write("key.pem", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"),
            certificate: try write("certificate.pem", "-----BEGIN PRIVATE KEY-----\n"))
        let failures = await #expect(throws: Failures.self) {
            try await Preflight.prepare(
                job, context: JobContext(licencesAccepted: false, progress: { _ in }), cache: "\(folder)/state",
                store: "\(folder)/store", standing: Preflight.Standing())
        }
        let messages = (failures?.all ?? []).map(\.message)
        for words in [
            "no-image.qcow2", "licences", "HTML page", "several kinds: .deb, .rpm", "holds no sample deviceQuery",
            "nvbandwidth is neither", "key.pem is encrypted", "certificate.pem is a private key",
            "--module-signing-key is about the driver",
        ] {
            #expect(messages.contains { $0.contains(words) }, "\(words) is not told: \(messages)")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/store"), "nothing is packed in vain")
    }

    @Test func foldersBecomeDrivesAndPartOfTheJob() async throws {
        let folder = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: "\(folder)/offline", withIntermediateDirectories: true)
        try Data("a".utf8).write(to: URL(filePath: "\(folder)/offline/a.deb"))
        var job = Samples.job()
        job.contents = JobContents()
        job.contents.offlinePackages = "\(folder)/offline"
        let preflight = Preflight(
            job: job, context: JobContext(licencesAccepted: true, progress: { _ in }), cache: "\(folder)/state",
            store: "\(folder)/store", standing: Preflight.Standing())
        var inputs = try await preflight.lookAtPayloads()
        #expect(inputs.payloads.all.isEmpty)
        #expect(inputs.bytes == 1)
        try await preflight.pack(&inputs)
        #expect(preflight.failures.isEmpty)
        let drive = try #require(inputs.payloads.all.first?.drive)
        #expect(drive.path.hasPrefix("\(folder)/store/"))
        let recipe = inputs.payloads.recipe(job.contents, gpus: [.simulated], growRootFilesystem: false)
        #expect(recipe.offlinePackages?.fileName == "packages.tar")
        #expect(recipe.offlinePackages?.sha256.hasPrefix(drive.serial) == true)
    }
}
