import Contract
import FoundationEssentials
import Glibc
import Host
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
            // The work disk goes before the flat copy's temporary name: no work disk means that the result is in place.
            let flat = "\(disk.path).flat"
            if disk.exists, !Self.isSameFile(flat, path) {
                try? FileManager.default.removeItem(atPath: flat)
                try await QemuImg.convert(disk.path, from: "qcow2", to: flat)
                try Self.place(flat, at: path)
            }
            disk.remove()
            try? FileManager.default.removeItem(atPath: flat)
        case .inPlace:
            // qemu-img commit copies the overlay's clusters into IMAGE; cut short, it copies them again.
            if disk.exists {
                try await Self.requireNoDependents(of: image.path, except: disk.path)
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

    /// `place`, then the old name goes. Cut short between the two, it is finished by the next call.
    private static func move(_ source: String, to target: String) throws {
        if !isSameFile(source, target) { try place(source, at: target) }
        unlink(source)
    }

    private static func isSameFile(_ path: String, _ other: String) -> Bool {
        guard let first = try? FileStatus(of: path), let second = try? FileStatus(of: other) else { return false }
        return first.device == second.device && first.inode == second.inode
    }

    /// Syncs and gives the file its name, refusing to replace one that came to be there meanwhile: link(2) refuses an
    /// existing name, which rename(2) does not.
    private static func place(_ source: String, at target: String) throws {
        try sync(source)
        if link(source, target) != 0 {
            let error = Errno(rawValue: errno)
            // A file system without hard links (vfat, some network shares).
            guard [.notPermitted, .notSupported].contains(error), !FileManager.default.fileExists(atPath: target),
                rename(source, target) == 0
            else {
                throw Failure(
                    .publishFailed, operation: operation, message: "\(target) could not be put in place: \(error).",
                    evidence: ["the finished disk is \(source)"],
                    remedy: "Move away what is there and run the same command again; nothing is lost.", side: .host)
            }
        }
        let folder = String(target.prefix(upTo: target.lastIndex(of: "/") ?? target.startIndex))
        try sync(folder.isEmpty ? "/" : folder)
    }

    private static func sync(_ path: String) throws {
        let descriptor = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
        try descriptor.closeAfter {
            guard fsync(descriptor.rawValue) == 0 else { throw Errno(rawValue: errno) }
        }
    }

    /// Refuses to write into IMAGE where another image in its folder is backed by it: that one would be corrupt.
    /// Images elsewhere cannot be found; the help text says so.
    static func requireNoDependents(
        of image: String, except own: String? = nil, remedy: String = "Leave --in-place out."
    ) async throws {
        // Where IMAGE is a link, those who use it may lie beside the link or beside the file.
        let real =
            realpath(image, nil).map { pointer in
                defer { free(pointer) }
                return String(cString: pointer)
            } ?? image
        let folders = Set([image, real].map { String($0.prefix(upTo: $0.lastIndex(of: "/") ?? $0.startIndex)) })
        var dependents: Set<String> = []
        for folder in folders {
            for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
                let path = "\(folder)/\(name)"
                // "QFI\xfb": qcow2.
                guard !isSameFile(path, image), own.map({ !isSameFile(path, $0) }) ?? true,
                    FilePrefix.read(path, count: 4) == [0x51, 0x46, 0x49, 0xfb],
                    let info = try? await QemuImg.info(path), let backing = info.backingFile
                else { continue }
                if isSameFile(backing.hasPrefix("/") ? backing : "\(folder)/\(backing)", image) {
                    dependents.insert(path)
                }
            }
        }
        guard dependents.isEmpty else {
            throw Failure(
                .imageInUse, operation: "look who uses IMAGE",
                message: "Other images are backed by \(image); writing into it would destroy them.",
                evidence: dependents.sorted(), remedy: remedy, side: .host)
        }
    }
}
