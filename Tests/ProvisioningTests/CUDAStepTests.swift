import Contract
import Guest
import GuestFakes
import Synchronization
import SystemPackage
import Testing

@testable import Provisioning

@Suite struct CUDAStepTests {
    static let compilers = ["/usr/bin/gcc": "", "/usr/bin/gcc-11": "", "/usr/bin/g++-11": ""]
    static let twelve: [String: FakeRunner.Answer] = ["gcc -dumpversion": FakeRunner.says("12\n")]

    @Test func choosesTheNewestCompilerThatFits() async throws {
        let bench = try Bench(
            Self.compilers.merging(["/usr/bin/gcc-10": "", "/usr/bin/g++-10": ""]) { $1 }, Self.twelve)
        let compiler = try #require(try await HostCompiler.choose(for: Bench.cuda, bench.context()))
        #expect(compiler == HostCompiler(c: "/usr/bin/gcc-11", cxx: "/usr/bin/g++-11", isDefault: false, fits: true))
        let path = try compiler.searchPath(bench.context())
        #expect(path["PATH"]?.hasPrefix("/var/lib/gpu-guest-agent/compiler:") == true)
        #expect(bench.fake.root.linkTarget("/var/lib/gpu-guest-agent/compiler/gcc") == "/usr/bin/gcc-11")
    }

    @Test func asksForACompilerThatFits() async throws {
        let bench = try Bench(["/usr/bin/gcc": "", "/usr/bin/g++": ""], Self.twelve)
        #expect(try await HostCompiler.wanted(for: Bench.cuda, bench.context()) == 11)
        #expect(try await HostCompiler.choose(for: Bench.cuda, bench.context())?.fits == false)
    }

    @Test func aCompilerMayBeTooOld() async throws {
        let bench = try Bench(
            ["/usr/bin/gcc": "", "/usr/bin/g++": ""], ["gcc -dumpversion": FakeRunner.says("4.8.5\n")])
        #expect(try await HostCompiler.wanted(for: Bench.cuda, bench.context()) == 11)
        #expect(try await HostCompiler.choose(for: Bench.cuda, bench.context())?.fits == false)
    }

    static let sample = "/usr/local/cuda-11.4/samples/NVIDIA_CUDA-11.4_Samples/1_Utilities"

    @Test func readsReleaseVersionAndSamples() async throws {
        let nvcc: [String: FakeRunner.Answer] = [
            "/usr/local/cuda-11.4/bin/nvcc --version": FakeRunner.says(
                "Cuda compilation tools, release 11.4, V11.4.152\n")
        ]
        let step = InstallCUDAToolkit(recipe: Bench.cuda)
        let files = [
            "/usr/local/cuda-11.4/bin/nvcc": "",
            "/usr/local/cuda-11.4/version.json": "{\n\"version\" : \"11.4.20210623\"}",
            Self.sample + "/deviceQuery/Makefile": "",
        ]
        #expect(satisfied(try await step.check(try Bench(files, nvcc).context())))
        var other = files
        other["/usr/local/cuda-11.4/version.json"] = "{\"version\" : \"11.2.20210623\"}"
        #expect(needed(try await step.check(try Bench(other, nvcc).context())))
        #expect(needed(try await step.check(try Bench().context())))

        // The user's own, without samples, is not installed over.
        var bare = files
        bare[Self.sample + "/deviceQuery/Makefile"] = nil
        let users = try Bench(bare, nvcc)
        #expect(satisfied(try await step.check(users.context())))
        try StateFolder(users.fake.root).create()
        try ToolkitStamp(recipe: Bench.cuda).write(users.fake.root)
        #expect(needed(try await step.check(users.context())))

        let bench = try Bench(files, nvcc)
        var older = Bench.cuda
        older.version = "11.4.1"
        try StateFolder(bench.fake.root).create()
        try ToolkitStamp(recipe: older).write(bench.fake.root)
        #expect(needed(try await step.check(bench.context())))
        try ToolkitStamp(recipe: Bench.cuda).write(bench.fake.root)
        #expect(satisfied(try await step.check(bench.context())))
    }

    @Test(
        arguments: [
            ("CUDA Version 11.0.228\n", "11.0", true), ("{\"cuda\" : {\n\"version\" : \"12.1.20230222\"", "12.1", true),
            ("CUDA Version 11.0.228\n", "1.0", false), ("CUDA Version 11.10.1\n", "11.1", false), ("", "11.1", false),
        ] as [(String, String, Bool)])
    func readsDatedVersions(_ text: String, _ release: String, _ named: Bool) {
        #expect((InstallCUDAToolkit.line(naming: release, in: text) != nil) == named)
    }

