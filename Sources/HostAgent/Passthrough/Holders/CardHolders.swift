import Host

/// Who has cards open, at one moment: one walk over /proc for all of them. Processes of other users are seen by root only.
struct CardHolders: Sendable {
    private let open: OpenDeviceNodes
    private let nodes: GPUNodes

    /// Looks at who holds `cards`. The host's other GPUs are looked at too: whose a node is tells whose it is not.
    init(_ tree: any HostTree, cards: [PCICard]) {
        self.init(tree, cards: cards, among: HostPCI(tree).allDevices())
    }

    /// The same, where all functions of the host are known.
    init(_ tree: any HostTree, cards: [PCICard], among devices: [HostPCIDevice]) {
        let own = Set(cards.flatMap(\.functions).map(\.address))
        let others = devices.filter { $0.isNVIDIAGPU && !$0.isVirtualFunction && !own.contains($0.address) }
        nodes = GPUNodes(tree, cards: cards + others.map { $0.card(among: devices) })
        open = OpenDeviceNodes(tree)
    }

    /// Processes whose open files could not be seen: they may hold a card.
    var unseenProcesses: Int { open.unseen }

    /// The driver's own name of a card's GPU, where the driver is loaded.
    func model(of card: PCICard) -> String? { nodes.model[card.primary.address] }

    /// Who has the card open.
    func all(of card: PCICard) -> [GPUHolder] {
        open.holders { nodes.held(by: $0, of: card) }
    }

    /// Who has it open through a driver of the host's: NVIDIA's nodes, or the kernel's for displays. Sound is left out: its
    /// driver takes a card away from who has it open.
    func throughDriver(of card: PCICard) -> [GPUHolder] {
        open.holders { nodes.held(by: $0, of: card).filter { !GPUNodes.isVFIO($0) } }
    }

    /// Who has it open through vfio-pci: VMs.
    func throughVFIO(of card: PCICard) -> [GPUHolder] {
        open.holders { nodes.held(by: $0, of: card).filter { GPUNodes.isVFIO($0) } }
    }
}
