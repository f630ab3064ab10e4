import FoundationEssentials
import Glibc
import Host

/// Names of the files in a VM's run folder.
public struct MachineFolder: Sendable {
    /// The folder, absolute, mode 0700.
    public let path: String

    public init(_ path: String) {
        self.path = path
    }

    /// QMP of whoever runs the VM.
    public static let qmpName = "qmp.sock"
    /// QMP of every other command: a QMP socket serves one client at a time.
    public static let monitorName = "monitor.sock"

    /// What the guest's sampler says, to one listener at a time.
    public static let telemetryName = "telemetry.sock"

    public var qmpSocket: String { path + "/" + Self.qmpName }
    public var monitorSocket: String { path + "/" + Self.monitorName }
    /// The host's end of the virtio-serial port of the guest's sampler. Untrusted: lines of telemetry, or anything.
    public var telemetrySocket: String { path + "/" + Self.telemetryName }
    /// What the guest wrote on its first serial port, firmware and boot loader included. Untrusted, appended to.
    public var serialLog: String { path + "/serial.log" }
    /// QEMU's standard output and standard error, appended to.
    public var qemuLog: String { path + "/qemu.log" }
    /// The ``MachineRecord``.
    public var record: String { path + "/vm.json" }

    /// How QEMU, which is started in this folder, is told to name a socket: absolute where that fits, else relative.
    func socketArgument(_ name: String) -> String {
        let full = path + "/" + name
        return full.utf8.count <= UnixSockets.pathLimit ? full : name
    }
}

extension MachineFolder {
    /// Whether sockets of a launch are there. QEMU removes them where it ends in order, be it by the guest's power-off, `quit`
    /// or SIGTERM: of a QEMU that is gone they tell that it was killed or gave up.
    public var hasSockets: Bool {
        sockets.contains { FileManager.default.fileExists(atPath: $0) }
    }

    /// Removes them. Only where QEMU is gone.
    public func removeSockets() {
        for socket in sockets { unlink(socket) }
    }

    private var sockets: [String] { [qmpSocket, monitorSocket, telemetrySocket] }

    /// QEMU's last words of a launch, without control characters.
    public func lastWords(of record: MachineRecord) -> [String] {
        logTail(qemuLog, since: record.logOffset)
    }
}
