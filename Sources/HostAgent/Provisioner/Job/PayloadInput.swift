import Contract
import Runfiles
import FoundationEssentials
import SystemPackage
import VirtualMachines

/// A file of the host that the guest is to get, digested.
struct PayloadInput: Sendable, Equatable {
    var role: Payload.Role
    /// On this host; for a folder, the archive that was made of it.
    var path: String
    /// How the guest is to call it.
    var fileName: String
    /// Bytes.
    var size: Int64
    var digest: PayloadDigest

    var identity: PayloadIdentity { PayloadIdentity(fileName: fileName, sha256: digest.sha256) }

    /// A read-only drive, whose serial (20 bytes at most) is a prefix of the digest.
    private var serial: String { String(digest.sha256.prefix(PayloadDrive.serialLimit)) }

    var drive: PayloadDrive { PayloadDrive(path: path, serial: serial) }

    var payload: Payload {
        Payload(
            role: role, fileName: fileName, size: size, sha256: digest.sha256, headSHA256: digest.headSHA256,
            tailSHA256: digest.tailSHA256, location: .drive(serial: serial))
    }

    /// Digests a file that is taken as it is.
    static func file(
        _ path: String, as role: Payload.Role, digests: DigestCache, operation: String
    ) async throws -> PayloadInput {
        let digest = try await digests.digest(of: path, checking: [], operation: operation)
        return PayloadInput(
            role: role, path: path, fileName: FilePath(path).lastComponent?.string ?? path,
            size: try FileStatus(of: path).size, digest: digest)
    }
}

/// All that a job brings into the guest.
struct JobPayloads: Sendable {
    var driver: RunfileInput?
    /// The default one first.
    var toolkits: [ToolkitInput] = []
    var samples: PayloadInput?
    var nvbandwidth: PayloadInput?
    var packages: PayloadInput?
    var signingKey: PayloadInput?
    var signingCertificate: PayloadInput?

    /// In an order of its own, so that the same job has the same drives in the same places.
    var all: [PayloadInput] {
        [driver?.file].compactMap { $0 } + toolkits.flatMap { [$0.runfile.file] + $0.patches.map(\.file) }
            + [samples, nvbandwidth, packages, signingKey, signingCertificate].compactMap { $0 }
    }

    /// What the guest should be, as far as it follows from the files and `contents`.
    func recipe(_ contents: JobContents, gpus: [ExpectedGPU], growRootFilesystem: Bool) -> Recipe {
        var signing: ModuleSigning?
        if let signingKey, let signingCertificate {
            signing = ModuleSigning(key: signingKey.identity, certificate: signingCertificate.identity)
        }
        return Recipe(
            gpus: gpus,
            driver: driver.map {
                DriverRecipe(
                    version: $0.runfile.version.description, sha256: $0.file.digest.sha256, dkms: contents.dkms,
                    kernelModules: contents.kernelModules, signing: signing,
                    persistenceDaemon: contents.persistenceDaemon)
            },
            toolkits: toolkits.map(\.recipe), samples: samples?.identity, nvbandwidth: nvbandwidth?.identity,
            offlinePackages: packages?.identity, updatePackages: contents.updatePackages,
            keepKernel: contents.keepKernel, kernels: contents.kernels, allowIncompatible: contents.allowIncompatible,
            growRootFilesystem: growRootFilesystem, telemetry: contents.telemetry, undo: contents.undo)
    }
}
