import Contract
import Guest
import GuestFakes
import Synchronization
import Testing

@testable import Provisioning

/// Several toolkits, patches, the link, and what is written down for an undo.
@Suite struct ToolkitTests {
    static let twelve = CUDARecipe(version: "12.4.1", sha256: "t", toolkitPath: "/usr/local/cuda-12.4", samples: false)
    static let nine = CUDARecipe(
        version: "9.1.85", sha256: "n", toolkitPath: "/usr/local/cuda-9.1", samples: false,
        patches: [
            PayloadIdentity(fileName: "cuda_9.1.85.1_linux", sha256: "p1"),
            PayloadIdentity(fileName: "cuda_9.1.85.2_linux", sha256: "p2"),
        ])

    static func payload(_ role: Payload.Role, _ name: String, _ sha256: String) -> Payload {
        Payload(
            role: role, fileName: name, size: 5, sha256: sha256, headSHA256: "aa", tailSHA256: "aa",
            location: .file(path: "/payload/\(name)"))
    }

    /// A guest in which installers do what they do, as far as files go.
    final class Machine: Sendable {
        let fake: FakeRoot
        let runner: FakeRunner
        let plan: Plan
        let events = Mutex<[Event]>([])

        init(_ toolkits: [CUDARecipe], _ files: [String: String] = [:]) throws {
            let names = [
                "cuda_12.4.1_550.54.15_linux.run", "cuda_9.1.85_387.26_linux", "cuda_9.1.85.1_linux",
                "cuda_9.1.85.2_linux",
            ]
            fake = try FakeRoot(
                [
                    "/etc/os-release": "ID=debian\n", "/var/tmp/x": "", "/run/x": "", "/usr/local/x": "",
                    "/usr/bin/gcc": "", "/usr/bin/g++": "",
                ].merging(Dictionary(uniqueKeysWithValues: names.map { ("/payload/\($0)", "hello") })) { $1 }
                    .merging(files) { $1 }, inMemory: false)
            plan = Plan(
                runID: "r", recipe: Recipe(gpus: [.simulated], toolkits: toolkits),
                payloads: [
                    ToolkitTests.payload(.cuda, names[0], "t"), ToolkitTests.payload(.cuda, names[1], "n"),
                    ToolkitTests.payload(.cudaPatch, names[2], "p1"), ToolkitTests.payload(.cudaPatch, names[3], "p2"),
                ])
            let root = fake.root
            try StateFolder(root).create()
            runner = FakeRunner([
                "sh -c": FakeRunner.says("aa  -\n"),
                "gcc -dumpversion": FakeRunner.says("6\n"),
                "/usr/local/cuda-12.4/bin/nvcc --version": FakeRunner.says("tools, release 12.4, V12.4.131\n"),
                "/usr/local/cuda-9.1/bin/nvcc --version": FakeRunner.says("tools, release 9.1, V9.1.85\n"),
                "sh /payload/cuda_12.4.1": Machine.installer("/usr/local/cuda-12.4", root),
                "sh /payload/cuda_9.1.85_": Machine.installer("/usr/local/cuda-9.1", root),
                "sh /payload/cuda_9.1.85.1": Machine.patch("/usr/local/cuda-9.1/lib64/libcublas.so.1", root),
                "sh /payload/cuda_9.1.85.2": Machine.patch("/usr/local/cuda-9.1/lib64/libcublas.so.2", root),
            ])
        }

        /// Takes /usr/local/cuda, as NVIDIA's do.
        static func installer(_ path: String, _ root: SystemRoot) -> FakeRunner.Answer {
            { _ in
                try root.createDirectory(path + "/bin")
                try root.createDirectory(path + "/lib64")
                try root.write("", to: path + "/bin/nvcc")
                try root.link("/usr/local/cuda", to: path)
                return CommandResult(.exited(0))
            }
        }

