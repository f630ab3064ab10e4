import Contract
import Passthrough

/// Who has what of a host. A GPU is never given twice, and cards of one IOMMU group never to two guests.
struct CapacityLedger: Sendable {
    /// What a guest holds.
    struct Holding: Equatable, Sendable {
        var gpus: [PCIAddress]
        var memoryBytes: Int64
        var cpus: Int
    }

    private let capacity: HostCapacity
    private(set) var holdings: [String: Holding] = [:]
    /// Who holds a card, by its place in the capacity's list.
    private var holders: [String?]
    private var freeMemory: Int64
    private var freeCPUs: Int
    private let placesByAddress: [PCIAddress: Int]
    private let placesByGroup: [Int: [Int]]

    init(_ capacity: HostCapacity) {
        self.capacity = capacity
        placesByAddress = Dictionary(capacity.gpus.enumerated().map { ($1.address, $0) }) { first, _ in first }
        placesByGroup = Dictionary(
            grouping: capacity.gpus.indices.filter { capacity.gpus[$0].group != nil },
            by: { capacity.gpus[$0].group ?? 0 })
        holders = Array(repeating: nil, count: capacity.gpus.count)
        freeMemory = capacity.memoryBytes
        freeCPUs = capacity.cpus
    }

    /// What guests hold from an earlier time.
    mutating func adopt(_ guest: String, _ holding: Holding) {
        holdings[guest] = holding
        freeMemory -= holding.memoryBytes
        freeCPUs -= holding.cpus
        for place in holding.gpus.compactMap({ placesByAddress[$0] }) { holders[place] = guest }
    }

    /// Takes what a guest needs; nil where it is not free now.
    mutating func take(_ need: GuestNeed, for guest: String) -> Holding? {
        precondition(holdings[guest] == nil, "\(guest) holds something already")
        guard need.memoryBytes <= freeMemory, need.cpus <= freeCPUs, let places = places(need.gpus, for: guest) else {
            return nil
        }
        let holding = Holding(
            gpus: places.map { capacity.gpus[$0].address }, memoryBytes: need.memoryBytes, cpus: need.cpus)
        for place in places { holders[place] = guest }
        freeMemory -= need.memoryBytes
        freeCPUs -= need.cpus
        holdings[guest] = holding
        return holding
    }

    /// Gives back what a guest held, if anything.
    mutating func release(_ guest: String) {
        guard let holding = holdings.removeValue(forKey: guest) else { return }
        freeMemory += holding.memoryBytes
        freeCPUs += holding.cpus
        for place in holding.gpus.compactMap({ placesByAddress[$0] }) where holders[place] == guest {
            holders[place] = nil
        }
    }

    /// Why a need can never be met, were the host empty; nil where it can.
    func impossibility(_ need: GuestNeed) -> String? {
        if need.memoryBytes > capacity.memoryBytes {
            return "it takes \(need.memoryBytes >> 20) MiB of memory, and guests may have \(capacity.memoryBytes >> 20)"
        }
        if need.cpus > capacity.cpus { return "it takes \(need.cpus) CPUs, and guests may have \(capacity.cpus)" }
        guard CapacityLedger(capacity).places(need.gpus, for: "") == nil else { return nil }
        switch need.gpus {
        case .none, .simulated: return nil
        case .addresses(let addresses):
            let words = addresses.compactMap { address -> String? in
                guard let place = placesByAddress[address] else { return "the host has no GPU at \(address)" }
                return capacity.gpus[place].holder.map { "\(address) is in use by \($0)" }
            }
            return words.joined(separator: "; ")
        case .count(let count, let pattern):
            let fitting = capacity.gpus.count { Self.fits($0, pattern) }
            return
                "it takes \(count) GPUs\(pattern.map { " called \($0)" } ?? ""), and the host has \(fitting) for guests"
        }
    }

    /// Places of free cards that fill a wish. Whole groups: of a group, all or none.
    private func places(_ wish: GPUWish, for guest: String) -> [Int]? {
        switch wish {
        case .none, .simulated: return []
        case .addresses(let addresses):
            var places: [Int] = []
            for address in addresses {
                guard let place = placesByAddress[address], isFree(place, for: guest) else { return nil }
                places.append(place)
            }
            return places
        case .count(let count, let pattern):
            var places: [Int] = []
            for place in capacity.gpus.indices where places.count < count {
                if Self.fits(capacity.gpus[place], pattern), isFree(place, for: guest) { places.append(place) }
            }
            return places.count == count ? places : nil
        }
    }

    /// Whether nobody has it, nor another card of its group.
    private func isFree(_ place: Int, for guest: String) -> Bool {
        guard holders[place] == nil, capacity.gpus[place].holder == nil else { return false }
        guard let group = capacity.gpus[place].group else { return true }
        return !(placesByGroup[group] ?? []).contains { other in
            capacity.gpus[other].holder != nil || (holders[other] != nil && holders[other] != guest)
        }
    }

    /// Whether it may be given to a guest that takes any card of this pattern.
    private static func fits(_ gpu: HostCapacity.GPU, _ pattern: String?) -> Bool {
        guard !gpu.isBootDisplay, gpu.holder == nil else { return false }
        guard let pattern = pattern.map(NamePattern.init) else { return true }
        return gpu.names.contains { pattern.matches($0) }
    }
}
