import Host

/// Which device nodes lead to which GPU.
struct GPUNodes: Sendable {
    /// The driver's own name of a GPU ("NVIDIA GeForce GTX 1050 Ti"), where the driver is loaded.
    private(set) var model: [PCIAddress: String] = [:]
    /// Nodes that are one card's alone, by its GPU.
    private var own: [PCIAddress: Set<String>] = [:]
    /// GPUs on the nvidia driver.
    private var onNVIDIA: Set<PCIAddress> = []
    /// Those of them whose /dev/nvidiaN is not known.
    private var unnumbered: Set<PCIAddress> = []
    /// /dev/nvidiaN of the others.
    private var numbered: Set<String> = []

    init(_ tree: any HostTree, cards: [PCICard]) {
        for card in cards {
            let gpu = card.primary.address
            var nodes = Set(card.groups.flatMap { ["/dev/vfio/\($0)", "/dev/vfio/noiommu-\($0)"] })
            for function in card.functions {
                let folder = "\(HostPCI.devices)/\(function.address)"
                // With iommufd a device has a node of its own (Documentation/driver-api/vfio.rst, "VFIO device cdev").
                nodes.formUnion(tree.list("\(folder)/vfio-dev").map { "/dev/vfio/devices/\($0)" })
                nodes.formUnion(tree.list("\(folder)/drm").map { "/dev/dri/\($0)" })
                let facts = Self.information(tree, function.address)
                guard function.driver == "nvidia" || !facts.isEmpty else { continue }
                onNVIDIA.insert(gpu)
                model[gpu] = facts["Model"]
                if let minor = facts["Device Minor"].flatMap({ Int($0) }) {
                    nodes.insert("/dev/nvidia\(minor)")
                    numbered.insert("/dev/nvidia\(minor)")
                } else {
                    unnumbered.insert(gpu)
                }
            }
            own[gpu] = nodes
        }
    }

    /// Whether vfio hands the node out.
    static func isVFIO(_ node: String) -> Bool { node.hasPrefix("/dev/vfio/") }

    /// What of a process's nodes leads to a card. Nodes of the driver as a whole (nvidiactl, nvidia-uvm) count for every card
    /// on it where the process has no single GPU's node; one whose GPU is not known for every card whose node is not known.
    func held(by process: OpenDeviceNodes.Process, of card: PCICard) -> [String] {
        let gpu = card.primary.address
        let nodes = own[gpu] ?? []
        var held = process.nodes.filter { nodes.contains($0) }
        guard onNVIDIA.contains(gpu) else { return held }
        // NVSwitches are devices of their own, and stay with the host.
        let ofDriver = process.nodes.filter { $0.hasPrefix("/dev/nvidia") && !$0.hasPrefix("/dev/nvidia-nvswitch") }
        let single = ofDriver.filter { Self.isSingleGPU($0) }
        if unnumbered.contains(gpu) { held += single.filter { !numbered.contains($0) } }
        if single.isEmpty { held += ofDriver }
        return held
    }

    /// Whether a node is /dev/nvidiaN.
    private static func isSingleGPU(_ node: String) -> Bool {
        let number = node.dropFirst("/dev/nvidia".count)
        return node.hasPrefix("/dev/nvidia") && !number.isEmpty && number.allSatisfy { $0.isASCII && $0.isNumber }
    }

    /// "Model: \t\t NVIDIA …", "Device Minor: \t 0".
    private static func information(_ tree: any HostTree, _ gpu: PCIAddress) -> [String: String] {
        var facts: [String: String] = [:]
        for line in (tree.text("/proc/driver/nvidia/gpus/\(gpu)/information") ?? "").split(separator: "\n") {
            let words = line.split(separator: ":", maxSplits: 1)
            guard words.count == 2 else { continue }
            facts[String(words[0])] = words[1].split(whereSeparator: \.isWhitespace).joined(separator: " ")
        }
        return facts
    }
}
