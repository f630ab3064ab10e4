import Contract
import FoundationEssentials
import Runfiles
import SystemPackage

/// A runfile on the host: its header, and whether it is whole.
struct RunfileInput: Sendable {
    var runfile: Runfile
    var file: PayloadInput

    /// Reads and checks one runfile. Throws a ``Failure`` that says what is wrong with it.
    static func inspect(path: String, as role: Payload.Role, digests: DigestCache) async throws -> RunfileInput {
        let operation = "check the \(name(role)) runfile"
        var isFolder = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), !isFolder else {
            throw Failure(
                .runfileMissing, operation: operation, message: "There is no file \(path).",
                remedy: "Download the runfile from NVIDIA and name it here.", side: .host)
        }
        let runfile: Runfile
        let size: Int64
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec])
            defer { try? file.close() }
            size = try file.seek(offset: 0, from: .end)
            try file.seek(offset: 0, from: .start)
            let prefix = try [UInt8](unsafeUninitializedCapacity: 256 << 10) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            runfile = try Runfile.read(
                fileName: FilePath(path).lastComponent?.string ?? path, prefix: prefix, size: size)
        } catch let error as RunfileError {
            throw error.failure(operation: operation, path: path)
        } catch let error as Errno {
            throw Failure(
                .runfileMissing, operation: operation, message: "\(path) cannot be read: \(error).",
                remedy: "Make it readable for this user.", side: .host)
        }
        try check(runfile, is: role, path: path, operation: operation)
        let digest = try await digests.digest(of: path, checking: runfile.integrity, operation: operation)
        return RunfileInput(
            runfile: runfile,
            file: PayloadInput(
                role: role, path: path, fileName: FilePath(path).lastComponent?.string ?? path, size: size,
                digest: digest))
    }

    private static func name(_ role: Payload.Role) -> String {
        switch role {
        case .driver: "driver"
        case .cudaPatch: "CUDA patch"
        default: "CUDA"
        }
    }

    /// Patches of 10.2 (`cuda_10.2.1_linux`) lack the fourth number; without a driver, like the toolkits before 8.0.61,
    /// they may be either.
    private static func fits(_ runfile: Runfile, _ role: Payload.Role) -> Bool {
        switch role {
        case .driver: runfile.kind == .driver
        case .cudaPatch: runfile.kind == .cudaPatch || (runfile.kind == .cuda && runfile.bundledDriver == nil)
        default: runfile.kind == .cuda
        }
    }

    private static func check(_ runfile: Runfile, is role: Payload.Role, path: String, operation: String) throws {
        guard fits(runfile, role) else {
            throw Failure(
                .runfileWrongKind, operation: operation, message: "\(path) is no \(name(role)) runfile.",
                evidence: ["label: \(runfile.label)"],
                remedy: "Give the driver with --driver, CUDA toolkits with --cuda, their patches with --cuda-patch.",
                side: .host)
        }
        guard runfile.architecture == "x86_64" else {
            throw Failure(
                .runfileWrongArchitecture, operation: operation,
                message: "\(path) is for \(runfile.architecture); the guest is x86_64.",
                evidence: ["label: \(runfile.label)"], remedy: "Download the Linux x86_64 runfile.", side: .host)
        }
    }
}

extension RunfileError {
    func failure(operation: String, path: String) -> Failure {
        let code: FailureCode
        switch self {
        case .truncated: code = .runfileCorrupt
        default: code = .runfileNotRecognised
        }
        return Failure(
            code, operation: operation, message: "\(path): \(self)",
            remedy: "Download it again; compare its size and digest with NVIDIA's page.", side: .host)
    }
}
