import Contract
public import Host

/// What `--gpu` names, resolved to cards. Pure but for ``resolve(_:on:anyDevice:goingOnWith:)``.
public struct GPUSelection: Sendable {
    let gpus: [HostGPU]
    /// Every function of the host.
    let devices: [HostPCIDevice]
    /// Whether a device that is no NVIDIA GPU may be named, by its address.
    let anyDevice: Bool

    /// A choice among `gpus`, or `devices` at large.
    public init(gpus: [HostGPU], devices: [HostPCIDevice], anyDevice: Bool = false) {
        self.gpus = gpus
        self.devices = devices
        self.anyDevice = anyDevice
    }

    /// The cards that `words` name on `tree`, as ``resolve(_:goingOnWith:)`` does. Throws ``Failure`` where `tree` has no list
    /// of PCI devices.
    public static func resolve(
        _ words: [String], on tree: any HostTree, anyDevice: Bool = false, goingOnWith earlier: [PCIAddress] = []
    ) throws -> [PCIAddress] {
        let devices = try HostPCI(tree).readableDevices()
        return try GPUSelection(gpus: GPUInventory(tree, devices: devices).gpus, devices: devices, anyDevice: anyDevice)
            .resolve(words, goingOnWith: earlier)
    }

    /// The first function of each card that is named, in the order of naming; of a GPU the GPU itself.
    ///
    /// A word is an address in any usual form (any function of the card, its audio for instance), an index, part of a
    /// name or a pattern with * and ?, `all`, or `auto`: the only GPU that is neither the boot display nor in use.
    /// - Parameter earlier: What these words named when an unfinished run was begun, whose VM may hold it now: `auto` then
    ///   means the same card again.
    /// - Throws: ``Failures``: everything that is unknown, ambiguous, no GPU, or named twice, with what there is to choose.
    public func resolve(_ words: [String], goingOnWith earlier: [PCIAddress] = []) throws -> [PCIAddress] {
        var failures: [Failure] = []
        var chosen: [PCIAddress] = []
        var namedBy: [PCIAddress: String] = [:]
        for (place, word) in words.enumerated() {
            // One word, one card, but for `all`, beside which nothing can stand.
            let before = earlier.count == words.count ? earlier[place] : nil
            do throws(Failure) {
                for address in try resolve(word, before: before) {
                    if let earlier = namedBy[address] {
                        throw refusal(
                            .optionInvalid,
                            earlier == word
                                ? "--gpu \(word) is given twice."
                                : "--gpu \(earlier) and --gpu \(word) are one card, \(address).",
                            "Name each card once.")
                    }
                    namedBy[address] = word
                    chosen.append(address)
                }
            } catch {
                failures.append(error)
            }
        }
        guard failures.isEmpty else { throw Failures(failures) }
        return chosen
    }

    private func resolve(_ word: String, before: PCIAddress?) throws(Failure) -> [PCIAddress] {
        if let address = PCIAddress(word) { return [try card(at: address, word: word)] }
        switch word.lowercased() {
        case "all":
            guard !gpus.isEmpty else { throw nothingHere(word) }
            return gpus.map(\.address)
        case "auto":
            if let before, gpus.contains(where: { $0.address == before }) { return [before] }
            return [try automatic()]
        case "": throw refusal(.optionInvalid, "--gpu is empty.", howToName)
        default: break
        }
        let isNumber = word.allSatisfy { $0.isASCII && $0.isNumber }
        if isNumber, let index = Int(word), gpus.indices.contains(index) { return [gpus[index].address] }
        // One or two digits are an index that is wrong, not the "1" in "GTX 1050 Ti".
        let matches = isNumber && word.utf8.count < 3 ? [] : gpus.filter { $0.isCalled(word) }
        switch matches.count {
        case 1: return [matches[0].address]
        case 0:
            guard !gpus.isEmpty else { throw nothingHere(word) }
            throw refusal(
                .gpuUnavailable,
                isNumber
                    ? "There is no GPU of index \(word), and none whose name contains it."
                    : "No GPU is called \(word).", howToName)
        default:
            throw refusal(
                .optionInvalid, "--gpu \(word) fits \(matches.count) GPUs.",
                "Name one by its address or index; for several, repeat --gpu, or use --gpu all.", choices: matches)
        }
    }

    private func card(at address: PCIAddress, word: String) throws(Failure) -> PCIAddress {
        guard let device = devices.first(where: { $0.address == address }) else {
            throw refusal(.gpuUnavailable, "This machine has no PCI device \(address).", howToName)
        }
        if let gpu = gpus.first(where: { $0.address == address }) { return gpu.address }
        if device.isVirtualFunction {
            guard anyDevice else {
                throw refusal(
                    .optionInvalid, "\(address) is a virtual function, not a card.",
                    "Name a whole GPU; --any-device passes it all the same.")
            }
            return address
        }
        if let gpu = gpus.first(where: { $0.address.isSameSlot(as: address) }) { return gpu.address }
        let vendor = "\(hexadecimalID(device.vendor)):\(hexadecimalID(device.device))"
        guard anyDevice else {
            throw refusal(
                .optionInvalid, "\(address) is no NVIDIA GPU: \(device.kind), \(vendor).",
                "\(howToName) --any-device passes any device all the same.")
        }
        guard !device.isBridge else {
            throw refusal(.optionInvalid, "\(address) is a bridge, which cannot be passed.", howToName)
        }
        let slot = devices.filter { $0.address.isSameSlot(as: address) && !$0.isVirtualFunction }
        return slot.map(\.address).min() ?? address
    }

    private func automatic() throws(Failure) -> PCIAddress {
        guard !gpus.isEmpty else { throw nothingHere("auto") }
        let free = gpus.filter { $0.reservations.isEmpty }
        switch free.count {
        case 1: return free[0].address
        case 0:
            throw refusal(
                .gpuUnavailable, "--gpu auto finds no GPU that is free.",
                "Stop what uses one, or name one by its address; a GPU that is the boot display has to be named.")
        default:
            throw refusal(
                .optionInvalid, "--gpu auto finds \(free.count) GPUs that are free.",
                "Name one by its address or index.", choices: free)
        }
    }

    private var howToName: String {
        "Name a GPU by its address (41:00.0), its index, a part of its name, or use all or auto."
    }

    private func nothingHere(_ word: String) -> Failure {
        refusal(
            .gpuUnavailable, "--gpu \(word): this machine has no NVIDIA GPU.",
            "Look at lspci -nn; --gpu simulated needs none.")
    }

    private func refusal(
        _ code: FailureCode, _ message: String, _ remedy: String, choices: [HostGPU]? = nil
    ) -> Failure {
        Failure(
            code, operation: "choose the GPU", message: message, evidence: (choices ?? gpus).map(\.choice),
            remedy: remedy, side: .host)
    }
}

extension HostGPU {
    /// Whether a pattern fits the whole name, what it is sold as, with and without its maker, or the board; or is its ids.
    fileprivate func isCalled(_ word: String) -> Bool {
        let names = [name, marketingName, marketingName.map { "NVIDIA \($0)" }, subsystemName].compactMap { $0 }
        let pattern = NamePattern(word)
        return word.lowercased() == "\(vendorID):\(deviceID)" || names.contains { pattern.matches($0) }
    }

    /// One line of a list to choose from.
    fileprivate var choice: String {
        let state = reservations.isEmpty ? "free" : reservations.joined(separator: ", ")
        return "\(index)  \(address)  \(title)  (\(driver ?? "no driver"); \(state))"
    }
}
