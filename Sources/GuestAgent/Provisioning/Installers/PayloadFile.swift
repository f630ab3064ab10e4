import Contract
import Guest
import Runfiles

/// A runfile of the plan, brought to where it can be run.
struct PayloadFile: Sendable {
    /// The runfile, under its own name.
    let path: String
    /// A private folder for what its installer unpacks.
    let workFolder: String
    private let folders: [String]

    /// How much more than the runfile's own size unpacking takes, by experience with NVIDIA's runfiles: a driver is
    /// compressed by xz and is built, a toolkit is stored nearly as it is.
    private static func expansion(_ role: Payload.Role) -> (unpacked: Int64, installed: Int64) {
        switch role {
        case .driver: (4, 4)
        case .cuda, .cudaPatch: (1, 2)
        case .samples, .nvbandwidth, .packages: (3, 0)
        case .signingKey, .signingCertificate: (1, 0)
        }
    }

    /// What the payload takes once unpacked and installed: as its header says where it does, else by experience.
    private static func space(_ payload: Payload, _ source: String, _ root: SystemRoot) -> CUDAInstaller.Space {
        if payload.role == .cuda, let name = try? root.bytes(source, limit: Runfile.prefixSize),
            let version = payload.fileName.split(separator: "_").dropFirst().first.flatMap({ ToolVersion(String($0)) })
        {
            return CUDAInstaller.space(
                for: version, fileBytes: payload.size, unpackedBytes: Runfile.unpackedBytes(prefix: name))
        }
        let (unpacked, installed) = expansion(payload.role)
        return CUDAInstaller.Space(unpacked: payload.size * unpacked, installed: payload.size * installed)
    }

    /// Finds the runfile, checks its edges against the plan, and copies it off its drive under its own name. Throws
    /// ``FailureCode/payloadMissing``, ``FailureCode/payloadCorrupt`` or ``FailureCode/guestSpace``.
    ///
    /// The copy goes into memory where there is plenty, so that gigabytes which are deleted again do not grow the image.
    static func prepare(
        _ role: Payload.Role, sha256: String, _ context: StepContext, _ step: StepID, installsTo target: String
    ) async throws -> PayloadFile {
        guard let payload = context.plan.payloads.first(where: { $0.role == role && $0.sha256 == sha256 }) else {
            throw failure(.payloadMissing, "The plan names no \(role.rawValue) payload with this digest.", [])
        }
        removeLeftovers(context)
        let source = try locate(payload, context)
        try await checkEdges(payload, source, context)

        let root = context.root
        let isDrive = if case .drive = payload.location { true } else { false }
        let inMemory = isDrive && fitsInMemory(payload.size, context)
        let space = space(payload, source, root)
        let base = try workBase(
            context, copy: isDrive && !inMemory ? payload.size : 0, unpacked: space.unpacked, target: target,
            installed: space.installed)
        var folders = [try root.createPrivateDirectory("\(base)/\(name)")]
        let workFolder = folders[0]
        guard isDrive else { return PayloadFile(path: source, workFolder: workFolder, folders: folders) }

        do {
            if inMemory { folders.append(try root.createPrivateDirectory("/run/\(name)")) }
            let fileName = plainName(payload.fileName)
            let path = "\(folders[folders.count - 1])/\(fileName)"
            context.emit(.progress(step, message: "copying \(fileName), \(payload.size >> 20) MiB, from \(source)"))
            try Drives(root).copy(source, size: payload.size, to: path)
            return PayloadFile(path: path, workFolder: workFolder, folders: folders)
        } catch {
            for folder in folders { try? root.removeTree(folder) }
            throw failure(.payloadCorrupt, "\(source) could not be read: \(describe(error)).", [], retryable: true)
        }
    }

    /// Removes the copy and what the installer left in its folder.
    func remove(_ context: StepContext) {
        for folder in folders { try? context.root.removeTree(folder) }
    }

    /// A path component that no shell script stumbles over: the runfile is one, and puts its own name into commands.
    static func plainName(_ name: String) -> String {
        let last = name.split(separator: "/").last ?? ""
        let plain = String(
            last.map { $0.isASCII && ($0.isLetter || $0.isNumber) || "._-".contains($0) ? $0 : "_" })
        return plain.allSatisfy { $0 == "." } ? "payload.run" : plain
    }

    private static let name = "gpu-guest-agent"

    /// Of an attempt that a crash ended.
    private static func removeLeftovers(_ context: StepContext) {
        for base in ["/var/tmp", "/run", StateFolder.path] {
            for entry in context.root.list(base)
            where entry.hasPrefix(name + "-") && context.root.isDirectory("\(base)/\(entry)") {
                try? context.root.removeTree("\(base)/\(entry)")
            }
        }
    }

