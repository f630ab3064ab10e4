import Contract
import Passthrough
import Testing

@testable import Fleet

struct SlurmAllocationTests {
    private let environment = [
        "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "3", "SLURM_JOB_ID": "12", "SLURMD_NODENAME": "gpu01",
        "SLURM_JOB_GPUS": "1,3", "CUDA_VISIBLE_DEVICES": "0,1", "GPU_DEVICE_ORDINAL": "0,1",
    ]
    private let site: SlurmSite

    init() throws {
        site = try SlurmSiteReader.read(
            """
            version: 1
            shared: /x
            nodes: [{names: "gpu[01-04]", gpus: ["41:00.0", "42:00.0", "81:00.0", "82:00.0"]}]
            """, home: ManifestHome(folder: "/", userHome: "/"))
    }

    @Test func theNodesIndexesCountAndNotTheJobs() throws {
        let allocation = try SlurmAllocation(environment: environment)
        #expect(allocation.element == "7_3" && allocation.node == "gpu01" && allocation.attempt == 0)
        #expect(try allocation.cards(site, wanted: 2).map(\.description) == ["0000:42:00.0", "0000:82:00.0"])
        let again = try SlurmAllocation(environment: environment.merging(["SLURM_RESTART_COUNT": "2"]) { $1 })
        #expect(again.attempt == 2)
    }

    @Test func aGuestWithoutGPUsNeedsNoEntry() throws {
        var environment = environment
        environment["SLURM_JOB_GPUS"] = nil
        environment["SLURMD_NODENAME"] = "cpu1"
        #expect(try SlurmAllocation(environment: environment).cards(site, wanted: 0) == [])
    }

    /// `sbatch: [--exclusive]` in the site file.
    @Test func aWholeNodeIsNotAllTaken() throws {
        let allocation = try SlurmAllocation(environment: environment)
        #expect(try allocation.cards(site, wanted: 1).map(\.description) == ["0000:42:00.0"])
        #expect(try allocation.cards(site, wanted: 0) == [])
    }

    @Test(
        arguments: [
            (["SLURM_JOB_GPUS": "1"], "asked for 2 GPUs, and SLURM_JOB_GPUS names 1"),
            (["SLURM_JOB_GPUS": ""], "asked for 2 GPUs, and SLURM_JOB_GPUS names 0"),
            (["SLURM_JOB_GPUS": "1,4"], "has 4 cards for gpu01, and Slurm gave the one with index 4"),
            (["SLURM_JOB_GPUS": "NoDevFiles"], "SLURM_JOB_GPUS is \"NoDevFiles\""),
            (["SLURMD_NODENAME": "gpu09"], "names no node gpu09"),
            (["SLURM_ARRAY_TASK_ID": ""], "no element of a job array"),
        ] as [([String: String], String)])
    func whatCannotBe(_ change: [String: String], _ words: String) {
        do {
            let allocation = try SlurmAllocation(environment: environment.merging(change) { $1 })
            _ = try allocation.cards(site, wanted: 2)
            Issue.record("nothing was thrown")
        } catch {
            #expect("\(error)".contains(words.replacing("\"", with: "\\\"")))
        }
    }
}
