import Contract
public import Host
import Synchronization
public import SystemPackage

/// A kernel's PCI core in memory: what sysfs shows of it, and writes that do what the kernel does with them
/// (drivers/base/bus.c, drivers/pci/pci-driver.c), refusing what it refuses. Also the few programs that a claim runs.
///
/// It can die, as the process that asks it would: from then on nothing has any effect.
public final class FakeKernel: HostTree, DriverChanges {
    /// A PCI function.
    public struct Device: Sendable {
        public var driver: String?
        public var override: String?
        public var group: Int?
        public var vendor = 0x10de
        public var device = 0x1c82
        public var classCode = 0x030000
        public var isBootVGA = false
        /// Drivers whose table of ids fits it; the one that was loaded first gets it.
        public var matches: [String] = []
        /// Drivers that fail on it.
        public var fails: Set<String> = []

        /// A function.
        public init(driver: String?, override: String? = nil, group: Int? = 7, matches: [String]) {
            self.driver = driver
            self.override = override
            self.group = group
            self.matches = matches
        }
    }

    /// A process that has files open.
    public struct Process: Sendable {
        public var name: String
        public var startTime: UInt64 = 1000
        public var open: [String] = []

        /// A process.
        public init(_ name: String, open: [String] = []) {
            self.name = name
            self.open = open
        }
    }

    /// Everything that changes.
    public struct State: Sendable {
        public var bootID = "boot-1"
        public var devices: [String: Device] = [:]
        /// In the order in which they were loaded.
        public var drivers: [String] = []
        public var processes: [Int32: Process] = [:]
        /// Services that systemd runs.
        public var services: Set<String> = []
        /// Owners of device nodes, root's unless here.
        public var owners: [String: UInt32] = [:]
        /// Other files.
        public var files: [String: String] = [:]
        /// Modules that udev loads when a device is unbound.
        public var udevLoads: [String] = []
        /// Words in writes that never come back.
        public var hangs: [String] = []
        /// Everything that was asked of it, as a shell would do it.
        public var log: [String] = []
        var operations = 0
        var death: (at: Int, before: Bool)?
        var isDead = false

        /// A kernel without devices.
        public init() {}
    }

    private let state: Mutex<State>
    private let onDeath: @Sendable () -> Void

    /// A kernel; `onDeath` is called at the moment of ``die(at:before:)``.
    public init(_ state: State, onDeath: @escaping @Sendable () -> Void = {}) {
        self.state = Mutex(state)
        self.onDeath = onDeath
    }

    /// What it is in now.
    public var now: State { state.withLock { $0 } }

    /// Changes it behind the tool's back.
    public func change(_ body: (inout State) -> Void) {
        state.withLock { body(&$0) }
    }

    /// From the `at`-th change on, counted from now, or just before it, nothing has an effect.
    public func die(at number: Int, before: Bool) {
        state.withLock {
            $0.operations = 0
            $0.isDead = false
            $0.death = (number, before)
        }
    }

    /// The next process begins.
    public func revive() {
        state.withLock {
            $0.death = nil
            $0.isDead = false
        }
    }

    /// Whether the process that asked has died.
    public var isDead: Bool { state.withLock { $0.isDead } }

    // MARK: - Changes

    public func write(_ text: String, to path: String, deadline: Duration) async -> DriverChange {
        let line = text.hasSuffix("\n") ? String(text.dropLast()) : text
        return operate("echo\(line.isEmpty ? "" : " \(line)") > \(path)") { $0.write(line, path) }
    }

    public func run(_ arguments: [String], deadline: Duration) async -> DriverChange {
        operate(arguments.joined(separator: " ")) { $0.run(arguments) }
    }

    public func setOwner(_ user: UInt32, of path: String) -> DriverChange {
        operate("chown \(user) \(path)") { state in
            guard state.node(path) != nil else { return .refused("No such file or directory") }
            state.owners[path] = user
            return .accepted
        }
    }

    private func operate(_ words: String, _ body: (inout State) -> DriverChange) -> DriverChange {
        let (answer, hasDied) = state.withLock { state -> (DriverChange, Bool) in
            if state.isDead { return (.refused("this process is dead"), false) }
            state.operations += 1
            let dies = state.death.map { state.operations == $0.at } ?? false
            if dies, state.death?.before == true {
                state.isDead = true
                return (.refused("this process is dead"), true)
            }
            state.log.append(words)
            let answer: DriverChange =
                state.hangs.contains { words.contains($0) } ? .hanging(["state D"]) : body(&state)
            if dies { state.isDead = true }
            return (answer, dies)
        }
        if hasDied { onDeath() }
        return answer
    }

