import Contract
import GPUReadings
import Guest
import GuestFakes
import Probe
import SystemPackage
import Testing

@testable import Provisioning

/// The step, with a program that is told what to say.
@Suite struct GPUProbeStepTests {
    static let passing =
        "{\"gpu_probe\": 1, \"driver_api_version\": \"12.4\", \"devices\": [{\"name\": \"A\", \"pci_bus_id\": \"0000:00:16.0\","
        + " \"copies\": [{\"kind\": \"host-to-device\", \"bytes\": 8, \"gigabytes_per_second\": 12.34, \"verified\": true}]}],"
        + " \"result\": \"pass\"}"

    static func bench(_ output: String, status: Int32 = 0, compiles: Bool = true) throws -> Bench {
        let bench = try Bench(
            ["/usr/bin/gcc": ""],
            [
                "gcc -std=gnu99": FakeRunner.says(compiles ? "" : "x.c:1:2: error: no\n", status: compiles ? 0 : 1),
                GPUProbe.program: FakeRunner.says(output, status: status),
            ])
        try StateFolder(bench.fake.root).create()
        try bench.fake.root.createDirectory(GPUProbe.folder)
        try bench.fake.write(GPUProbe.program + ".new", "")
        return bench
    }

    @Test func compilesOnceAndProves() async throws {
        let bench = try Self.bench(Self.passing)
        let evidence = try await GPUProbe().verify(bench.context())
        #expect(evidence.contains { $0.contains("host to device 12.3 GB/s") })
        _ = try await GPUProbe(builds: false).verify(bench.context())
        #expect(bench.runner.ran.filter { $0.hasPrefix("gcc") }.count == 1)
        #expect(try bench.fake.root.text(GPUProbe.source) == Probe.source)
        try bench.fake.write(GPUProbe.source, "an older agent's")
        try bench.fake.write(GPUProbe.program + ".new", "")
        _ = try await GPUProbe().verify(bench.context())
        #expect(bench.runner.ran.filter { $0.hasPrefix("gcc") }.count == 2)
    }

    @Test(arguments: [
        (803, "libcuda"), (100, "CUDA sees no device"), (999, "nvidia-uvm"), (802, "fabric"),
        (2, "A call of CUDA failed"),
    ])
    func explainsNumbers(_ code: Int, _ words: String) async throws {
        let bench = try Self.bench(
            "{\"gpu_probe\": 1, \"result\": \"fail\", \"errors\": [{\"call\": \"cuInit\", \"code\": \(code), \"name\": \"N\","
                + " \"text\": \"libcuda's words\"}]}", status: 1)
        let failure = await #expect(throws: Failure.self) { try await GPUProbe().verify(bench.context()) }
        #expect(failure?.code == .gpuProbe && failure?.message.contains(words) == true, "\(failure?.message ?? "")")
        #expect(failure?.evidence.first == "cuInit returned \(code) (N): libcuda's words")
    }

    @Test(
        arguments: [
            ("{\"gpu_probe\": 1, \"result\": \"pass\", \"devices\": []}", 0, "0 of 1"),
            ("Segmentation fault\n", 139, "no answer"), ("{\"gpu_probe\": 1, \"result\": \"pass\"", 0, "no answer"),
            (passing, 1, "did not pass"),
        ] as [(String, Int32, String)])
    func neverBelievesHalfAnAnswer(_ output: String, _ status: Int32, _ words: String) async throws {
        let bench = try Self.bench(output, status: status)
        let failure = await #expect(throws: Failure.self) { try await GPUProbe().verify(bench.context()) }
        #expect(failure?.code == .gpuProbe && failure?.message.contains(words) == true, "\(failure?.message ?? "")")
    }

    /// A card that is cut up is one device, however many cards there are.
    @Test func countsNoInstances() async throws {
        let bench = try Self.bench("{\"gpu_probe\": 1, \"result\": \"pass\", \"devices\": [{\"mig\": true}]}")
        _ = try await GPUProbe().verify(bench.context())
    }

    @Test func saysThatItDoesNotCompile() async throws {
        let bench = try Self.bench("", compiles: false)
        let failure = await #expect(throws: Failure.self) { try await GPUProbe().verify(bench.context()) }
        #expect(failure?.evidence.contains("x.c:1:2: error: no") == true)
        let later = await #expect(throws: Failure.self) { try await GPUProbe(builds: false).verify(bench.context()) }
        #expect(later?.message.contains("not built") == true)
    }
}

