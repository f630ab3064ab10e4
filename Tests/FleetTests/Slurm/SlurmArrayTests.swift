import Contract
import Passthrough
import Testing

@testable import Fleet

struct SlurmArrayTests {
    private let site = SlurmSite(shared: "/shared")

    private func task(_ gpus: GPUWish, memory: Int64 = 4 << 30, cpus: Int = 2) -> GuestTask {
        GuestTask(
            fleet: "lab", guest: "a", machineName: "lab-a", settings: GuestSettings(),
            need: GuestNeed(gpus: gpus, memoryBytes: memory, cpus: cpus), action: .create)
    }

    private func need(_ gpus: GPUWish, memory: Int64 = 4 << 30, cpus: Int = 2) throws -> SlurmNeed {
        try SlurmNeed(task(gpus, memory: memory, cpus: cpus), site)
    }

    @Test func aNeedInArguments() throws {
        #expect(
            try need(.none).arguments == ["--nodes=1", "--ntasks=1", "--cpus-per-task=2", "--mem=4608M"])
        #expect(try need(.simulated) == need(.none))
        #expect(try need(.count(3, pattern: nil)).arguments.last == "--gres=gpu:3")
        // Rounded up: Slurm counts in MiB.
        #expect(try need(.none, memory: (1 << 30) + 1).memoryMiB == 1537)
        var site = site
        site.gpuTypes = ["A100": "a100"]
        #expect(try SlurmNeed(task(.count(2, pattern: "A100")), site).arguments.last == "--gres=gpu:a100:2")
    }

    @Test func whatSlurmCannotBeAskedFor() throws {
        let card = try #require(PCIAddress("41:00.0"))
        #expect(throws: Failure.self) { try need(.addresses([card])) }
        #expect(throws: Failure.self) { try need(.count(1, pattern: "A100")) }
    }

    @Test func guestsOfOneNeedShareAnArrayUpToItsSize() throws {
        let (small, large) = (try need(.none), try need(.count(1, pattern: nil)))
        let guests = [(0, small), (1, large), (2, small), (3, small), (1000, large), (2999, small), (7, small)]
        let arrays = SlurmArray.arrays(guests.map { (number: $0.0, need: $0.1) }, size: 1000)
        #expect(
            arrays == [
                SlurmArray(need: small, first: 0, indexes: [0, 2, 3, 7]),
                SlurmArray(need: small, first: 2000, indexes: [999]),
                SlurmArray(need: large, first: 0, indexes: [1]),
                SlurmArray(need: large, first: 1000, indexes: [0]),
            ])
        #expect(arrays[0].elements(jobs: nil) == "0,2-3,7")
        #expect(arrays[0].elements(jobs: 4) == "0,2-3,7%4")
        #expect(arrays[1].elements(jobs: 0) == "999%1")
        #expect(SlurmArray.arrays([], size: 1000).isEmpty)
    }

    @Test func sbatchIsTold() throws {
        var site = site
        site.partition = "gpu"
        site.account = "lab"
        site.qos = "long"
        site.timeLimit = "7-0"
        site.sbatch = ["--constraint=vfio"]
        let array = SlurmArray(need: try need(.count(2, pattern: nil)), first: 1000, indexes: [0, 1, 2])
        #expect(
            array.arguments(
                site: site, fleet: "lab", spoolID: "1f3a9c2e", spool: "/shared/100%/lab",
                script: "/shared/100%/lab/array-1000-0.sh", jobs: 2) == [
                    "--parsable", "--job-name=lab.1f3a9c2e.1000", "--array=0-2%2", "--nodes=1", "--ntasks=1",
                    "--cpus-per-task=2", "--mem=4608M", "--gres=gpu:2", "--requeue", "--signal=B:TERM@150",
                    "--export=HOME,PATH", "--chdir=/shared/100%/lab", "--open-mode=append",
                    "--output=/shared/100%%/lab/job-1000-%a.log", "--partition=gpu", "--account=lab", "--qos=long",
                    "--time=7-0", "--constraint=vfio", "/shared/100%/lab/array-1000-0.sh",
                ])
    }

    @Test func theScriptQuotesAndExecutes() throws {
        let array = SlurmArray(need: try need(.none), first: 3000, indexes: [0])
        #expect(
            array.script(tool: ["/opt/it's here/tool", "fleet", "slurm-task"], spool: "/shared/$(id)") == """
                #!/bin/sh
                # One guest of a fleet of provision-gpu-vm.
                exec '/opt/it'\\''s here/tool' fleet slurm-task '/shared/$(id)' "$((3000 + SLURM_ARRAY_TASK_ID))"

                """)
    }

    @Test(
        arguments: [
            ("lab.1f3a9c2e.0", JobName(fleet: "lab", spool: "1f3a9c2e", first: 0)),
            ("my.lab.abc.12", JobName(fleet: "my.lab", spool: "abc", first: 12)), ("lab.1", nil), ("job.sh", nil),
            ("a.b.-1", nil), ("", nil),
        ] as [(String, JobName?)])
    func jobsAreKnownByTheirNames(_ text: String, _ name: JobName?) {
        #expect(JobName(text) == name)
        if let name { #expect(name.text == text) }
    }
}