    // MARK: - Looking

    public func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> {
        guard case .file(let text) = state.withLock({ $0.node(path) }) else { return .failure(.noSuchFileOrDirectory) }
        return .success(Array(text.utf8.prefix(limit)))
    }

    public func names(_ path: String) -> Result<[String], Errno> {
        guard case .folder(let names) = state.withLock({ $0.node(path) }) else {
            return .failure(.noSuchFileOrDirectory)
        }
        return .success(names.sorted())
    }

    public func link(_ path: String) -> Result<String, Errno> {
        guard case .link(let target) = state.withLock({ $0.node(path) }) else {
            return .failure(.noSuchFileOrDirectory)
        }
        return .success(target)
    }

    public func status(_ path: String) -> Result<HostFileStatus, Errno> {
        state.withLock { state in
            guard let node = state.node(path) else { return .failure(.noSuchFileOrDirectory) }
            let mode: UInt32 = if case .folder = node { 0o040755 } else { 0o100600 }
            return .success(HostFileStatus(mode: mode, owner: state.owners[path] ?? 0, group: 0))
        }
    }

    public func answer(_ probe: HostProbe) async -> HostAnswer? {
        guard case .program(let words) = probe, words.prefix(2) == ["systemctl", "is-active"], let name = words.last
        else {
            return nil
        }
        return HostAnswer(status: state.withLock { $0.services.contains(name) } ? 0 : 3, text: "")
    }
}

// MARK: - What the kernel does

extension FakeKernel.State {
    private static let noDevice = DriverChange.refused("No such device")
    private static let noFile = DriverChange.refused("No such file or directory")

    fileprivate mutating func write(_ line: String, _ path: String) -> DriverChange {
        let parts = path.split(separator: "/").map { String($0) }
        guard parts.starts(with: ["sys", "bus", "pci"]) else { return Self.noFile }
        let name = parts.count == 6 ? parts[4] : ""
        switch (parts[3], parts.last) {
        case ("drivers_probe", "drivers_probe"):
            guard devices[line] != nil else { return Self.noDevice }
            attach(line)
            return .accepted
        case ("devices", "driver_override") where devices[name] != nil:
            devices[name]?.override = line.isEmpty ? nil : line
            return .accepted
        case ("drivers", "unbind") where drivers.contains(name):
            let driver = name
            guard devices[line]?.driver == driver else { return Self.noDevice }
            // vfio-pci waits until user space has let go.
            if driver == "vfio-pci", isHeld(line) { return .hanging(["state D"]) }
            devices[line]?.driver = nil
            owners = owners.filter { node($0.key) != nil }
            for module in udevLoads { _ = run(["modprobe", module]) }
            return .accepted
        case ("drivers", "bind") where drivers.contains(name):
            let driver = name
            guard let device = devices[line], fits(driver, device) else { return Self.noDevice }
            guard device.driver == nil else { return .refused("Device or resource busy") }
            guard probe(driver, line) else { return .refused("Invalid argument") }
            return .accepted
        default: return Self.noFile
        }
    }

    fileprivate mutating func run(_ arguments: [String]) -> DriverChange {
        switch arguments {
        case ["systemctl", "stop", arguments.last ?? ""]:
            services.remove(arguments[2])
            processes = processes.filter { !arguments[2].hasPrefix($0.value.name) }
            return .accepted
        case ["systemctl", "restart", arguments.last ?? ""]:
            services.insert(arguments[2])
            return .accepted
        case ["modprobe", arguments.last ?? ""]:
            let driver = arguments[1].replacing("_", with: "-") == "vfio-pci" ? "vfio-pci" : arguments[1]
            if !drivers.contains(driver) {
                drivers.append(driver)
                // A driver that is registered gets every device that fits it and has none.
                for address in devices.keys.sorted() where devices[address]?.driver == nil {
                    if let device = devices[address], fits(driver, device) { _ = probe(driver, address) }
                }
            }
            return .accepted
        default: return .refused("not expected: \(arguments.joined(separator: " "))")
        }
    }

    private func fits(_ driver: String, _ device: FakeKernel.Device) -> Bool {
        if let override = device.override { return override == driver }
        return device.matches.contains(driver)
    }