        /// Fails where a file /broken is there; where /newer is, it is the installer of 10.2's patches.
        static func patch(_ path: String, _ root: SystemRoot) -> FakeRunner.Answer {
            { command in
                if root.exists("/newer"), command.line.contains("--installdir") {
                    return CommandResult(.exited(1), output: "Unknown option: installdir\n")
                }
                if root.exists("/broken") { return CommandResult(.exited(1), output: "cannot patch\n") }
                try root.write("", to: path)
                return CommandResult(.exited(0))
            }
        }

        func context() -> StepContext {
            StepContext(guest: Guest(root: fake.root, runner: runner, architecture: "x86_64"), plan: plan) { event in
                self.events.withLock { $0.append(event) }
            }
        }

        /// Installs them all, as the list of steps has them.
        func install() async throws {
            for step in plan.steps where step.id.rawValue.hasPrefix("cuda-toolkit") {
                if needed(try await step.check(context())) { #expect(try await step.apply(context()) == .applied) }
                #expect(satisfied(try await step.check(context())))
            }
        }

        var installers: [String] { runner.ran.filter { $0.hasPrefix("sh /payload") } }
    }

    @Test func eachToolkitHasStepsOfItsOwn() {
        let plan = Plan(runID: "r", recipe: Recipe(gpus: [], toolkits: [Self.twelve, Self.nine]), payloads: [])
        #expect(
            plan.steps.map(\.id.rawValue).suffix(5) == [
                "cuda-toolkit", "cuda-toolkit-9.1.85", "environment", "prove-cuda", "prove-cuda-9.1.85",
            ])
    }

    @Test func aSecondToolkitDoesNotTakeTheLink() async throws {
        let machine = try Machine([Self.twelve, Self.nine])
        try await machine.install()
        let link = ToolkitLink(recipe: machine.plan.recipe)
        #expect(link.wanted(machine.fake.root) == Self.twelve.toolkitPath)
        try machine.fake.root.link(ToolkitLink.path, to: Self.twelve.toolkitPath)
        #expect(link.wanted(machine.fake.root) == nil)
    }

    @Test(arguments: ["/opt/users-cuda", "users-cuda"]) func theUsersLinkStays(_ target: String) async throws {
        let machine = try Machine([Self.twelve], ["/opt/users-cuda/x": "", "/usr/local/users-cuda/x": ""])
        // In a folder that is no root an absolute target dangles for the system, and not for SystemRoot's own way.
        try machine.fake.link(ToolkitLink.path, target)
        try await machine.install()
        #expect(machine.fake.root.linkTarget(ToolkitLink.path) == target)
        #expect(ToolkitLink(recipe: machine.plan.recipe).wanted(machine.fake.root) == nil)
    }

    /// The link of the user's that an interrupted installer took is still known.
    @Test func theUsersLinkOutlivesAnInterruption() async throws {
        let machine = try Machine([Self.twelve], ["/usr/local/users-cuda/x": ""])
        let root = machine.fake.root
        try machine.fake.link(ToolkitLink.path, "users-cuda")
        try ToolkitLink(recipe: machine.plan.recipe).remember(root)
        try InstallMarker(StepID.cudaToolkit).set(root, Self.twelve.toolkitPath)
        try root.createDirectory(Self.twelve.toolkitPath)
        try root.link(ToolkitLink.path, to: Self.twelve.toolkitPath)
        try await machine.install()
        #expect(root.linkTarget(ToolkitLink.path) == "users-cuda")
    }

    /// Killed after the installer, before the user's link was put back.
    @Test func theUsersLinkIsPutBackByTheNextAttempt() async throws {
        let machine = try Machine([Self.twelve], ["/usr/local/users-cuda/x": ""])
        let root = machine.fake.root
        try machine.fake.link(ToolkitLink.path, "users-cuda")
        try await machine.install()
        try root.write("users-cuda\n", to: ToolkitLink.kept)
        try root.link(ToolkitLink.path, to: Self.twelve.toolkitPath)
        try await machine.install()
        #expect(root.linkTarget(ToolkitLink.path) == "users-cuda" && !root.exists(ToolkitLink.kept))
        #expect(machine.installers.count == 1)
    }

