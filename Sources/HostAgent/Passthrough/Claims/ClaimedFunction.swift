/// One function of a claimed card, as it was before the first write, and the way there and back.
///
/// Both ways are a pure function of this record, of what sysfs shows now, and of what was tried since: a process that was
/// killed between any two writes is continued, or undone, by looking.
public struct ClaimedFunction: Codable, Equatable, Sendable {
    /// Where it sits.
    public var address: PCIAddress
    /// Its driver before the claim; nil for none.
    public var driver: String?
    /// The kernel module of that driver, to be loaded where the driver is gone; nil for one that is built in.
    public var module: String?
    /// Its `driver_override` before the claim; nil where none was set.
    public var driverOverride: String?

    /// A record.
    public init(address: PCIAddress, driver: String?, module: String? = nil, driverOverride: String? = nil) {
        self.address = address
        self.driver = driver
        self.module = module
        self.driverOverride = driverOverride
    }

    static let vfio = "vfio-pci"

    /// Whether it was on vfio-pci before: then it stays there.
    var wasOnVFIO: Bool { driver.map(isVFIO) ?? false }

    /// What to do next.
    enum Step: Equatable {
        case write(SysfsWrite)
        /// Loads a module, by name.
        case load(String)
        /// Nothing: it is where it should be, as sysfs shows.
        case done
        /// All was tried, and sysfs does not show it.
        case stuck
    }

    /// The next step to vfio-pci.
    func nextToBind(_ now: FunctionState, tried: [Step]) -> Step {
        if now.isOnVFIO { return .done }
        guard now.loadedDrivers.contains(Self.vfio) else { return Self.first([.load(Self.vfio)], tried) }
        let override = SysfsWrite.driverOverride(Self.vfio, address)
        if now.driverOverride != Self.vfio { return Self.first([.write(override)], tried) }
        if let driver = now.driver { return Self.first([.write(.unbind(address, from: driver))], tried) }
        // A probe that fails is told to nobody: the second try is for the reason.
        return Self.first([.write(.probe(address)), .write(.bind(address, to: Self.vfio))], tried)
    }

    /// The next step back to how it was.
    func nextToRestore(_ now: FunctionState, tried: [Step]) -> Step {
        let isBack = now.driver == driver || (wasOnVFIO && now.isOnVFIO)
        // An override for another driver than the one that was bound can only come back after that one is.
        let override = isBack || driver == nil || driverOverride == nil ? driverOverride : driver
        if now.driverOverride != override {
            return Self.first([.write(.driverOverride(override, address))], tried)
        }
        if isBack { return .done }
        if let other = now.driver { return Self.first([.write(.unbind(address, from: other))], tried) }
        guard let driver else { return .done }
        guard now.loadedDrivers.contains(driver) else { return Self.first([.load(module ?? driver)], tried) }
        // Another driver that fits, too, may have been faster.
        return Self.first([.write(.probe(address)), .write(.bind(address, to: driver))], tried)
    }

    /// The first that was not tried yet: a step is tried once, since the same again would come to the same.
    private static func first(_ steps: [Step], _ tried: [Step]) -> Step {
        steps.first { !tried.contains($0) } ?? .stuck
    }

    /// The writes that lead from `now` to vfio-pci, or back, where the kernel does as it should.
    func plannedSteps(from now: FunctionState, toBind: Bool) -> [Step] {
        var (state, steps) = (now, [Step]())
        while true {
            let step = toBind ? nextToBind(state, tried: steps) : nextToRestore(state, tried: steps)
            switch step {
            case .write(let write): state = state.after(write, expected: toBind ? Self.vfio : driver)
            case .load: state.loadedDrivers.insert(toBind ? Self.vfio : driver ?? "")
            case .done, .stuck: return steps
            }
            steps.append(step)
        }
    }
}
