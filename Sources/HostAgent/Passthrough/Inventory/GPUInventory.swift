import Contract
public import Host

/// Every NVIDIA GPU of a host, at one moment. Reads only. Schema in Documentation/schemas/gpus.md.
public struct GPUInventory: Codable, Equatable, Sendable {
    public static let schema = 1

    public var schema = Self.schema
    /// In order of address.
    public var gpus: [HostGPU]
    /// What `--gpu auto` would take; nil where no GPU or more than one is free.
    public var automatic: PCIAddress?
    /// Processes whose open files could not be seen (not root): they may hold a GPU.
    public var unseenProcesses: Int
}

extension GPUInventory {
    /// Looks at the GPUs of `tree`. Throws ``Failure`` where there is no list of PCI devices, or none can be read.
    public static func read(_ tree: any HostTree) throws -> GPUInventory {
        GPUInventory(tree, devices: try HostPCI(tree).readableDevices())
    }

    /// The GPUs among `devices`, with what `tree` tells of them.
    init(_ tree: any HostTree, devices: [HostPCIDevice]) {
        let gpus = devices.filter { $0.isNVIDIAGPU && !$0.isVirtualFunction }
        let cards = gpus.map { $0.card(among: devices) }
        let names = PCINames(tree, for: cards.flatMap { $0.functions + devices.members(of: $0.groups) })
        let holders = CardHolders(tree, cards: cards, among: devices)
        self.gpus = cards.enumerated().map { index, card in
            HostGPU(
                card, index: index, members: devices.members(of: card.groups), names: names,
                model: holders.model(of: card), holders: holders.all(of: card))
        }
        let free = self.gpus.filter { $0.reservations.isEmpty }
        automatic = free.count == 1 ? free[0].address : nil
        unseenProcesses = holders.unseenProcesses
    }
}

extension HostPCI {
    /// Every function, or a ``Failure`` where the host shows no list of them, or one of which nothing can be read: another
    /// folder was meant, a copy lost what its links point to, or there is no PCI bus.
    func readableDevices() throws -> [HostPCIDevice] {
        func refusal(_ message: String) -> Failure {
            Failure(
                .gpuUnavailable, operation: "list the GPUs", message: message, evidence: [Self.devices],
                remedy:
                    "With --system-root, name the folder that holds the other machine's sys/ and proc/, or a recording "
                    + "of it; else look whether sysfs is mounted.", side: .host)
        }
        switch tree.names(Self.devices) {
        case .failure(let error): throw refusal("There is no list of PCI devices: \(error)")
        case .success(let names):
            let devices = allDevices()
            guard !devices.isEmpty || names.isEmpty else {
                throw refusal(
                    "\(names.count) PCI devices are listed, but none can be read: the copy lacks /sys/devices.")
            }
            return devices
        }
    }
}

extension [HostPCIDevice] {
    /// Those in one of the IOMMU groups.
    func members(of groups: [Int]) -> [HostPCIDevice] {
        filter { device in device.iommuGroup.map { groups.contains($0) } ?? false }
    }
}

extension HostGPU {
    init(
        _ card: PCICard, index: Int, members: [HostPCIDevice], names: PCINames, model: String?, holders: [GPUHolder]
    ) {
        let gpu = card.primary
        let own = Set(card.functions.map(\.address))
        self.init(
            index: index, address: gpu.address, kind: gpu.kind, vendorID: hexadecimalID(gpu.vendor),
            deviceID: hexadecimalID(gpu.device), subsystemVendorID: gpu.subsystemVendor.map(hexadecimalID),
            subsystemDeviceID: gpu.subsystemDevice.map(hexadecimalID), name: names.name(of: gpu) ?? model,
            subsystemName: names.subsystem(of: gpu), driver: gpu.driver, iommuGroup: gpu.iommuGroup,
            groupMembers: members.map { member in
                GroupMember(
                    relation: own.contains(member.address) ? .card : member.isBridge ? .bridge : .other,
                    function: Function(member, names: names))
            }, companions: card.companions.map { Function($0, names: names) },
            bars: gpu.bars.enumerated().filter { $0.element > 0 }.map { BAR(index: $0.offset, bytes: $0.element) },
            bootVGA: gpu.isBootVGA, numaNode: gpu.numaNode, holders: holders,
            held: holders.contains { $0.kind != .persistenceDaemon })
    }
}

extension HostGPU.Function {
    init(_ device: HostPCIDevice, names: PCINames) {
        self.init(
            address: device.address, kind: device.kind, vendorID: hexadecimalID(device.vendor),
            deviceID: hexadecimalID(device.device), name: names.name(of: device), driver: device.driver,
            iommuGroup: device.iommuGroup)
    }
}
