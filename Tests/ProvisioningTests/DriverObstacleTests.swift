import Contract
import Foundation
import Guest
import GuestFakes
import Testing

@testable import Provisioning

/// What is looked for before anything is changed, and the parts that look.
@Suite struct DriverObstacleTests {
    static let signing = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "../../Fixtures/signing").standardizedFileURL

    static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: signing.appending(path: name))) }

    // MARK: - Keys

    @Test(
        arguments: [
            ("key.pem", "certificate.pem", nil), ("key.pem", "certificate.der", nil),
            ("key-pkcs1.pem", "certificate.der", nil), ("key-ec.pem", "certificate-ec.pem", nil),
            ("key.pem", "other-certificate.pem", .mismatch), ("key-ec.pem", "certificate.pem", .mismatch),
            ("key-encrypted.pem", "certificate.pem", .encryptedKey), ("certificate.pem", "key.pem", .noPrivateKey),
            ("key.pem", "key.pem", .noCertificate), ("key.pem", "README.md", .noCertificate),
        ] as [(String, String, SigningMaterial.Unfit?)])
    func judgesKeys(_ key: String, _ certificate: String, _ expected: SigningMaterial.Unfit?) throws {
        do throws(SigningMaterial.Unfit) {
            let pair: ([UInt8], [UInt8])
            do { pair = (try Self.bytes(key), try Self.bytes(certificate)) } catch { Issue.record(error); return }
            let material = try SigningMaterial(key: pair.0, certificate: pair.1)
            #expect(expected == nil && material.certificate.first == 0x30)
        } catch {
            #expect(error == expected)
        }
    }

    @Test func anyCutOfACertificateIsRefused() throws {
        let key = try Self.bytes("key.pem")
        let whole = try Self.bytes("certificate.der")
        for count in 0..<whole.count {
            #expect(throws: SigningMaterial.Unfit.noCertificate) {
                try SigningMaterial(key: key, certificate: Array(whole.prefix(count)))
            }
        }
    }

    // MARK: - What the kernel asks for

    static let config = "/boot/config-\(Bench.kernel)"

    @Test(
        arguments: [
            ([:], false), (["/sys/module/module/parameters/sig_enforce": "N\n"], false),
            (["/sys/module/module/parameters/sig_enforce": "Y\n"], true),
            (["/sys/kernel/security/lockdown": "none [integrity] confidentiality\n"], true),
            (["/sys/kernel/security/lockdown": "[none] integrity confidentiality\n"], false),
            (["/proc/cmdline": "root=x module.sig_enforce=1 quiet\n"], true),
            (["/proc/cmdline": "root=x module.sig_enforce\n"], true),
            (["/proc/cmdline": "root=x module.sig_enforce=0\n"], false),
            ([config: "CONFIG_MODULE_SIG=y\n# CONFIG_MODULE_SIG_FORCE is not set\n"], false),
            ([config: "CONFIG_MODULE_SIG_FORCE=y\n"], true),
            ([secureBoot: "\u{6}\0\0\0\u{1}"], true), ([secureBoot: "\u{6}\0\0\0\0"], false),
            ([secureBoot: "\u{6}\0\0\0\u{1}", "/sys/kernel/security/lockdown": "[none] integrity\n"], false),
        ] as [([String: String], Bool)])
    func seesWhatTheKernelAsksFor(_ files: [String: String], _ enforced: Bool) async throws {
        let bench = try Bench(files)
        #expect(ModuleSignatures(bench.context().guest).enforcement.isEmpty == !enforced)
        let failure = try await DriverObstacles(bench.context())?.first()
        #expect(failure?.code == (enforced ? .secureBoot : nil))
        #expect(failure?.evidence.isEmpty != true)
    }

    static let secureBoot = "/sys/firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c"

    @Test func knowsTrustedCertificates() throws {
        let material = try SigningMaterial(key: Self.bytes("key.pem"), certificate: Self.bytes("certificate.pem"))
        let id = try #require(material.keyID)
        let hex = id.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        func trust(_ files: [String: String]) throws -> ModuleSignatures.Trust {
            let fake = try FakeRoot(files)
            return ModuleSignatures(Guest(root: fake.root, runner: FakeRunner([:])))
                .trust(certificate: material.certificate, keyID: id)
        }
        let others =
            "0a I------ 1 perm 1f030000 0 0 asymmetri Debian Secure Boot CA: 6ccece7e4c6c0d1f6149f3dd27dfcc5cbb419ea1: X509.rsa bb419ea1 []\n"
        #expect(try trust([:]) == .undecided)
        #expect(try trust(["/proc/keys": "0b I--Q--- 1 perm 3f030000 0 0 keyring _ses: 1\n"]) == .undecided)
        guard case .unknown = try trust(["/proc/keys": others]) else { Issue.record("trusted"); return }
        let ours = "0c I------ 1 perm 1f030000 0 0 asymmetri Ours: \(hex): X509.rsa \(hex.suffix(8)) []\n"
        guard case .trusted(let place) = try trust(["/proc/keys": others + ours]) else {
            Issue.record("not trusted")
            return
        }
        #expect(place.contains("Ours"))
    }

    /// The firmware's list, in bytes: a certificate between the heads of its EFI_SIGNATURE_LIST.
    @Test(arguments: ["efivars/db-d719b2cb-3d3a-4596-a3bc-dad00e67656f", "mok-variables/MokListRT"])
    func readsTheFirmwaresLists(_ name: String) throws {
        let fake = try FakeRoot(["/sys/firmware/efi/\(name)": ""])
        let certificate = try Self.bytes("certificate.der")
        let list = Data([6, 0, 0, 0] + [UInt8](repeating: 7, count: 44) + certificate + [1, 2])
        try list.write(to: URL(filePath: fake.root.real("/sys/firmware/efi/\(name)")))
        let signatures = ModuleSignatures(Guest(root: fake.root, runner: FakeRunner([:])))
        #expect(
            signatures.trust(certificate: certificate, keyID: nil) == .trusted("/sys/firmware/efi/\(name)"))
        #expect(signatures.trust(certificate: certificate + [0], keyID: nil) == .undecided)
    }

    // MARK: - Packages

    @Test(
        arguments: [
            ("dpkg", "nvidia-smi, libx:amd64: /usr/bin/nvidia-smi\n", "apt-get purge libx:amd64 nvidia-smi"),
            ("dpkg", "diversion by glx-diversions from: /usr/bin/nvidia-smi\n", nil), ("dpkg", "", nil),
            (
                "rpm", "file /usr/bin/nvidia-smi is not owned by any package\nnvidia-driver-cuda\n",
                "dnf remove nvidia-driver-cuda"
            ),
            ("rpm", "file /usr/bin/nvidia-smi is not owned by any package\n", nil),
            ("pacman", "nvidia-utils\n", "pacman -R nvidia-utils"),
        ] as [(String, String, String?)])
    func namesTheOwningPackages(_ manager: String, _ answer: String, _ removal: String?) async throws {
        let bench = try Bench(
            ["/usr/bin/nvidia-smi": "", "/usr/bin/\(manager)": ""], ["\(manager) -": FakeRunner.says(answer, status: 1)]
        )
        let found = try await DriverObstacles(bench.context())?.first()
        #expect((found == nil) == (removal == nil))
        if let removal, let found {
            #expect(found.code == .driverInstall && found.remedy.contains("`\(removal)`"))
        }
    }

    @Test func refusesTheWrongFlavour() async throws {
        let bench = try Bench(driver: DriverRecipe(version: "580.65.06", sha256: "d", kernelModules: .open))
        let failure = try await DriverObstacles(bench.context())?.first()
        #expect(failure?.code == .incompatible && failure?.message.contains("1234:11e8") == true)
        let right = try Bench(driver: DriverRecipe(version: "580.65.06", sha256: "d", kernelModules: .proprietary))
        #expect(try await DriverObstacles(right.context())?.first() == nil)
    }

    @Test(
        arguments: [
            ("nvidia/470.256.02: added\n", ["470.256.02"]),
            (
                "nvidia, 390.42, 6.1.0-18-amd64, x86_64: installed (WARNING! Diff between built and installed module!)\n",
                ["390.42"]
            ),
            (
                "nvidia/470.256.02, 6.1.0-18-amd64, x86_64: installed\nnvidia/470.256.02, 6.1.0-17-amd64, x86_64: built\nnvidia/535.54.03: broken\nzfs/2.1.11, 6.1.0-18-amd64, x86_64: installed\n",
                ["470.256.02", "535.54.03"]
            ),
            ("nvidia-current/470.256.02: added\n", []), ("", []), ("Error! x\n", []),
        ])
    func readsDKMSStatus(_ text: String, _ versions: [String]) {
        #expect(DKMS.versions(inStatus: text) == versions)
    }
}
