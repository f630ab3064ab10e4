import Glibc

/// The machine that the agent runs in: its files and its programs.
public struct Guest: Sendable {
    /// Its files.
    public let root: SystemRoot
    /// Its programs.
    public let runner: any CommandRunner
    /// `uname -m`.
    public let architecture: String

    /// A machine. `architecture` is the running kernel's unless told.
    public init(root: SystemRoot, runner: any CommandRunner, architecture: String? = nil) {
        self.root = root
        self.runner = runner
        self.architecture = architecture ?? Self.machine()
    }

    /// The running machine.
    public static func live() -> Guest {
        Guest(root: .live, runner: SubprocessCommandRunner())
    }

    /// `uname -r`.
    public var kernel: String { root.attribute("/proc/sys/kernel/osrelease") ?? "" }

    /// Names this boot; another value means that the machine was down in between.
    public var bootID: String { root.attribute("/proc/sys/kernel/random/boot_id") ?? "" }

    private static func machine() -> String {
        var name = utsname()
        guard uname(&name) == 0 else { return "" }
        return withUnsafePointer(to: &name.machine) {
            $0.withMemoryRebound(to: CChar.self, capacity: 65) { String(cString: $0) }
        }
    }
}
