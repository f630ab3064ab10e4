import Contract
import FoundationEssentials
import Glibc
import SystemPackage
import VirtualMachines

/// Makes the work disk the result. Each way may be cut short anywhere and done again.
struct Publishing: Sendable {
    let job: Job
    let image: PreparedJob.Image
    let disk: WorkDisk

    private static let operation = "publish the result"

    /// Publishes, and says where the result is, how big, and what it needs.
    func publish() async throws -> ImageSection {
        switch job.destination {
        case .overlay(let path):
            if disk.exists { try Self.move(disk.path, to: path) }
        case .standalone(let path):
            if disk.exists {
                let flat = "\(disk.path).flat"
                try? FileManager.default.removeItem(atPath: flat)
                try await QemuImg.convert(disk.path, from: "qcow2", to: flat)
                try Self.move(flat, to: path)
                disk.remove()
            }
        case .inPlace:
            // qemu-img commit copies the overlay's clusters into IMAGE; cut short, it copies them again.
            if disk.exists {
                try await QemuImg.commit(disk.path)
                try Self.sync(image.path)
                disk.remove()
            }
        }
        return try await describe()
    }

    private func describe() async throws -> ImageSection {
        let result = job.resultPath
        let info = try await QemuImg.info(result)
        return ImageSection(
            path: image.path, format: image.format, virtualSize: info.virtualSize, result: result,
            resultSize: try FileStatus(of: result).allocated, backing: info.backingFile)
    }

    /// Syncs and renames, refusing to replace a file that came to be there meanwhile: link(2) refuses an existing name,
    /// which rename(2) does not.
    private static func move(_ source: String, to target: String) throws {
        try sync(source)
        guard link(source, target) == 0 else {
            let error = Errno(rawValue: errno)
            // A file system without hard links (vfat, some network shares).
            if [.notPermitted, .notSupported].contains(error), !FileManager.default.fileExists(atPath: target),
                rename(source, target) == 0
            {
                return
            }
            throw Failure(
                .publishFailed, operation: operation, message: "\(target) could not be put in place: \(error).",
                evidence: ["the finished disk is \(source)"],
                remedy: "Move away what is there and run the same command again; nothing is lost.", side: .host)
        }
        unlink(source)
        let folder = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.startIndex))
        try sync(folder.isEmpty ? "/" : folder)
    }

    private static func sync(_ path: String) throws {
        let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
        try descriptor.closeAfter {
            guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    /// Refuses `--in-place` where another image in IMAGE's folder is backed by IMAGE: a commit would corrupt it.
    /// Images elsewhere cannot be found; the help text says so.
    static func requireNoDependents(of image: String, except own: String) async throws {
        let folder = String(image.prefix(upTo: image.lastIndex(of: "/") ?? image.startIndex))
        var dependents: [String] = []
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            // "QFI\xfb": qcow2.
            guard path != image, path != own, FilePrefix.read(path, count: 4) == [0x51, 0x46, 0x49, 0xfb],
                let info = try? await QemuImg.info(path), let backing = info.backingFile
            else { continue }
            let absolute = backing.hasPrefix("/") ? backing : "\(folder)/\(backing)"
            if FilePath(absolute).lexicallyNormalized() == FilePath(image).lexicallyNormalized() {
                dependents.append(path)
            }
        }
        guard dependents.isEmpty else {
            throw Failure(
                .imageInUse, operation: "look who uses IMAGE",
                message: "Other images are backed by \(image); writing into it would destroy them.",
                evidence: dependents, remedy: "Leave --in-place out.", side: .host)
        }
    }
}