    @Test(
        arguments: [
            ("Detected 1 CUDA Capable device(s)\nResult = PASS\n", 0, nil),
            ("cudaGetDeviceCount returned 999\n-> unknown error\nResult = FAIL\n", 1, "nvidia-uvm"),
            ("no result\n", 0, ""),
        ] as [(String, Int32, String?)])
    func provesBySamples(_ output: String, _ status: Int32, _ words: String?) async throws {
        let bench = try Bench(
            [Self.sample + "/deviceQuery/deviceQuery": "", Self.sample + "/bandwidthTest/bandwidthTest": ""],
            [
                "/usr/local/cuda-11.4/bin/nvcc --version": FakeRunner.says("release 11.4, V11.4.152\n"),
                Self.sample: FakeRunner.says(output, status: status),
            ])
        let step = ProveCUDA(recipe: Bench.cuda)
        guard let words else {
            #expect(try await step.verify(bench.context()).contains("deviceQuery: exit status 0, Result = PASS"))
            return
        }
        let failure = await #expect(throws: Failure.self) { try await step.verify(bench.context()) }
        #expect(failure?.code == .cudaProof && failure?.message.contains(words) == true)
    }

    static let runs: [String: FakeRunner.Answer] = [
        "/usr/local/cuda-11.4/bin/nvcc --version": FakeRunner.says("release 11.4, V11.4.152\n"),
        sample: FakeRunner.says("Result = PASS\n"),
    ]

