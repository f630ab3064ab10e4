import Contract
import FoundationEssentials
import Passthrough
import Testing
import VirtualMachines

@testable import Provisioner

@Suite struct JobTests {
    @Test(arguments: [
        ("/images/disk.qcow2", "/images/disk.gpu.qcow2"), ("/images/centos-7.3.vmdk", "/images/centos-7.3.gpu.qcow2"),
        ("/images/disk", "/images/disk.gpu.qcow2"), ("/images/.hidden", "/images/.hidden.gpu.qcow2"),
        ("/a.b/disk", "/a.b/disk.gpu.qcow2"), ("disk.img", "disk.gpu.qcow2"),
    ])
    func resultLiesBesideTheImage(_ image: String, _ result: String) {
        #expect(Job.defaultResultPath(forImage: image) == result)
    }

    @Test func anUndoneImageLiesBesideToo() {
        #expect(Job.defaultResultPath(forImage: "/a/disk.gpu.qcow2", undo: true) == "/a/disk.gpu.undone.qcow2")
    }

    /// A run that version 0.1.0 left unfinished (Fixtures/golden/run-record-1.json) is still understood.
    @Test func theRecordOfTheFirstVersionIsRead() throws {
        let package = #filePath.split(separator: "/").dropLast(3).reduce("") { "\($0)/\($1)" }
        let data = try #require(FileManager.default.contents(atPath: "\(package)/Fixtures/golden/run-record-1.json"))
        let record = try JSONDecoder().decode(RunRecord.self, from: data)
        #expect(record.schema == 1)
        #expect(record.job.contents.cuda == ["/r/cuda_11.4.4_470.82.01_linux.run"])
        #expect(record.job.contents.driver == "/r/NVIDIA-Linux-x86_64-470.256.02.run")
        #expect(record.job.contents.kernels == .all)
        #expect(record.prepared.recipe.cuda?.version == "11.4.4")
        #expect(record.job.gpuOptions == GPUOptions() && record.job.hugepages == nil && record.job.numa == .auto)
        #expect(record.prepared.fit == nil)
        #expect(try JSONDecoder().decode(RunRecord.self, from: JSON.pretty(record)).job == record.job)
    }

    /// How the VM is fitted to the host survives the disk, and reaches the machine.
    @Test func theFitIsCarriedThrough() throws {
        let gpu = try #require(PCIAddress("41:00.0"))
        let audio = try #require(PCIAddress("41:00.1"))
        var job = Samples.job()
        job.gpu = .passthrough([gpu])
        job.gpuOptions = GPUOptions(
            address: 0x16, romFile: "/r", properties: [DeviceProperty(key: "x-pci-vendor-id", value: "0x10de")])
        job.hugepages = .size(2 << 20)
        job.numa = .node(1)
        var record = Samples.record(job)
        record.prepared.fit = MachineFit(
            gpus: [.vfio(gpu, companions: [audio])],
            windows: MemoryWindows(high: 64 << 30, addressBits: 38, reserves: []), hugepageBytes: 2 << 20,
            numa: NUMABinding(node: 1, cpus: [4, 5]))
        let read = try JSONDecoder().decode(RunRecord.self, from: JSON.pretty(record))
        #expect(read.job == job)
        #expect(read.prepared == record.prepared)
        let machine = MachineSpecification(
            job: read.job, prepared: read.prepared, name: "vm", sshPort: 1, firmware: .bios, disk: "/d", folder: "/f",
            payloads: [], seed: nil, smbiosStrings: [])
        #expect(machine.gpus == [.vfio(gpu, companions: [audio])])
        #expect(machine.gpuOptions == job.gpuOptions && machine.windows == read.prepared.fit?.windows)
        #expect(machine.hugepageBytes == 2 << 20 && machine.numa?.cpus == [4, 5])
        #expect(machine.problems().isEmpty)
    }

    @Test func theSameResultHasTheSameFolder() {
        let first = RunFolder(state: "/s", resultPath: "/images/disk.gpu.qcow2")
        #expect(first.path == RunFolder(state: "/s", resultPath: "/images/disk.gpu.qcow2").path)
        #expect(first.path != RunFolder(state: "/s", resultPath: "/other/disk.gpu.qcow2").path)
    }

    /// The work disk must be in the result's folder: publishing is a rename.
    @Test func theWorkDiskLiesBesideTheResult() {
        let disk = WorkDisk(job: Samples.job(), runID: "r")
        #expect(disk.path.hasPrefix("/images/.disk.gpu.qcow2."))
        #expect(disk.path.hasSuffix(".partial"))
    }

    @Test func anotherRecipeIsOtherWork() {
        let record = Samples.record()
        var recipe = Samples.recipe
        #expect(record.isSameWork(as: Samples.prepared(record.job), of: record.job))
        recipe.toolkits = []
        #expect(!record.isSameWork(as: Samples.prepared(record.job, recipe: recipe), of: record.job))
        var job = record.job
        job.memoryBytes = 8 << 30
        #expect(record.isSameWork(as: Samples.prepared(job), of: job), "another memory size is the same work")
    }

    /// `--in-place` changes IMAGE; the command after it is still the same work, and so is one that finishes the commit.
    @Test func inPlaceChangesTheImageNotTheWork() {
        var job = Samples.job()
        job.destination = .inPlace
        var record = Samples.record(job)
        var after = Samples.prepared(job)
        after.image.modifiedNanoseconds += 1
        #expect(!record.isSameWork(as: after, of: job), "before it has ended, a changed IMAGE is another one")
        #expect(record.isSameCommand(as: job))
        record.outcome = .provisioned
        #expect(record.isSameWork(as: after, of: job))
    }
}
