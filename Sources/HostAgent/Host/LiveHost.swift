import Glibc
public import SystemPackage

/// The running machine.
public struct LiveHost: HostTree {
    private let files = FolderTree(root: "/")

    /// The running machine.
    public init() {}

    public func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> { files.read(path, limit: limit) }
    public func names(_ path: String) -> Result<[String], Errno> { files.names(path) }
    public func link(_ path: String) -> Result<String, Errno> { files.link(path) }
    public func status(_ path: String) -> Result<HostFileStatus, Errno> { files.status(path) }

    public func answer(_ probe: HostProbe) async -> HostAnswer? {
        switch probe {
        case .program(let arguments):
            guard let name = arguments.first else { return nil }
            do {
                let result = try await runTool(
                    name, Array(arguments.dropFirst()), package: name, operation: "look at this host")
                return HostAnswer(status: result.status, text: result.output + result.error)
            } catch {
                return HostAnswer(status: 127, text: "")
            }
        case .createVM:
            let number = Self.createAndDropVM()
            return HostAnswer(status: number, text: number == 0 ? "" : Errno(rawValue: number).description)
        case .memoryLock:
            var limit = rlimit()
            guard getrlimit(Int32(__RLIMIT_MEMLOCK.rawValue), &limit) == 0 else { return nil }
            func words(_ value: rlim_t) -> String { value == rlim_t.max ? "unlimited" : String(value) }
            return HostAnswer(status: 0, text: "\(words(limit.rlim_cur)) \(words(limit.rlim_max))\n")
        case .user:
            var groups = [gid_t](repeating: 0, count: 1 << 10)
            let count = getgroups(Int32(groups.count), &groups)
            let ids = Set([getegid()] + groups.prefix(Int(max(0, count)))).sorted().map { String($0) }
            return HostAnswer(status: 0, text: "\(geteuid())\n\(ids.joined(separator: " "))\n")
        }
    }

    /// Opens /dev/kvm, makes a VM and throws it away at once; the errno of what failed, 0 for none.
    public static func createAndDropVM() -> Int32 {
        let device = open("/dev/kvm", O_RDWR | O_CLOEXEC)
        guard device >= 0 else { return errno }
        defer { close(device) }
        // From <linux/kvm.h>: KVM_CREATE_VM is _IO(0xAE, 1).
        let machine = ioctl(device, 0xAE01 as UInt, 0)
        guard machine >= 0 else { return errno }
        close(machine)
        return 0
    }
}
