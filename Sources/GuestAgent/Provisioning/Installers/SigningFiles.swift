import Contract
import Guest
import Runfiles
import SystemPackage

/// The user's key and certificate while modules are signed: in memory (/run), for root alone, and nowhere else.
struct SigningFiles {
    /// The folder that holds both.
    let folder: String
    let material: SigningMaterial

    /// What the installer is told.
    var signing: DriverInstaller.Signing {
        DriverInstaller.Signing(key: folder + "/key.pem", certificate: folder + "/certificate.der")
    }

    /// The folder's name begins as the other temporary ones do: whatever installs next removes a forgotten one.
    private static let prefix = "/run/gpu-guest-agent-signing"
    /// Far more than any key.
    private static let limit: Int64 = 64 << 10
    private static let operation = "prepare the signing of the kernel modules"

    /// Fetches, compares with the plan and judges both. Throws ``FailureCode/payloadMissing``,
    /// ``FailureCode/payloadCorrupt`` or ``FailureCode/secureBoot``.
    static func prepare(_ recipe: ModuleSigning, _ context: StepContext) async throws -> SigningFiles {
        removeLeftovers(context.root)
        let folder = try context.root.createPrivateDirectory(prefix)
        do {
            let key = try await fetch(.signingKey, recipe.key, to: folder + "/key.pem", context)
            let certificate = try await fetch(
                .signingCertificate, recipe.certificate, to: folder + "/certificate.der", context)
            let material = try material(key, certificate)
            if material.certificate != certificate {
                // It came as PEM.
                let file = try FileDescriptor.open(
                    FilePath(context.root.real(folder + "/certificate.der")), .writeOnly, options: [.truncate])
                try file.closeAfter { _ = try file.writeAll(material.certificate) }
            }
            return SigningFiles(folder: folder, material: material)
        } catch {
            try? context.root.removeTree(folder)
            throw error
        }
    }

    /// Judges both where they are, for a dry run: nothing is copied, and their digests are not compared. Throws as
    /// ``prepare(_:_:)``.
    static func look(_ recipe: ModuleSigning, _ context: StepContext) throws -> SigningMaterial {
        func bytes(_ role: Payload.Role, _ identity: PayloadIdentity) throws -> [UInt8] {
            let (payload, source) = try find(role, identity, context)
            do {
                // A drive is longer than what was put on it.
                return Array(try context.root.bytes(source, limit: Int(limit)).prefix(Int(payload.size)))
            } catch {
                throw unreadable(role, source, error)
            }
        }
        return try material(
            bytes(.signingKey, recipe.key), bytes(.signingCertificate, recipe.certificate))
    }

    private static func material(_ key: [UInt8], _ certificate: [UInt8]) throws -> SigningMaterial {
        do {
            return try SigningMaterial(key: key, certificate: certificate)
        } catch {
            throw Failure.guest(.secureBoot, operation, error.message, remedy: error.remedy)
        }
    }

    /// Removes both.
    func remove(_ root: SystemRoot) {
        try? root.removeTree(folder)
    }

    /// Removes what an interrupted run left.
    static func removeLeftovers(_ root: SystemRoot) {
        for name in root.list("/run") where "/run/\(name)".hasPrefix(prefix + "-") {
            try? root.removeTree("/run/\(name)")
        }
    }

    private static func fetch(
        _ role: Payload.Role, _ identity: PayloadIdentity, to path: String, _ context: StepContext
    ) async throws -> [UInt8] {
        let (payload, source) = try find(role, identity, context)
        do {
            try Drives(context.root).copy(source, size: payload.size, to: path)
        } catch {
            throw unreadable(role, source, error)
        }
        let digest = try await context.run(Command(["sha256sum", context.root.real(path)])).output.words.first ?? ""
        guard digest == identity.sha256 else {
            throw failure(
                role, .payloadCorrupt, "The \(name(role)) is not the one that the plan names.",
                ["sha256 \(digest)", "plan: sha256 \(identity.sha256)"])
        }
        return try context.root.bytes(path)
    }

    /// The payload and where it is: a file or a drive.
    private static func find(
        _ role: Payload.Role, _ identity: PayloadIdentity, _ context: StepContext
    ) throws -> (Payload, source: String) {
        guard let payload = context.plan.payloads.first(where: { $0.role == role && $0.sha256 == identity.sha256 })
        else { throw failure(role, .payloadMissing, "The plan names no \(name(role)) with this digest.") }
        guard payload.size > 0, payload.size <= limit else {
            throw failure(role, .payloadCorrupt, "The \(name(role)) has \(payload.size) bytes.")
        }
        switch payload.location {
        case .file(let file): return (payload, file)
        case .drive(let serial):
            guard let drive = Drives(context.root).find(serial: serial) else {
                throw failure(
                    role, .payloadMissing, "No drive has the serial number \(serial).", Drives(context.root).serials)
            }
            return (payload, drive)
        }
    }

    private static func name(_ role: Payload.Role) -> String {
        role == .signingKey ? "signing key" : "signing certificate"
    }

    private static func unreadable(_ role: Payload.Role, _ source: String, _ error: any Error) -> Failure {
        failure(role, .payloadMissing, "The \(name(role)) could not be read from \(source): \(describe(error)).")
    }

    private static func failure(
        _ role: Payload.Role, _ code: FailureCode, _ message: String, _ evidence: [String] = []
    ) -> Failure {
        .guest(
            code, operation, message, evidence: evidence,
            remedy: "Run the same command again; the host delivers the \(name(role)) anew.", retryable: true)
    }
}