    private static func locate(_ payload: Payload, _ context: StepContext) throws -> String {
        switch payload.location {
        case .file(let path):
            guard let size = context.root.size(path) else {
                throw failure(.payloadMissing, "\(path) is not there.", [], retryable: true)
            }
            guard size == payload.size else {
                throw failure(.payloadCorrupt, "\(path) has \(size) bytes, not \(payload.size).", [], retryable: true)
            }
            return path
        case .drive(let serial):
            let drives = Drives(context.root)
            guard let device = drives.find(serial: serial) else {
                throw failure(
                    .payloadMissing, "No drive has the serial number \(serial).", drives.serials, retryable: true)
            }
            return device
        }
    }

    private static func checkEdges(_ payload: Payload, _ source: String, _ context: StepContext) async throws {
        let edge = min(payload.size, Payload.edge)
        for (what, offset, expected) in [
            ("first", 0, payload.headSHA256), ("last", payload.size - edge, payload.tailSHA256),
        ] {
            let command = Command([
                "sh", "-c",
                "dd if=\"$1\" bs=65536 iflag=skip_bytes,count_bytes,fullblock skip=\"$2\" count=\"$3\" status=none | sha256sum",
                "sh", context.root.real(source), "\(offset)", "\(edge)",
            ])
            let result = try await context.run(command)
            let digest = result.output.words.first ?? ""
            guard result.succeeded, digest == expected else {
                throw failure(
                    .payloadCorrupt,
                    "The \(what) \(edge) bytes of \(payload.fileName) are not the ones that the plan names.",
                    ["\(source): sha256 \(digest)", "plan: sha256 \(expected)"] + result.errors.lines.lastLines(3))
            }
        }
    }

    private static func fitsInMemory(_ size: Int64, _ context: StepContext) -> Bool {
        let reserve: Int64 = 2 << 30  // for the compilers that the installer starts
        return context.guest.availableMemoryBytes > size + reserve
            && ((try? context.root.freeBytes(at: "/run")) ?? 0) > size + (16 << 20)
    }

    /// A folder on a file system that programs may run from and that has the room.
    private static func workBase(
        _ context: StepContext, copy: Int64, unpacked: Int64, target: String, installed: Int64
    ) throws -> String {
        let root = context.root
        let bytes = copy + unpacked
        let targetFolder = ["/usr/local", "/usr", "/"].first { target.hasPrefix($0) && root.isDirectory($0) } ?? "/"
        var seen: [String] = []
        // A toolkit's folder may be on a file system of its own: its room is looked at wherever the rest goes.
        let margin: Int64 = 64 << 20
        let room = try root.freeBytes(at: targetFolder)
        if installed > 0, room < installed + margin {
            throw failure(
                .guestSpace, "The guest's disk is too small for what the runfile installs.",
                ["\(targetFolder): \(mebibytes(room)) free, \(mebibytes(installed + margin)) needed to install"],
                remedy: "Grow the disk (--disk-size) by \(mebibytes(installed + margin - room)) or more.")
        }
        var least = Int64.max
        for base in ["/var/tmp", StateFolder.path] where root.isDirectory(base) {
            guard root.allowsPrograms(at: base) else {
                seen.append("\(base) is mounted noexec")
                continue
            }
            let shared = root.sameFilesystem(base, targetFolder) ? installed : 0
            let needed = bytes + shared + margin
            let free = try root.freeBytes(at: base)
            if free >= needed { return base }
            least = min(least, needed - free)
            let parts = [
                (copy, "for a copy"), (unpacked, "to unpack"), (shared, "to install"),
            ].filter { $0.0 > 0 }.map { "\(mebibytes($0.0)) \($0.1)" }
            seen.append(
                "\(base): \(mebibytes(free)) free, \(mebibytes(needed)) needed (\(parts.joined(separator: ", ")))")
        }
        throw failure(
            .guestSpace, "No file system has the room to unpack and install the runfile.", seen,
            remedy: least == .max
                ? "Mount /var or /var/tmp without noexec."
                : "Grow the disk (--disk-size) by \(mebibytes(least)) or more.")
    }

    /// Rounded up.
    private static func mebibytes(_ bytes: Int64) -> String { "\((bytes + (1 << 20) - 1) >> 20) MiB" }

    private static func failure(
        _ code: FailureCode, _ message: String, _ evidence: [String], remedy: String? = nil, retryable: Bool = false
    ) -> Failure {
        .guest(
            code, "bring the runfile to where it can be run", message, evidence: evidence,
            remedy: remedy ?? "Run the same command again; the host delivers the runfile anew.", retryable: retryable)
    }
}
