import Contract
import FoundationEssentials
import Host
import Passthrough
import Testing

@testable import Provisioner

/// What is wrong with a job that another host carries out, as far as this one can tell.
@Suite struct InputsTests {
    private func messages(_ job: Job, state: String) async -> [String] {
        do {
            try await Provisioning(
                job: job, context: JobContext(licencesAccepted: true, progress: { _ in }), state: state
            ).checkInputs()
            return []
        } catch {
            return ((error as? Failures)?.all ?? []).map(\.message)
        }
    }

    @Test func inputsAreToldInOneListAndNothingOfThisHostCounts() async throws {
        let folder = try Samples.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        var job = Samples.job(image: "\(folder)/no-image.qcow2", output: "/no/such/folder/out.qcow2")
        job.contents = JobContents()
        job.contents.driver = "\(folder)/no-driver.run"
        job.cpus = 0
        // No host has so much, and this one not the card.
        job.memoryBytes = 1 << 60
        job.gpu = .passthrough([PCIAddress("fffe:fe:1e.6")!])
        let messages = await messages(job, state: "\(folder)/state")
        for words in ["--cpus", "no-driver.run"] + (findExecutable("qemu-img") == nil ? [] : ["no-image.qcow2"]) {
            #expect(messages.contains { $0.contains(words) }, "\(words) is not told: \(messages)")
        }
        for words in ["memory", "MiB", "fffe:fe", "/no/such/folder"] {
            #expect(!messages.contains { $0.contains(words) }, "\(words) is of this host: \(messages)")
        }
        #expect(!FileManager.default.fileExists(atPath: "\(folder)/state/runs"), "nothing is begun")
    }
}
