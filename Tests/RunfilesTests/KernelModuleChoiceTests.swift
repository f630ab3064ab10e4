import Runfiles
import Testing

@Suite struct KernelModuleChoiceTests {
    /// Ids out of the tables of NVIDIA/nvidia-installer 590.48.01.
    @Test(
        arguments: [
            ("0191", 340, .proprietary), ("06d2", 390, .proprietary), ("06f1", 340, .proprietary),
            ("0ff2", 367, .proprietary), ("0ff6", 470, .proprietary), ("102d", 470, .proprietary),
            ("1091", 390, .proprietary), ("11bf", 367, .proprietary), ("11c0", 470, .proprietary),
            ("13f2", 580, .proprietary), ("1c82", 580, .proprietary), ("1db4", 580, .proprietary),
            ("1eb8", nil, .either), ("20b5", nil, .either), ("2331", nil, .either), ("2342", nil, .open),
            ("27b8", nil, .either), ("28f8", nil, .either), ("2901", nil, .open), ("2bb5", nil, .open),
        ] as [(String, Int?, GPUGeneration.KernelModules)])
    func devices(_ device: String, _ lastBranch: Int?, _ modules: GPUGeneration.KernelModules) throws {
        let generation = try #require(GPUGeneration.of(vendor: "10de", device: device))
        #expect(generation.lastBranch == lastBranch && generation.kernelModules == modules, "\(generation.name)")
    }

    @Test(arguments: [("10de", "0020"), ("10de", "0fc0"), ("10de", "zzzz"), ("8086", "1c82"), ("1234", "1111")])
    func strangers(_ vendor: String, _ device: String) {
        #expect(GPUGeneration.of(vendor: vendor, device: device) == nil)
    }

    enum Outcome: Equatable { case installer, open, proprietary, impossible }

    @Test(
        arguments: [
            // Nobody asked.
            ("390.42", nil, ["10de:1c82"], nil, .proprietary), ("580.65.06", nil, ["1234:11e8"], nil, .proprietary),
            ("580.65.06", nil, ["10de:20b5"], nil, .installer), ("550.54.14", nil, ["10de:20b5"], nil, .installer),
            ("580.65.06", nil, ["10de:20b5"], .open, .open), ("580.65.06", nil, ["10de:2901"], .proprietary, .open),
            ("550.54.14", nil, ["10de:2342"], nil, .open), ("510.39.01", nil, ["10de:2901"], nil, .impossible),
            ("580.65.06", nil, [], nil, .installer), ("580.65.06", nil, ["10de:1c82"], .open, .proprietary),
            ("595.45.04", nil, ["10de:1c82"], nil, .impossible), ("495.29.05", nil, ["10de:102d"], nil, .impossible),
            ("470.256.02", nil, ["10de:102d"], nil, .proprietary),
            ("580.65.06", nil, ["10de:1c82", "10de:20b5"], nil, .proprietary),
            ("580.65.06", nil, ["10de:1c82", "10de:2901"], nil, .impossible),
            // Open asked for.
            ("470.256.02", .open, ["10de:20b5"], nil, .impossible), ("515.43.04", .open, ["10de:20b5"], nil, .open),
            ("580.65.06", .open, ["10de:1c82"], nil, .impossible),
            ("580.65.06", .open, ["1234:11e8"], nil, .impossible),
            ("580.65.06", .open, ["10de:0fc0"], .proprietary, .open),
            // Proprietary asked for.
            ("580.65.06", .proprietary, ["10de:20b5"], .open, .proprietary),
            ("580.65.06", .proprietary, ["10de:2bb5"], nil, .impossible),
            ("390.42", .proprietary, ["10de:1c82"], nil, .proprietary),
        ] as [(String, KernelModuleFlavour?, [String], KernelModuleFlavour?, Outcome)])
    func decides(
        _ driver: String, _ asked: KernelModuleFlavour?, _ devices: [String], _ recommended: KernelModuleFlavour?,
        _ expected: Outcome
    ) throws {
        let choice = KernelModuleChoice.decide(
            driver: try #require(ToolVersion(driver)), asked: asked,
            devices: devices.map {
                let ids = $0.split(separator: ":").map { String($0) }
                return KernelModuleChoice.Device(vendor: ids[0], device: ids[1])
            }, recommended: recommended)
        let outcome: Outcome =
            switch choice {
            case .installer: .installer
            case .flavour(.open, _): .open
            case .flavour(.proprietary, _): .proprietary
            case .impossible: .impossible
            }
        #expect(outcome == expected, "\(choice)")
        if case .impossible(let message, let remedy) = choice { #expect(!message.isEmpty && !remedy.isEmpty) }
    }

    @Test(
        arguments: [
            ("Verifying archive integrity... OK\nUncompressing NVIDIA Accelerated Graphics Driver...\nopen\n", .open),
            ("  proprietary \n\n", .proprietary), ("the open kernel modules\n", nil), ("", nil),
        ] as [(String, KernelModuleFlavour?)])
    func readsTheInstallersWord(_ output: String, _ expected: KernelModuleFlavour?) {
        #expect(KernelModuleChoice.recommendation(in: output) == expected)
    }
}