    /// What make was writing when it was interrupted is made again, and only then.
    @Test func rebuildsAnInterruptedSample() async throws {
        let bench = try Bench(
            Self.compilers.merging([
                Self.sample + "/deviceQuery/deviceQuery": "", Self.sample + "/bandwidthTest/bandwidthTest": "",
            ]) { $1 }, Self.runs.merging(Self.twelve.merging(["make -C": FakeRunner.says("")]) { $1 }) { $1 })
        let root = bench.fake.root
        try StateFolder(root).create()
        try InstallMarker(name: "sample-bandwidthTest").set(root)
        let failure = await #expect(throws: Failure.self) {
            try await ProveCUDA(recipe: Bench.cuda, builds: false).verify(bench.context())
        }
        #expect(failure?.code == .cudaSamples)
        _ = try await ProveCUDA(recipe: Bench.cuda).verify(bench.context())
        let makes = bench.runner.ran.filter { $0.hasPrefix("make") }
        #expect(makes.count == 2 && makes[0].hasSuffix("bandwidthTest clean") && makes[1].contains("HOST_COMPILER"))
        #expect(!InstallMarker(name: "sample-bandwidthTest").isSet(root))
    }

    @Test(arguments: [true, false]) func neverSkipsASample(_ builds: Bool) async throws {
        let bench = try Bench([Self.sample + "/deviceQuery/deviceQuery": ""], Self.runs)
        let failure = await #expect(throws: Failure.self) {
            try await ProveCUDA(recipe: Bench.cuda, builds: builds).verify(bench.context())
        }
        #expect(failure?.code == .cudaSamples && failure?.message.contains("bandwidthTest") == true)
    }

    @Test func saysWhereNoProgramWasRun() async throws {
        let recipe = CUDARecipe(version: "12.1.1", sha256: "", toolkitPath: "/usr/local/cuda-11.4", samples: false)
        let evidence = try await ProveCUDA(recipe: recipe).verify(try Bench([:], Self.runs).context())
        #expect(evidence.contains { $0.contains("gpu-probe is the proof") })
    }

    @Test(
        arguments: [
            ("/usr/local/cuda-11.4/lib64/libcudart.so.11.0", true), ("/usr/local/cuda/lib64/libcudart.so.11.0", true),
            ("/usr/local/cuda-11.40/lib64/libcudart.so.11.0", false), ("/usr/lib/libcudart.so.9.1", false),
        ])
    func wantsItsOwnRuntime(_ path: String, _ good: Bool) async throws {
        let bench = try Bench(
            [:],
            [
                "ldconfig -p": FakeRunner.says("\tlibcudart.so (libc6,x86-64) => \(path)\n"),
                "bash -lc": FakeRunner.says("/usr/local/cuda-11.4/bin/nvcc\n"),
            ])
        try bench.fake.link("/usr/local/cuda", "/usr/local/cuda-11.4")
        let evidence = try? await SetUpEnvironment(recipe: bench.plan.recipe).verify(bench.context())
        #expect((evidence != nil) == good)
    }

    static let environment: [String: FakeRunner.Answer] = twelve.merging([
        "ldconfig": FakeRunner.says(
            "\tlibcudart.so.11.0 => /usr/local/cuda-11.4/lib64/x\n\tlibcudart.so.9.1 => /opt/cuda-9.1/lib64/x\n"),
        "bash -lc": FakeRunner.says("Welcome\n/usr/local/cuda-11.4/bin/nvcc\n"),
        "systemctl daemon-reload": FakeRunner.says(""),
        "systemctl show-environment": FakeRunner.says("LANG=C\nPATH=/usr/local/bin:/usr/bin:/opt/user/bin\n"),
    ]) { $1 }

    @Test func setsUpTheEnvironmentWithoutStubs() async throws {
        let bench = try Bench(
            Self.compilers.merging([
                "/etc/profile.d/x": "", "/etc/ld.so.conf.d/x": "", "/usr/local/cuda-11.4/bin/nvcc": "",
                "/etc/systemd/system.conf": "",
            ]) { $1 }, Self.environment)
        var recipe = bench.plan.recipe
        recipe.toolkits.append(
            CUDARecipe(version: "9.1.85", sha256: "n", toolkitPath: "/opt/cuda-9.1", samples: false))
        let root = bench.fake.root
        let step = SetUpEnvironment(recipe: recipe)
        let context = bench.context()
        #expect(needed(try await step.check(context)))
        let preview = try await step.preview(context)
        #expect(try await step.apply(context) == .applied)
        #expect(satisfied(try await step.check(context)))
        for case .write(let path, let text) in preview { #expect(try root.text(path) == text) }
        #expect(preview.contains(.run("ln -s /usr/local/cuda-11.4 /usr/local/cuda")))
        #expect(try root.text(SetUpEnvironment.profile).contains("-ccbin /usr/bin/g++-11"))
        #expect(try root.text(SetUpEnvironment.cshProfile).contains("setenv PATH /usr/local/cuda-11.4/bin:${PATH}"))
        #expect(try root.text(SetUpEnvironment.loader) == "/usr/local/cuda-11.4/lib64\n/opt/cuda-9.1/lib64\n")
        #expect(
            try root.text(SetUpEnvironment.services).contains(
                "DefaultEnvironment=\"PATH=/usr/local/bin:/usr/bin:/opt/user/bin:/usr/local/cuda-11.4/bin\"\n"))
        #expect(root.linkTarget("/usr/local/cuda") == "/usr/local/cuda-11.4")
    }

    /// What systemd says once it knows our file is no other file.
    @Test func servicesPathIsStable() async throws {
        let files = ["/etc/systemd/system.conf": "", "/etc/profile.d/x": "", "/etc/ld.so.conf.d/x": ""]
        let again = Self.environment.merging([
            "systemctl show-environment": FakeRunner.says("PATH=/usr/bin:/usr/local/cuda-11.4/bin\n")
        ]) { $1 }
        let bench = try Bench(Self.compilers.merging(files) { $1 }, again)
        try bench.fake.root.createDirectory("/usr/local/cuda-11.4")
        let step = SetUpEnvironment(recipe: bench.plan.recipe)
        _ = try await step.apply(bench.context())
        #expect(
            try bench.fake.root.text(SetUpEnvironment.services).contains("PATH=/usr/bin:/usr/local/cuda-11.4/bin\""))
        #expect(satisfied(try await step.check(bench.context())))
    }

    @Test func saysThatALoginShellFindsNothing() async throws {
        let bench = try Bench(
            [:], Self.environment.merging(["bash -lc": FakeRunner.says("", status: 1)]) { $1 })
        let failure = await #expect(throws: Failure.self) {
            try await SetUpEnvironment(recipe: bench.plan.recipe).verify(bench.context())
        }
        #expect(failure?.message.contains("login shell") == true)
    }

    @Test func toolsetsOfRedHatsKinAreCompilers() async throws {
        let folder = "/opt/rh/gcc-toolset-11/root/usr/bin"
        let bench = try Bench(
            ["/usr/bin/gcc": "", "/usr/bin/g++": "", folder + "/gcc": "", folder + "/g++": ""], Self.twelve)
        let compiler = try #require(try await HostCompiler.choose(for: Bench.cuda, bench.context()))
        #expect(compiler.cxx == folder + "/g++" && compiler.fits && !compiler.isDefault)
    }
}