    /// The uninstaller would take the user's files along; a link to a folder is a link.
    @Test(arguments: [true, false]) func undoTakesOutWhatItBrought(_ hasUsers: Bool) async throws {
        let machine = try Machine([Self.twelve], hasUsers ? ["/usr/local/cuda-12.4/notes/mine.txt": ""] : [:])
        let root = machine.fake.root
        try await machine.install()
        try root.link("/usr/local/cuda-12.4/include", to: "bin")
        try machine.fake.write("/usr/local/cuda-12.4/bin/cuda-uninstaller", "")
        try ToolkitManifest(recipe: Self.twelve).write(root)
        let toolkit = try #require(InstalledToolkit.all(root).first)
        #expect((toolkit.uninstaller(root) == nil) == hasUsers)
        guard hasUsers else { return }
        #expect(try await UndoToolkits().apply(machine.context()) == .applied)
        #expect(root.list("/usr/local/cuda-12.4") == ["notes"])
    }

    @Test func patchesAreAppliedInOrderAndOnce() async throws {
        let machine = try Machine([Self.nine])
        let preview = try await InstallCUDAToolkit(recipe: Self.nine).preview(machine.context())
        try await machine.install()
        try await machine.install()
        #expect(machine.installers.count == 3)
        #expect(
            machine.installers.suffix(2).map { $0.split(separator: " ").dropFirst().joined(separator: " ") } == [
                "/payload/cuda_9.1.85.1_linux --silent --accept-eula --installdir=/usr/local/cuda-9.1",
                "/payload/cuda_9.1.85.2_linux --silent --accept-eula --installdir=/usr/local/cuda-9.1",
            ])
        #expect(preview.filter { if case .run = $0 { true } else { false } }.count == 3)
        let evidence = try await InstallCUDAToolkit(recipe: Self.nine).verify(machine.context())
        #expect(evidence.contains("cuda_9.1.85.2_linux is applied"))
    }

    /// A patch that fails leaves the toolkit, and the next run begins with that patch.
    @Test func aPatchThatFailsIsRunAgainAlone() async throws {
        let machine = try Machine([Self.nine], ["/broken": ""])
        let step = InstallCUDAToolkit(recipe: Self.nine)
        let failure = await #expect(throws: Failure.self) { try await step.apply(machine.context()) }
        #expect(failure?.code == .cudaPatch && failure?.operation == "apply cuda_9.1.85.1_linux")
        try machine.fake.root.remove("/broken")
        try await machine.install()
        #expect(machine.installers.filter { $0.contains("cuda_9.1.85_387") }.count == 1)
    }

    @Test func triesTheOtherOptionsOfAPatch() async throws {
        let machine = try Machine([Self.nine], ["/newer": ""])
        try await machine.install()
        #expect(machine.installers.last?.hasSuffix("--silent --toolkit --toolkitpath=/usr/local/cuda-9.1") == true)
    }

    @Test func writesDownWhatItBrought() async throws {
        let machine = try Machine([Self.nine])
        try await machine.install()
        #expect(
            try machine.fake.root.text("/var/lib/gpu-guest-agent/toolkit-usr-local-cuda-9.1.files").lines.sorted() == [
                "/usr/local/cuda-9.1/", "/usr/local/cuda-9.1/bin/", "/usr/local/cuda-9.1/bin/nvcc",
                "/usr/local/cuda-9.1/lib64/", "/usr/local/cuda-9.1/lib64/libcublas.so.1",
                "/usr/local/cuda-9.1/lib64/libcublas.so.2",
            ])
    }

    /// What the user had in the folder is not ours.
    @Test func doesNotClaimTheUsersFiles() async throws {
        let machine = try Machine([Self.twelve], ["/usr/local/cuda-12.4/notes/mine.txt": ""])
        try await machine.install()
        let lines = try machine.fake.root.text(ToolkitManifest(recipe: Self.twelve).path).lines.sorted()
        #expect(
            lines == [
                "/usr/local/cuda-12.4/bin/", "/usr/local/cuda-12.4/bin/nvcc", "/usr/local/cuda-12.4/lib64/",
            ])
    }

    @Test func runsNoProgramWithoutADriver() async throws {
        let machine = try Machine([Self.twelve])
        try await machine.install()
        let evidence = try await ProveCUDA(recipe: Self.twelve).verify(machine.context())
        #expect(evidence.last == "no GPU program was run: there is no driver in this machine")
    }
}

