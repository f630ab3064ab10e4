import GPUReadings
import Telemetry

/// A line of the list: a machine, a GPU, a program or an event.
struct WatchRow: Sendable {
    /// Names the same thing in every snapshot.
    enum ID: Hashable, Sendable {
        case machine(String)
        case gpu(String, Int)
        case process(String, Int, Int)
        case event(String, Int)
    }

    enum Content: Sendable {
        /// Whether its GPUs are shown below.
        case machine(MachineTelemetry, isOpen: Bool)
        case gpu(MachineTelemetry, GPUSample)
        case process(MachineTelemetry, GPUSample, ProcessSample)
        case event(MachineTelemetry, TimedXid)
    }

    var id: ID
    var content: Content

    /// The lines of a list, filtered and sorted.
    static func list(_ snapshot: TelemetrySnapshot, _ state: WatchState) -> [WatchRow] {
        let wanted = state.filter.lowercased()
        func has(_ texts: String?...) -> Bool {
            wanted.isEmpty || texts.contains { $0?.lowercased().contains(wanted) == true }
        }
        switch state.tab {
        case .gpus:
            let total = snapshot.machines.reduce(0) { $0 + ($1.sample?.gpus.count ?? 0) }
            var groups: [(key: Double, rows: [WatchRow])] = []
            for machine in snapshot.machines {
                let condition = machine.condition(at: snapshot.time)
                let gpus = condition == .stopped ? [] : machine.sample?.gpus ?? []
                let isWhole = has(machine.name, condition.word, machine.hello?.hostname)
                let shown = isWhole ? gpus : gpus.filter { has($0.name, $0.uuid, $0.pciAddress) }
                guard isWhole || !shown.isEmpty else { continue }
                let sorted = order(shown, by: state.sort)
                // What was searched for is shown, folded or not.
                let isOpen = !gpus.isEmpty && (!isWhole || state.unfolds(machine.name, gpus: total))
                let head = WatchRow(id: .machine(machine.name), content: .machine(machine, isOpen: isOpen))
                let rows = sorted.map { WatchRow(id: .gpu(machine.name, $0.index), content: .gpu(machine, $0)) }
                groups.append((sorted.map { key($0, state.sort) }.max() ?? -1, [head] + (isOpen ? rows : [])))
            }
            if state.sort != .name { groups = stable(groups) { $0.key > $1.key } }
            return groups.flatMap(\.rows)
        case .processes:
            var rows: [(key: Double, row: WatchRow)] = []
            for machine in snapshot.machines where machine.condition(at: snapshot.time) != .stopped {
                for gpu in machine.sample?.gpus ?? [] {
                    for process in gpu.processes
                    where has(machine.name, process.name, gpu.name, String(process.pid)) {
                        rows.append(
                            (
                                Double(process.memoryBytes ?? 0),
                                WatchRow(
                                    id: .process(machine.name, gpu.index, process.pid),
                                    content: .process(machine, gpu, process))
                            ))
                    }
                }
            }
            // By name is by machine, as they come; else the largest first: memory is all that is told of a program.
            return (state.sort == .name ? rows : stable(rows) { $0.key > $1.key }).map(\.row)
        case .events:
            var rows: [(key: Double, row: WatchRow)] = []
            for machine in snapshot.machines {
                for (number, event) in machine.events.enumerated()
                where has(machine.name, event.event.text, event.event.pciAddress, "xid \(event.event.code)") {
                    // Counted from the first that was ever heard, since old ones go.
                    let heard = machine.xidCounts.values.reduce(0, +) - machine.events.count + number
                    rows.append(
                        (event.time, WatchRow(id: .event(machine.name, heard), content: .event(machine, event))))
                }
            }
            return stable(rows) { $0.key > $1.key }.map(\.row)
        }
    }

    private static func order(_ gpus: [GPUSample], by sort: WatchState.Sort) -> [GPUSample] {
        sort == .name ? gpus : stable(gpus) { key($0, sort) > key($1, sort) }
    }

    /// What is not known comes last.
    private static func key(_ gpu: GPUSample, _ sort: WatchState.Sort) -> Double {
        switch sort {
        case .name: 0
        case .utilisation: gpu.numbers[.utilizationGPUPercent] ?? -1
        case .memory: gpu.memoryShare ?? -1
        case .temperature: gpu.numbers[.temperatureCelsius] ?? -1
        case .power: gpu.numbers[.powerDrawWatts] ?? -1
        }
    }

    /// Equal ones keep their places: rows that jump about cannot be read.
    private static func stable<T>(_ elements: [T], _ precedes: (T, T) -> Bool) -> [T] {
        elements.enumerated().sorted {
            precedes($0.element, $1.element) || (!precedes($1.element, $0.element) && $0.offset < $1.offset)
        }.map(\.element)
    }
}

extension GPUSample {
    /// How full its memory is, 0 to 1.
    var memoryShare: Double? {
        guard let used = numbers[.memoryUsedBytes], let total = numbers[.memoryTotalBytes], total > 0 else {
            return nil
        }
        return min(1, max(0, used / total))
    }

    /// Why it tells nothing: "gpuLost".
    var fault: String? { faults["temperatureCelsius"] ?? faults["utilizationGPUPercent"] ?? faults.values.min() }
}
