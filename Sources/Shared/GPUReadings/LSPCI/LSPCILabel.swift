/// The labels of lines below a device that are read.
enum LSPCILabel {
    enum Field {
        case className, vendor, device, subsystem, subsystemVendor, subsystemDevice, revision, programmingInterface
        case driver, modules, iommuGroup, numaNode, physicalSlot, link, linkCapability, flags
    }

    /// Of the form for people.
    static let table = LabelTable<Field>([
        ("Subsystem", .subsystem), ("Kernel driver in use", .driver), ("Kernel modules", .modules),
        ("IOMMU group", .iommuGroup), ("NUMA node", .numaNode), ("Physical Slot", .physicalSlot), ("LnkSta", .link),
        ("LnkCap", .linkCapability), ("Flags", .flags),
    ])

    /// Of -vmm and -vm.
    static let blocks = LabelTable<Field>([
        ("Class", .className), ("Vendor", .vendor), ("Device", .device), ("SVendor", .subsystemVendor),
        ("SDevice", .subsystemDevice), ("PhySlot", .physicalSlot), ("Rev", .revision),
        ("ProgIf", .programmingInterface), ("Driver", .driver), ("Module", .modules), ("NUMANode", .numaNode),
        ("IOMMUGroup", .iommuGroup),
    ])
}
