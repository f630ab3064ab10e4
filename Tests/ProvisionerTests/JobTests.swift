import Contract
import Testing

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