/// The program itself, compiled here and run on the simulated libcuda, whole and broken in several ways.
@Suite struct GPUProbeProgramTests {
    /// Compiles program and library into a folder and runs it there.
    static func run(_ shim: String = "#include \"libcuda.c\"\n", _ arguments: [String] = []) async throws
        -> CommandResult
    {
        let fake = try FakeRoot(["/x": ""], inMemory: false)
        let folder = fake.root.prefix.string
        let here = FilePath(#filePath).removingLastComponent().removingLastComponent().removingLastComponent()
        try fake.write("/gpu-probe.c", Probe.source)
        try fake.write("/shim.c", shim)
        try fake.write("/drivers/0000:00:16.0", "")
        let runner = SubprocessCommandRunner()
        let strict = ["cc", "-std=gnu99", "-O2", "-Wall", "-Wextra", "-Werror"]
        for command in [
            strict + ["-o", "gpu-probe", "gpu-probe.c", "-ldl"],
            strict + [
                "-shared", "-fPIC", "-DDRIVER_CUDA=12040", "-DDRIVERS=\"\(folder)/drivers\"",
                "-I\(here.string)/Fixtures/simulated/runfiles/driver", "-Wl,-soname,libcuda.so.1", "-o", "libcuda.so.1",
                "shim.c",
            ],
        ] {
            let result = try await runner.run(Command(command, directory: folder, mergesErrors: true))
            #expect(result.succeeded, "\(result.output)")
        }
        return try await runner.run(
            Command(
                ["\(folder)/gpu-probe", "--bytes", "100003", "--repeat", "3"] + arguments,
                environment: ["LD_LIBRARY_PATH": folder]))
    }

    @Test func asksAndMeasures() async throws {
        let result = try await Self.run()
        let reading = try GPUProbeReading(parsing: result.output)
        #expect(result.succeeded && reading.passed == true && reading.driverVersion == "12.4")
        #expect(reading.devices.map(\.busID) == ["0000:00:16.0"])
        #expect(reading.devices[0].copies.map(\.transferBytes) == [100_003, 100_003, 100_003])
        #expect(reading.devices[0].copies.allSatisfy { $0.verified && $0.timedByEvents == true })
        #expect(reading.library?.hasSuffix("/libcuda.so.1") == true)
    }

    @Test func measuresOnlyWhereAsked() async throws {
        let reading = try GPUProbeReading(
            parsing: try await Self.run("#include \"libcuda.c\"\n", ["--no-copies"]).output)
        #expect(reading.passed == true && reading.devices[0].copies.isEmpty)
    }

    /// `name` is replaced by a function of the test's.
    static func replacing(_ name: String, _ function: String) -> String {
        "#define \(name) simulated_\(name)\n#include \"libcuda.c\"\n#undef \(name)\nresult \(name)\(function)\n"
    }

    @Test(arguments: [
        (replacing("cuInit", "(unsigned f) { (void)f; return 803; }"), "cuInit returned 803 (CUDA_ERROR_SYSTEM_DRIVER"),
        (
            replacing("cuInit", "(unsigned f) { (void)f; return 100; }"),
            "cuInit returned 100 (CUDA_ERROR_NO_DEVICE): no"
        ),
        (replacing("cuInit", "(unsigned f) { (void)f; return 999; }"), "cuInit returned 999 (CUDA_ERROR_UNKNOWN)"),
        (
            replacing("cuMemAllocHost_v2", "(void **m, size_t n) { (void)m, (void)n; return 2; }"),
            "cuMemAllocHost on device 0 returned 2 (CUDA_ERROR_OUT_OF_MEMORY)"
        ),
        (
            replacing(
                "cuMemcpyDtoDAsync_v2",
                "(pointer a, pointer b, size_t n, void *s) { (void)a, (void)b, (void)n, (void)s; return 0; }"),
            "compare on device 0: device-to-device: byte 0 of 100003"
        ),
        (
            replacing(
                "cuMemcpyHtoDAsync_v2",
                "(pointer a, const void *b, size_t n, void *s) { (void)s; return cuMemcpyHtoD_v2(a, b, n - 1); }"),
            "compare on device 0: host-to-device: byte 100002 of 100003"
        ),
        (replacing("cuInit", "(unsigned f) { (void)f; abort(); }"), "cuInit: killed by signal 6"),
        (
            replacing("cuCtxSynchronize", "(void) { for (;;) pause(); }"),
            "cuCtxSynchronize on device 0: no answer within 2"
        ),
        ("int nothing;\n", "dlsym: libcuda.so.1 has no cuInit"),
    ])
    func saysWhatIsWrong(_ shim: String, _ words: String) async throws {
        let result = try await Self.run(shim, ["--timeout", "2"])
        let reading = try GPUProbeReading(parsing: result.output)
        #expect(result.status == 1 && reading.passed == false)
        #expect(reading.troubles.first?.description.contains(words) == true, "\(result.output)")
    }

    @Test func fallsBackToTheClock() async throws {
        let shim = Self.replacing(
            "cuEventElapsedTime", "(float *m, void *a, void *b) { (void)m, (void)a, (void)b; return 1; }")
        let reading = try GPUProbeReading(parsing: try await Self.run(shim).output)
        #expect(reading.passed == true && reading.devices[0].copies.allSatisfy { $0.timedByEvents == false })
    }

    @Test(arguments: [["--bytes"], ["--bytes", "0"], ["--frobnicate"], ["--device", "x"]])
    func refusesOtherOptions(_ arguments: [String]) async throws {
        let result = try await Self.run("#include \"libcuda.c\"\n", arguments)
        #expect(result.status == 2)
        #expect(try GPUProbeReading(parsing: result.output).troubles.first?.call == "usage")
    }

    @Test func saysThatThereIsNoSuchDevice() async throws {
        let result = try await Self.run("#include \"libcuda.c\"\n", ["--device", "1"])
        #expect(result.status == 1)
    }
}
