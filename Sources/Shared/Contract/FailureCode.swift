/// A stable name for a kind of failure. Open: a newer agent may send codes that an older host does not know.
public struct FailureCode: RawRepresentable, Codable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: String

    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// A code by its text.
    public init(_ text: String) {
        self.rawValue = text
    }

    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(String.self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }

    public var description: String { rawValue }
}

extension FailureCode {
    // Input, found before anything is touched.
    public static let imageMissing = FailureCode("image.missing")
    public static let imageUnreadable = FailureCode("image.unreadable")
    public static let imageInUse = FailureCode("image.in-use")
    public static let outputExists = FailureCode("output.exists")
    public static let runfileMissing = FailureCode("runfile.missing")
    public static let runfileNotRecognised = FailureCode("runfile.not-recognised")
    public static let runfileWrongKind = FailureCode("runfile.wrong-kind")
    public static let runfileWrongArchitecture = FailureCode("runfile.wrong-architecture")
    public static let runfileCorrupt = FailureCode("runfile.corrupt")
    public static let incompatible = FailureCode("versions.incompatible")
    public static let licenceNotAccepted = FailureCode("licence.not-accepted")
    public static let optionInvalid = FailureCode("option.invalid")
    public static let notConfirmed = FailureCode("option.not-confirmed")
    public static let identityUnusable = FailureCode("identity.unusable")
    public static let agentMissing = FailureCode("agent.missing")
    public static let manifestMissing = FailureCode("manifest.missing")
    public static let manifestInvalid = FailureCode("manifest.invalid")

    // The host.
    public static let toolMissing = FailureCode("host.tool-missing")
    public static let hostSpace = FailureCode("host.space")
    public static let hostMemory = FailureCode("host.memory")
    public static let capacity = FailureCode("host.capacity")
    public static let portUnavailable = FailureCode("host.port-unavailable")
    public static let gpuUnavailable = FailureCode("host.gpu-unavailable")
    public static let gpuInUse = FailureCode("host.gpu-in-use")
    public static let driverStuck = FailureCode("host.driver-stuck")
    public static let rootNeeded = FailureCode("host.root-needed")
    public static let runLocked = FailureCode("run.locked")
    public static let runDiffers = FailureCode("run.differs")
    public static let qemuFailed = FailureCode("vm.qemu-failed")
    public static let qemuExited = FailureCode("vm.exited")
    public static let guestPanicked = FailureCode("vm.panicked")
    public static let guestDidNotBoot = FailureCode("vm.did-not-boot")
    public static let guestDidNotStop = FailureCode("vm.did-not-stop")
    public static let machineRunning = FailureCode("vm.running")
    public static let machineNotRunning = FailureCode("vm.not-running")
    public static let machineUnknown = FailureCode("vm.unknown")
    public static let publishFailed = FailureCode("image.publish-failed")
    public static let interrupted = FailureCode("run.interrupted")

    // Reaching the guest.
    public static let sshUnreachable = FailureCode("ssh.unreachable")
    public static let sshRefused = FailureCode("ssh.authentication-refused")
    public static let sshHostKeyChanged = FailureCode("ssh.host-key-changed")
    public static let sshHostKeyUnknown = FailureCode("ssh.host-key-unknown")
    public static let sshBroken = FailureCode("ssh.broken")
    public static let sudoRefused = FailureCode("guest.sudo-refused")
    public static let agentInstall = FailureCode("guest.agent-install")
    public static let agentSilent = FailureCode("guest.agent-silent")
    public static let guestTalkedNonsense = FailureCode("guest.protocol")

    // The guest.
    public static let guestUnsupported = FailureCode("guest.unsupported")
    public static let planRefused = FailureCode("guest.plan-refused")
    public static let payloadMissing = FailureCode("guest.payload-missing")
    public static let payloadCorrupt = FailureCode("guest.payload-corrupt")
    public static let prerequisites = FailureCode("guest.prerequisites")
    public static let packagesLocked = FailureCode("guest.packages-locked")
    public static let headersMissing = FailureCode("guest.headers-missing")
    public static let kernelKept = FailureCode("guest.kernel-kept")
    public static let secureBoot = FailureCode("guest.secure-boot")
    public static let guestSpace = FailureCode("guest.space")
    public static let nouveau = FailureCode("guest.nouveau")
    public static let initramfs = FailureCode("guest.initramfs")
    public static let bootLoader = FailureCode("guest.boot-loader")
    public static let gpuNotVisible = FailureCode("guest.gpu-not-visible")
    public static let rebootFailed = FailureCode("guest.reboot-failed")
    public static let driverInstall = FailureCode("driver.install")
    public static let driverBuild = FailureCode("driver.build")
    public static let driverLoad = FailureCode("driver.load")
    public static let driverProof = FailureCode("driver.proof")
    public static let cudaInstall = FailureCode("cuda.install")
    public static let cudaCompiler = FailureCode("cuda.compiler")
    public static let cudaSamples = FailureCode("cuda.samples")
    public static let cudaProof = FailureCode("cuda.proof")
    public static let cudaPatch = FailureCode("cuda.patch")
    public static let gpuProbe = FailureCode("cuda.probe")
    public static let undo = FailureCode("guest.undo")
    public static let proofBoot = FailureCode("proof-boot.failed")
    public static let commandFailed = FailureCode("command.failed")
    public static let deadline = FailureCode("deadline")
    public static let `internal` = FailureCode("internal")
}

extension FailureCode {
    /// The process exit status for this code. The first word of a code that is not listed decides, so that codes which
    /// a newer agent invents still land in the right class.
    ///
    /// 2 input · 3 host · 4 virtual machine · 5 reaching the guest · 6 guest preparation · 7 driver · 8 CUDA ·
    /// 9 proof boot or publishing · 75 deadline, may be tried again · 130 interrupted · 70 internal
    public var exitStatus: Int32 {
        switch self {
        case .publishFailed: return 9
        case .interrupted: return 130
        case .deadline: return 75
        case .runLocked, .runDiffers: return 3
        case .sudoRefused, .agentInstall, .agentSilent, .guestTalkedNonsense: return 5
        default: break
        }
        switch rawValue.prefix(while: { $0 != "." }) {
        case "image", "output", "runfile", "versions", "licence", "option", "identity", "agent", "manifest": return 2
        case "host", "run": return 3
        case "vm": return 4
        case "ssh": return 5
        case "guest": return 6
        case "driver": return 7
        case "cuda": return 8
        case "proof-boot": return 9
        default: return 70
        }
    }
}
