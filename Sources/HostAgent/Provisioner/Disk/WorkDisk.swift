import Contract
import FoundationEssentials
import VirtualMachines

/// The disk that a run works on, under a temporary name beside the result, so that publishing is a rename.
struct WorkDisk: Sendable {
    /// `.RESULT.RUN.partial`, in the result's folder.
    let path: String

    init(job: Job, runID: String) {
        let result = job.resultPath
        let slash = result.lastIndex(of: "/").map { result.index(after: $0) } ?? result.startIndex
        path = "\(result[..<slash]).\(result[slash...]).\(StableHash.hex(runID).prefix(8)).partial"
    }

    /// Makes it anew. IMAGE is only read: a qcow2 image becomes the backing file of an overlay, any other format is
    /// converted into a qcow2 copy.
    func create(from image: PreparedJob.Image, size: Int64?) async throws {
        remove()
        if image.format == "qcow2" {
            try await QemuImg.createOverlay(at: path, backing: image.path, backingFormat: "qcow2", size: size)
        } else {
            try await QemuImg.convert(image.path, from: image.format, to: path)
            if let size, size > image.virtualSize { try await QemuImg.resize(path, to: size) }
        }
    }

    var exists: Bool { FileManager.default.fileExists(atPath: path) }

    func remove() {
        try? FileManager.default.removeItem(atPath: path)
    }
}
