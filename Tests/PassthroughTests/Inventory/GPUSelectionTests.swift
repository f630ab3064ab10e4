import Contract
import Host
import HostFakes
import Passthrough
import Testing

/// What `--gpu` means on the hosts of Fixtures/hosts.
@Suite struct GPUSelectionTests {
    static func resolve(_ words: String, on host: String, anyDevice: Bool = false) throws -> String {
        let words = words.split(separator: " ").map { String($0).replacing("_", with: " ") }
        return try GPUSelection.resolve(words, on: HostTreesTests.tree(host), anyDevice: anyDevice)
            .map(\.description).joined(separator: " ")
    }

    static func refusals(_ words: String, on host: String, anyDevice: Bool = false) -> [Failure] {
        do {
            let chosen = try resolve(words, on: host, anyDevice: anyDevice)
            Issue.record("\(words) chose \(chosen)")
        } catch let failures as Failures {
            return failures.all
        } catch {
            Issue.record("\(error)")
        }
        return []
    }

    @Test(arguments: [
        // Addresses, of the card's other functions too.
        ("two-equal-cards", "42:00.0", "0000:42:00.0"), ("two-equal-cards", "00000000:42:00.0", "0000:42:00.0"),
        ("two-equal-cards", "42:00", "0000:42:00.0"),
        ("two-equal-cards", "42:00.1 41:00.1", "0000:42:00.0 0000:41:00.0"),
        ("turing-four-functions", "PCI@0000:01:00.3", "0000:01:00.0"),
        ("copied-without-links", "10000:01:00.0", "10000:01:00.0"),
        // Indices, in the order given.
        ("two-equal-cards", "1 0", "0000:42:00.0 0000:41:00.0"), ("a100x8-switches", "7", "0000:bd:00.0"),
        // Names; a number that is no index is one.
        ("nvidia-with-holders", "4090", "0000:02:00.0"), ("nvidia-with-holders", "geforce_rtx_3090", "0000:01:00.0"),
        ("nvidia-with-holders", "NVIDIA*4090", "0000:02:00.0"), ("nvidia-with-holders", "ad10?*", "0000:02:00.0"),
        ("nvidia-with-holders", "*founders*", "0000:01:00.0"), ("nvidia-with-holders", "10de:2684", "0000:02:00.0"),
        ("turing-four-functions", "gaming", "0000:01:00.0"),
        // All and auto.
        ("two-equal-cards", "all", "0000:41:00.0 0000:42:00.0"), ("two-equal-cards", "auto", "0000:42:00.0"),
        ("two-equal-cards", "AUTO 0", "0000:42:00.0 0000:41:00.0"), ("nvidia-with-holders", "auto", "0000:02:00.0"),
        ("gtx1050ti-audio", "auto", "0000:41:00.0"), ("only-boot-vga", "0", "0000:01:00.0"),
    ])
    func chosen(host: String, words: String, cards: String) throws {
        #expect(try Self.resolve(words, on: host) == cards)
    }

