import Contract
import Passthrough
import Testing

@testable import Provisioner

@Suite struct MachineProofTests {
    private static let whole: Recipe = {
        var recipe = Recipe(
            gpus: [.simulated], driver: DriverRecipe(version: "470.256.02", sha256: "d"),
            toolkits: [CUDARecipe(version: "11.4.4", sha256: "c", toolkitPath: "/usr/local/cuda-11.4", samples: true)],
            samples: PayloadIdentity(fileName: "s", sha256: "s"),
            nvbandwidth: PayloadIdentity(fileName: "n", sha256: "n"), updatePackages: true)
        recipe.telemetry = TelemetryRecipe(intervalSeconds: 2)
        return recipe
    }()

    /// What the image proved once is not proven again in each VM; its GPUs are its own.
    @Test func onlyWhatAMachineMayLackIsAskedOfIt() throws {
        let cards = [try #require(PCIAddress("0000:41:00.0")), try #require(PCIAddress("0000:81:00.0"))]
        let asked = try #require(Self.whole.ofMachine(with: .passthrough(cards)))
        #expect(asked.gpus == [ExpectedGPU(vendor: "10de", device: nil, count: 2, simulated: false)])
        #expect(asked.driver == Self.whole.driver && asked.telemetry == Self.whole.telemetry)
        #expect(asked.toolkits.isEmpty && asked.samples == nil && asked.nvbandwidth == nil && !asked.updatePackages)
        #expect(Self.whole.ofMachine(with: .simulated)?.gpus == [.simulated])
    }

    @Test func withoutADriverOrAGPUThereIsNothingToProve() {
        #expect(Self.whole.ofMachine(with: .none) == nil)
        #expect(Self.whole.ofMachine(with: .passthrough([])) == nil)
        var toolkit = Self.whole
        toolkit.driver = nil
        #expect(toolkit.ofMachine(with: .simulated) == nil)
    }
}