/// Samples and nvbandwidth that the user gives.
@Suite struct GivenSourcesTests {
    static let archive = PayloadIdentity(fileName: "cuda-samples.tar.gz", sha256: "0123456789abcdef")
    static let recipe = CUDARecipe(version: "12.8.1", sha256: "c", toolkitPath: "/usr/local/cuda-12.8", samples: false)

    /// `unpacked`: the archive's files, below its folder.
    static func bench(
        samples: [String], nvbandwidth: [String]? = nil, head: String = "hello",
        _ more: [String: FakeRunner.Answer] = [:]
    ) throws -> (FakeRoot, FakeRunner, StepContext) {
        let fake = try FakeRoot(
            [
                "/var/tmp/x": "", "/usr/local/x": "", "/usr/bin/gcc": "", "/usr/bin/g++": "", "/usr/bin/cmake": "",
                "/payload/a": head, "/proc/driver/nvidia/version": "x",
            ], inMemory: false)
        let root = fake.root
        try StateFolder(root).create()
        let answers: [String: FakeRunner.Answer] = [
            "sh -c": FakeRunner.says("aa  -\n"), "gcc -dumpversion": FakeRunner.says("12\n"),
            "/usr/local/cuda-12.8/bin/nvcc --version": FakeRunner.says("release 12.8, V12.8.93\n"),
            "tar -xf": { command in
                let target = command.arguments.last ?? ""
                for file in target.contains("nvbandwidth") ? nvbandwidth ?? [] : samples {
                    try fake.write("\(target)/\(file)", "")
                }
                return CommandResult(.exited(0))
            },
            "cmake --build .": { command in
                let name = command.directory.contains("deviceQuery") ? "deviceQuery" : "nvbandwidth"
                try fake.write("\(command.directory)/\(name)", "")
                return CommandResult(.exited(0))
            },
            "cmake /": FakeRunner.says("-- Configuring done\n"),
            "make -C": { command in
                let folder = command.arguments[2]
                try fake.write("\(folder)/\(folder.split(separator: "/").last ?? "")", "")
                return CommandResult(.exited(0))
            },
            "/var/lib/gpu-guest-agent/sources/samples": FakeRunner.says("Detected 1 CUDA\nResult = PASS\n"),
        ]
        let runner = FakeRunner(answers.merging(more) { $1 })
        let payload = Payload(
            role: .samples, fileName: "a", size: 5, sha256: Self.archive.sha256, headSHA256: "aa", tailSHA256: "aa",
            location: .file(path: "/payload/a"))
        var second = payload
        second.role = .nvbandwidth
        let plan = Plan(
            runID: "r",
            recipe: Recipe(
                gpus: [.simulated], toolkits: [Self.recipe], samples: Self.archive,
                nvbandwidth: nvbandwidth.map { _ in Self.archive }), payloads: [payload, second])
        return (
            fake, runner,
            StepContext(guest: Guest(root: root, runner: runner, architecture: "x86_64"), plan: plan) { _ in }
        )
    }