    @Test(arguments: [
        // Unknown.
        ("two-equal-cards", "99:00.0", FailureCode.gpuUnavailable, "no PCI device 0000:99:00.0"),
        ("two-equal-cards", "2", .gpuUnavailable, "no GPU of index 2"),
        ("gtx1050ti-audio", "1", .gpuUnavailable, "no GPU of index 1"),
        ("two-equal-cards", "titan", .gpuUnavailable, "No GPU is called titan"),
        ("two-equal-cards", "gp107", .optionInvalid, "fits 2 GPUs"),
        ("two-equal-cards", "*1050*", .optionInvalid, "fits 2 GPUs"),
        ("nvidia-with-holders", "GeForce?RTX", .gpuUnavailable, "No GPU is called"),
        // Nothing free, or too much.
        ("only-boot-vga", "auto", .gpuUnavailable, "no GPU that is free"),
        ("amd-vm-running", "auto", .gpuUnavailable, "no GPU that is free"),
        ("a100x8-switches", "auto", .optionInvalid, "4 GPUs that are free"),
        // One card twice.
        ("two-equal-cards", "0 41:00.0", .optionInvalid, "--gpu 0 and --gpu 41:00.0 are one card, 0000:41:00.0"),
        ("two-equal-cards", "41:00.1 41:00.0", .optionInvalid, "are one card"),
        ("two-equal-cards", "all auto", .optionInvalid, "--gpu all and --gpu auto are one card, 0000:42:00.0"),
        ("two-equal-cards", "1 1", .optionInvalid, "--gpu 1 is given twice"),
        // No GPU.
        ("group-with-nic", "03:00.0", .optionInvalid, "0000:03:00.0 is no NVIDIA GPU: Ethernet, 8086:10d3"),
        ("amd-vm-running", "0d:00.0", .optionInvalid, "0000:0d:00.0 is no NVIDIA GPU: VGA, 1002:73bf"),
        ("a100x8-switches", "c4:00.0", .optionInvalid, "0000:c4:00.0 is no NVIDIA GPU: bridge, 10de:1af1"),
    ])
    func refused(host: String, words: String, code: FailureCode, message: String) {
        let refusals = Self.refusals(words, on: host)
        #expect(refusals.count == 1 && refusals.first?.code == code)
        #expect(refusals.first?.message.contains(message) == true, "\(refusals.map(\.message))")
        #expect(refusals.first?.evidence.isEmpty == false, "the choices are listed")
    }

    @Test func choicesAreToldWithTheirState() {
        #expect(
            Self.refusals("titan", on: "two-equal-cards").first?.evidence == [
                "0  0000:41:00.0  GP107 [GeForce GTX 1050 Ti]  (nouveau; the boot display, in use by Xorg (911))",
                "1  0000:42:00.0  GP107 [GeForce GTX 1050 Ti]  (nouveau; free)",
            ])
    }

    @Test func everyMistakeIsTold() {
        #expect(Self.refusals("titan 99:00.0 0 0 gp107", on: "two-equal-cards").count == 4)
    }

    @Test func anyDeviceByItsAddress() throws {
        #expect(try Self.resolve("03:00.0", on: "group-with-nic", anyDevice: true) == "0000:03:00.0")
        // A slot's first function stands for the card; the GPU for its own.
        #expect(
            try Self.resolve("0d:00.0 0a:00.1", on: "amd-vm-running", anyDevice: true) == "0000:0d:00.0 0000:0a:00.0")
        let bridge = Self.refusals("00:1c.0", on: "group-with-nic", anyDevice: true)
        #expect(bridge.first?.message == "0000:00:1c.0 is a bridge, which cannot be passed.")
    }

    /// The VM of the run that goes on has the card, or a second one became free meanwhile: `auto` stays what it was.
    @Test func autoOfARunThatGoesOn() throws {
        func resolve(_ words: [String], _ host: String, _ earlier: [String]) throws -> [String] {
            try GPUSelection.resolve(
                words, on: HostTreesTests.tree(host), goingOnWith: earlier.compactMap { PCIAddress($0) }
            ).map(\.description)
        }
        #expect(try resolve(["auto"], "amd-vm-running", ["0a:00.0"]) == ["0000:0a:00.0"])
        #expect(
            try resolve(["0", "auto"], "a100x8-switches", ["07:00.0", "90:00.0"]) == ["0000:07:00.0", "0000:90:00.0"])
        // A card that is gone, and words that are others.
        #expect(try resolve(["auto"], "nvidia-with-holders", ["99:00.0"]) == ["0000:02:00.0"])
        #expect(throws: Failures.self) { try resolve(["auto"], "amd-vm-running", ["0a:00.0", "0b:00.0"]) }
    }

    @Test func hostWithoutGPU() throws {
        let none = GPUSelection(gpus: [], devices: [])
        for word in ["all", "auto", "0", "titan"] {
            #expect(throws: Failures.self) { try none.resolve([word]) }
        }
        #expect(throws: Failures.self) { try none.resolve([""]) }
    }
}