    /// Failures of a driver are told to nobody.
    private mutating func attach(_ address: String) {
        guard let device = devices[address], device.driver == nil else { return }
        for driver in drivers where fits(driver, device) {
            if probe(driver, address) { return }
        }
    }

    private mutating func probe(_ driver: String, _ address: String) -> Bool {
        guard let device = devices[address], !device.fails.contains(driver) else { return false }
        if driver == "vfio-pci", device.group == nil || device.classCode >> 16 == 6 { return false }
        // While user space owns the group, no host driver may do DMA in it.
        if driver != "vfio-pci", isHeld(address) { return false }
        devices[address]?.driver = driver
        return true
    }

    private func isHeld(_ address: String) -> Bool {
        guard let group = devices[address]?.group else { return false }
        return processes.values.contains { $0.open.contains("/dev/vfio/\(group)") }
    }

    // MARK: - What sysfs and procfs show

    fileprivate enum Node {
        case file(String)
        case link(String)
        case folder([String])
    }

    fileprivate func node(_ path: String) -> Node? {
        if let text = files[path] { return .file(text) }
        let parts = path.split(separator: "/").map { String($0) }
        switch parts {
        case ["sys", "bus", "pci", "devices"]: return .folder(Array(devices.keys))
        case ["sys", "bus", "pci", "drivers"]: return .folder(drivers)
        case ["proc"]: return .folder(processes.keys.map { String($0) })
        case ["proc", "sys", "kernel", "random", "boot_id"]: return .file(bootID + "\n")
        default: break
        }
        if parts.starts(with: ["sys", "bus", "pci", "devices"]), let device = devices[parts[4]] {
            return node(of: device, parts.dropFirst(5).joined(separator: "/")) ?? folder(path)
        }
        if parts.count == 6, parts.starts(with: ["sys", "bus", "pci", "drivers"]), parts[5] == "module",
            drivers.contains(parts[4])
        {
            return .link("../../../../module/\(parts[4].replacing("-", with: "_"))")
        }
        if parts.count == 3, parts.starts(with: ["dev", "vfio"]) {
            let isThere = devices.values.contains { $0.driver == "vfio-pci" && $0.group.map { "\($0)" } == parts[2] }
            return isThere ? .file("") : nil
        }
        if parts.first == "proc", parts.count > 2, let pid = Int32(parts[1]), let process = processes[pid] {
            return node(of: process, pid, Array(parts.dropFirst(2)))
        }
        return folder(path)
    }

    /// A folder that is there because a file in it is.
    private func folder(_ path: String) -> Node? {
        let inside = files.keys.filter { $0.hasPrefix(path + "/") }
        let names = Set(
            inside.compactMap { $0.dropFirst(path.count + 1).split(separator: "/").first.map { String($0) } })
        return names.isEmpty ? nil : .folder(Array(names))
    }

    private func node(of device: FakeKernel.Device, _ name: String) -> Node? {
        func hexadecimal(_ value: Int) -> Node { .file("0x\(String(value, radix: 16))\n") }
        switch name {
        case "": return .folder(["vendor", "device", "class", "driver_override"])
        case "vendor": return hexadecimal(device.vendor)
        case "device": return hexadecimal(device.device)
        case "class": return hexadecimal(device.classCode)
        case "boot_vga": return .file(device.isBootVGA ? "1\n" : "0\n")
        case "driver_override": return .file("\(device.override ?? "(null)")\n")
        case "driver": return device.driver.map { .link("../../../../bus/pci/drivers/\($0)") }
        case "iommu_group": return device.group.map { .link("../../../../kernel/iommu_groups/\($0)") }
        default: return nil
        }
    }

    private func node(of process: FakeKernel.Process, _ pid: Int32, _ parts: [String]) -> Node? {
        switch parts {
        case ["comm"]: return .file("\(process.name)\n")
        case ["stat"]:
            let zeros = Array(repeating: "0", count: 18).joined(separator: " ")
            return .file("\(pid) (\(process.name)) S \(zeros) \(process.startTime) 0\n")
        case ["fd"]: return .folder(process.open.indices.map { String($0) })
        case ["fd", parts.last ?? ""]:
            return Int(parts[1]).flatMap { process.open.indices.contains($0) ? .link(process.open[$0]) : nil }
        default: return nil
        }
    }
}