    @Test(arguments: [
        ["cuda-samples-12.8/Samples/1_Utilities/deviceQuery/CMakeLists.txt"],
        ["deviceQuery/CMakeLists.txt", "README.md"],
    ])
    func buildsByCMake(_ files: [String]) async throws {
        let (_, runner, context) = try Self.bench(samples: files)
        let evidence = try await ProveCUDA(recipe: Self.recipe).verify(context)
        #expect(evidence.contains("deviceQuery: exit status 0, Result = PASS"))
        #expect(evidence.contains { $0.hasPrefix("bandwidthTest is not among the samples") })
        #expect(runner.ran.contains { $0.contains("-DCMAKE_CUDA_COMPILER=/usr/local/cuda-12.8/bin/nvcc") })
        _ = try await ProveCUDA(recipe: Self.recipe, builds: false).verify(context)
        #expect(runner.ran.filter { $0.hasPrefix("tar") }.count == 1)
    }

    @Test func buildsByMake() async throws {
        let top = "cuda-samples-12.4/Samples/1_Utilities"
        let (_, runner, context) = try Self.bench(samples: [
            "\(top)/deviceQuery/Makefile", "\(top)/bandwidthTest/Makefile",
        ])
        let evidence = try await ProveCUDA(recipe: Self.recipe).verify(context)
        #expect(evidence.filter { $0.hasSuffix("Result = PASS") }.count == 2)
        #expect(!runner.ran.contains { $0.hasPrefix("cmake") })
    }

    @Test func saysThatCMakeIsMissing() async throws {
        let (fake, _, context) = try Self.bench(samples: ["deviceQuery/CMakeLists.txt"])
        try fake.root.remove("/usr/bin/cmake")
        let failure = await #expect(throws: Failure.self) { try await ProveCUDA(recipe: Self.recipe).verify(context) }
        #expect(failure?.code == .prerequisites && failure?.message.contains("CMake is missing") == true)
    }

    @Test func saysThatThereAreNoSamples() async throws {
        let (_, _, context) = try Self.bench(samples: ["README.md"])
        let failure = await #expect(throws: Failure.self) { try await ProveCUDA(recipe: Self.recipe).verify(context) }
        #expect(failure?.code == .cudaSamples && failure?.evidence.contains { $0.hasSuffix("README.md") } == true)
    }

    static let measured =
        "nvbandwidth Version: v0.5\nRunning host_to_device_memcpy_ce.\n 0 25.17\nSUM host_to_device_memcpy_ce 25.17\n"

    @Test(arguments: [("--json  Print", true), ("--verbose", false)]) func buildsAndRunsNVBandwidth(
        _ help: String, _ json: Bool
    ) async throws {
        let (_, runner, context) = try Self.bench(
            samples: ["deviceQuery/Makefile"], nvbandwidth: ["nvbandwidth-0.8/CMakeLists.txt"],
            [
                "/var/lib/gpu-guest-agent/sources/nvbandwidth": { command in
                    command.line.hasSuffix("--help")
                        ? CommandResult(.exited(1), output: help) : CommandResult(.exited(0), output: Self.measured)
                }
            ])
        let evidence = try await ProveCUDA(recipe: Self.recipe).verify(context)
        #expect(evidence.contains("nvbandwidth: host_to_device_memcpy_ce 25.17 GB/s"))
        #expect(runner.ran.last?.hasSuffix("/build/nvbandwidth -j") == json)
    }

    @Test func nvbandwidthThatMeasuresNothingIsNoProof() async throws {
        let (_, _, context) = try Self.bench(
            samples: ["deviceQuery/Makefile"], nvbandwidth: ["CMakeLists.txt"],
            ["/var/lib/gpu-guest-agent/sources/nvbandwidth": FakeRunner.says("nvbandwidth Version: v0.5\n")])
        let failure = await #expect(throws: Failure.self) { try await ProveCUDA(recipe: Self.recipe).verify(context) }
        #expect(failure?.code == .cudaProof)
    }
}
