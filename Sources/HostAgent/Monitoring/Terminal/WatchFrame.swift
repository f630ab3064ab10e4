import GPUReadings
import Telemetry

/// Draws the terminal view: a title, the columns' names, the list, and what the keys do.
enum WatchFrame {
    /// Lines that are not the list's.
    static let chrome = 3
    /// Columns from which an event's GPU has its place.
    private static let wideEvents = 110

    static func draw(
        _ snapshot: TelemetrySnapshot?, _ rows: [WatchRow], _ state: WatchState, size: TerminalSize,
        capabilities: TerminalCapabilities
    ) -> Canvas {
        var canvas = Canvas(size: size, isUnicode: capabilities.isUnicode)
        let seconds = capabilities.secondsFromUTC
        title(snapshot, state, &canvas, secondsFromUTC: seconds)
        if state.isHelpShown {
            WatchHelp.draw(&canvas)
            footer("any key goes back", &canvas)
            return canvas
        }
        guard let snapshot else {
            canvas.put("waiting for the first machine", at: 2, 2, CellStyle(.faint))
            footer(keys(state), &canvas)
            return canvas
        }
        if case .gpu(let name, let index)? = state.detail {
            if let machine = snapshot.machines.first(where: { $0.name == name }),
                let gpu = machine.sample?.gpus.first(where: { $0.index == index })
            {
                WatchDetail.draw(machine, gpu, now: snapshot.time, &canvas, secondsFromUTC: seconds)
            } else {
                canvas.put("\(name) tells nothing of GPU \(index) any more", at: 2, 2, CellStyle(.warm))
            }
            footer("esc back   up/down other GPUs   space freeze   ? help   q back", &canvas)
            return canvas
        }
        heads(state, &canvas)
        let height = max(1, size.rows - chrome)
        for (line, row) in rows.dropFirst(state.top).prefix(height).enumerated() {
            draw(row, at: line + 2, now: snapshot.time, &canvas, secondsFromUTC: seconds)
            if row.id == state.selected {
                canvas.restyle(line + 2) { $0.isSelected = true }
                canvas.put(canvas.isUnicode ? "▌" : ">", at: 0, line + 2, selectedMark)
            }
        }
        if rows.isEmpty {
            canvas.put(nothing(state), at: 2, 2, CellStyle(.faint))
        }
        if state.isTyping {
            footer("/\(state.filter)\(canvas.isUnicode ? "▏" : "_")   enter keeps the filter, esc clears it", &canvas)
        } else {
            footer(keys(state), &canvas)
            if rows.count > height {
                canvas.putRight(
                    " \(state.top + 1)-\(min(rows.count, state.top + height)) of \(rows.count) ",
                    before: size.columns, size.rows - 1, barStyle(.faint))
            }
        }
        return canvas
    }

    private static var selectedMark: CellStyle {
        var style = CellStyle(.accent, bold: true)
        style.isSelected = true
        return style
    }

    private static func nothing(_ state: WatchState) -> String {
        if !state.filter.isEmpty { return "nothing has \"\(state.filter)\" in it; esc clears the filter" }
        return switch state.tab {
        case .gpus: "no machines"
        case .processes: "no program uses a GPU"
        case .events: "no Xid errors were heard of"
        }
    }

    static func barStyle(_ colour: CellStyle.Colour = .plain, bold: Bool = false) -> CellStyle {
        var style = CellStyle(colour, bold: bold)
        style.isBar = true
        return style
    }

    // MARK: - Around the list

    private static func title(
        _ snapshot: TelemetrySnapshot?, _ state: WatchState, _ canvas: inout Canvas, secondsFromUTC: Int
    ) {
        canvas.restyle(0) { $0.isBar = true }
        var place = 1
        for (tab, name) in zip(WatchState.Tab.allCases, ["GPUs", "Processes", "Events"]) {
            let isShown = state.tab == tab
            place = canvas.put(
                isShown ? "[\(name)]" : " \(name) ", at: place, 0, barStyle(isShown ? .accent : .faint, bold: isShown))
        }
        guard let snapshot else { return }
        let clock = Words.clock(snapshot.time, secondsFromUTC: secondsFromUTC)
        let right = canvas.size.columns - 1 - clock.count
        canvas.putRight(clock, before: canvas.size.columns - 1, 0, barStyle())
        if state.isFrozen { canvas.putRight("FROZEN ", before: right, 0, barStyle(.warm, bold: true)) }
        let end = right - (state.isFrozen ? 8 : 1)
        let gpus = snapshot.machines.reduce(0) { $0 + ($1.sample?.gpus.count ?? 0) }
        let troubles = snapshot.machines.count { machine in
            let condition = machine.condition(at: snapshot.time)
            return condition != .live && condition != .stopped
        }
        place = canvas.put(
            "  \(snapshot.machines.count) machines, \(gpus) GPUs", at: place, 0, barStyle(), end: end)
        if troubles > 0, place < end {
            place = canvas.put(", \(troubles) in trouble", at: place, 0, barStyle(.warm), end: end)
        }
        if state.sort != .name, place < end {
            place = canvas.put("  by \(state.sort.rawValue)", at: place, 0, barStyle(.accent), end: end)
        }
        if !state.filter.isEmpty, place < end {
            canvas.put("  /\(state.filter)", at: place, 0, barStyle(.accent), end: end)
        }
    }

    private static func heads(_ state: WatchState, _ canvas: inout Canvas) {
        let style = CellStyle(.faint)
        guard canvas.size.rows > 2 else { return }
        switch state.tab {
        case .gpus:
            let columns = GPUColumns(width: canvas.size.columns)
            for (column, name) in [
                (columns.index, "GPU"), (columns.name, "NAME"), (columns.utilisation, "UTILISATION"),
                (columns.memory, "MEMORY"), (columns.history, "HISTORY"),
            ] where column.isShown {
                canvas.put(name, at: column.start + (column == columns.index ? 2 : 0), 1, style, end: column.end)
            }
            for (column, name) in [
                (columns.temperature, "TEMP"), (columns.power, "POWER"), (columns.fan, "FAN"),
                (columns.clock, "SM CLOCK"),
                (columns.processes, "PROCS"),
            ] where column.isShown {
                canvas.putRight(name, in: column, 1, style)
            }
        case .processes:
            canvas.put("MACHINE          GPU      PID TYPE   MEMORY  COMMAND", at: 2, 1, style)
        case .events:
            let isWide = canvas.size.columns >= wideEvents
            let gpu = isWide ? "GPU           " : ""
            canvas.put("TIME         AGO MACHINE          \(gpu)XID  WHAT THE DRIVER SAID", at: 2, 1, style)
        }
    }

    private static func footer(_ text: String, _ canvas: inout Canvas) {
        let row = canvas.size.rows - 1
        guard row > 0 else { return }
        canvas.put(String(repeating: " ", count: canvas.size.columns), at: 0, row, barStyle())
        canvas.put(text, at: 1, row, barStyle(.faint))
    }

    private static func keys(_ state: WatchState) -> String {
        let enter = state.tab == .events ? "" : "enter open  "
        return "\(enter)tab next  / filter  s sort  c fold  space freeze  ? help  q quit"
    }

    // MARK: - Lines

    private static func draw(
        _ row: WatchRow, at line: Int, now: Double, _ canvas: inout Canvas, secondsFromUTC: Int
    ) {
        switch row.content {
        case .machine(let machine, let isOpen): draw(machine, isOpen: isOpen, at: line, now: now, &canvas)
        case .gpu(let machine, let gpu): draw(gpu, of: machine, at: line, now: now, &canvas)
        case .process(let machine, let gpu, let process):
            let style = CellStyle(machine.condition(at: now) == .live ? .plain : .faint)
            canvas.put(machine.name, at: 2, line, style, end: 18)
            canvas.putRight(String(gpu.index), before: 22, line, style)
            canvas.putRight(String(process.pid), before: 31, line, style)
            canvas.put(process.type ?? "", at: 32, line, style, end: 36)
            canvas.putRight(process.memoryBytes.map { Words.bytes(Double($0)) } ?? "-", before: 44, line, style)
            canvas.put(process.name ?? "", at: 46, line, style)
        case .event(let machine, let timed):
            canvas.put(Words.clock(timed.time, secondsFromUTC: secondsFromUTC), at: 2, line, CellStyle(.faint))
            canvas.putRight(Words.duration(now - timed.time), before: 18, line, CellStyle(.faint))
            canvas.put(machine.name, at: 19, line, end: 35)
            // What was said matters more than where.
            let isWide = canvas.size.columns >= wideEvents
            if isWide { canvas.put(timed.event.pciAddress ?? "", at: 36, line, CellStyle(.faint), end: 49) }
            let place = isWide ? 50 : 36
            canvas.put(String(timed.event.code), at: place, line, CellStyle(.hot, bold: true), end: place + 4)
            canvas.put(timed.event.text, at: place + 5, line)
        }
    }

    static func colour(of condition: MachineCondition) -> CellStyle.Colour {
        switch condition {
        case .live: .good
        case .stopped: .faint
        case .waiting, .stale: .warm
        case .sampler(.starting, _): .warm
        case .silent, .sampler: .hot
        }
    }

    private static func draw(
        _ machine: MachineTelemetry, isOpen: Bool, at line: Int, now: Double, _ canvas: inout Canvas
    ) {
        let condition = machine.condition(at: now)
        let width = canvas.size.columns
        let gpus = condition == .stopped ? [] : machine.sample?.gpus ?? []
        let mark = gpus.isEmpty ? " " : canvas.isUnicode ? (isOpen ? "▾" : "▸") : (isOpen ? "-" : "+")
        canvas.put(mark, at: 2, line, CellStyle(.faint))
        // How it is comes first, at the right, and keeps its room.
        var words = condition.word
        if condition != .live, condition != .stopped {
            words += ": \(condition.detail)"
            if case .sampler = condition, let age = machine.sampleAge(at: now) {
                words += ", sample \(Words.duration(age)) old"
            }
        }
        let room = max(8, width - 24)
        let start = max(24, width - 1 - min(room, CharacterWidth.of(words)))
        let status = CellStyle(colour(of: condition), bold: condition != .stopped && condition != .live)
        canvas.put(words, at: start, line, status, end: width - 1)
        var place = canvas.put(
            machine.name, at: 4, line, CellStyle(condition == .stopped ? .faint : .plain, bold: true), end: start - 1)
        guard place < start - 8 else { return }
        let xids = machine.xidCounts.values.reduce(0, +)
        if xids > 0 { place = canvas.put("  \(xids) Xid", at: place, line, CellStyle(.hot), end: start - 1) }
        if isOpen || gpus.isEmpty {
            let versions = [
                machine.sample?.driverVersion.map { "driver \($0)" }, machine.sample?.cudaVersion.map { "CUDA \($0)" },
            ].compactMap { $0 }
            let text = ([gpus.isEmpty ? "" : "\(gpus.count) \(Words.model(gpus.first?.name))"] + versions)
                .filter { !$0.isEmpty }.joined(separator: ", ")
            canvas.put("  " + text, at: place, line, CellStyle(.faint), end: start - 1)
        } else {
            summary(gpus, from: place + 2, to: start - 1, at: line, isLive: condition == .live, &canvas)
        }
    }

    /// Many GPUs in the room of one.
    private static func summary(
        _ gpus: [GPUSample], from place: Int, to end: Int, at line: Int, isLive: Bool, _ canvas: inout Canvas
    ) {
        let loads = gpus.compactMap { $0.numbers[.utilizationGPUPercent] }
        let shares = gpus.compactMap(\.memoryShare)
        let hottest = gpus.compactMap { $0.numbers[.temperatureCelsius] }.max()
        let power = gpus.compactMap { $0.numbers[.powerDrawWatts] }.reduce(0, +)
        func mean(_ values: [Double]) -> Double { values.isEmpty ? 0 : values.reduce(0, +) / Double(values.count) }
        let plain = CellStyle(isLive ? .plain : .faint)
        var place = canvas.put("\(Words.padded(String(gpus.count), 2)) GPU ", at: max(place, 16), line, plain, end: end)
        let load = mean(loads)
        bar(load / 100, at: place, width: 10, line, isLive ? .load(load) : .faint, end: end, &canvas)
        place = canvas.put(Words.padded("\(Words.whole(load))% ", 6), at: place + 10, line, plain, end: end)
        place = canvas.put(
            "mem \(Words.padded(Words.whole(mean(shares) * 100), 3))% ", at: place, line, plain, end: end)
        if let hottest {
            place = canvas.put(
                "\(Words.whole(hottest))\(canvas.isUnicode ? "°" : "C") ", at: place, line,
                isLive ? CellStyle(.temperature(hottest)) : plain, end: end)
        }
        canvas.put("\(Words.whole(power))W", at: place, line, plain, end: end)
    }

    static func bar(
        _ share: Double, at place: Int, width: Int, _ line: Int, _ colour: CellStyle.Colour, end: Int,
        _ canvas: inout Canvas
    ) {
        let width = min(width, end - place)
        guard width > 0 else { return }
        let parts = Gauge.bar(share, width: width, isUnicode: canvas.isUnicode)
        var style = CellStyle(colour)
        style.isTrack = true
        let middle = canvas.put(parts.filled, at: place, line, style, end: end)
        canvas.put(parts.rest, at: middle, line, style, end: end)
    }

    private static func draw(
        _ gpu: GPUSample, of machine: MachineTelemetry, at line: Int, now: Double, _ canvas: inout Canvas
    ) {
        let columns = GPUColumns(width: canvas.size.columns)
        let isLive = machine.condition(at: now) == .live
        let plain = CellStyle(isLive ? .plain : .faint)
        let numbers = gpu.numbers
        canvas.putRight(String(gpu.index), in: columns.index, line, plain)
        if columns.name.isShown {
            canvas.put(Words.model(gpu.name), at: columns.name.start, line, plain, end: columns.name.end)
        }
        if let fault = gpu.fault {
            // No bars of what is not known.
            let words = fault == "gpuLost" ? "lost: nvidia-smi cannot reach it any more" : "no values: \(fault)"
            canvas.put(words, at: columns.utilisation.start, line, CellStyle(.hot, bold: true), end: columns.fan.end)
            history(gpu, of: machine, in: columns.history, at: line, now: now, isLive: isLive, &canvas)
            return
        }
        if columns.utilisation.isShown {
            let column = columns.utilisation
            let width = column.width - GPUColumns.percentWidth
            if let load = numbers[.utilizationGPUPercent] {
                bar(
                    load / 100, at: column.start, width: width, line, isLive ? .load(load) : .faint, end: column.end,
                    &canvas)
                canvas.putRight("\(Words.whole(load))%", in: column, line, plain)
            } else {
                canvas.putRight("-", in: column, line, CellStyle(.faint))
            }
        }
        if columns.memory.isShown {
            let column = columns.memory
            let width = column.width - GPUColumns.amountWidth
            let total = numbers[.memoryTotalBytes].map { Words.bytes($0) } ?? "-"
            let used = numbers[.memoryUsedBytes].map { Words.bytes($0) } ?? "-"
            let share = gpu.memoryShare ?? 0
            bar(share, at: column.start, width: width, line, isLive ? .memory(share) : .faint, end: column.end, &canvas)
            canvas.putRight("\(used)/\(total)", in: column, line, plain)
        }
        if columns.temperature.isShown {
            let text = numbers[.temperatureCelsius].map { Words.whole($0) + (canvas.isUnicode ? "°C" : "C") } ?? "-"
            let limit = numbers[.temperatureSlowdownCelsius]
            canvas.putRight(
                text, in: columns.temperature, line,
                isLive ? CellStyle(.temperature(numbers[.temperatureCelsius] ?? 0, limit: limit)) : plain)
        }
        if columns.power.isShown {
            let limit = numbers[.powerLimitWatts].map { "/\(Words.whole($0))W" } ?? "W"
            let text = numbers[.powerDrawWatts].map { Words.whole($0) + limit } ?? "-"
            canvas.putRight(text, in: columns.power, line, plain)
        }
        if columns.fan.isShown {
            let text = numbers[.fanPercent].map { "\(Words.whole($0))%" } ?? "-"
            canvas.putRight(text, in: columns.fan, line, plain)
        }
        if columns.clock.isShown {
            let isHeld = gpu.clocksEvents.contains { SampledFacts.throttlingKeys.contains($0) }
            let text = numbers[.clockSMMHz].map { "\(Words.whole($0))MHz" } ?? "-"
            canvas.putRight(text, in: columns.clock, line, isHeld && isLive ? CellStyle(.warm) : plain)
        }
        if columns.processes.isShown { canvas.putRight(String(gpu.processCount), in: columns.processes, line, plain) }
        history(gpu, of: machine, in: columns.history, at: line, now: now, isLive: isLive, &canvas)
    }

    private static func history(
        _ gpu: GPUSample, of machine: MachineTelemetry, in column: GPUColumns.Column, at line: Int, now: Double,
        isLive: Bool, _ canvas: inout Canvas
    ) {
        guard column.isShown, let history = machine.history[gpu.index] else { return }
        let count = column.width * (canvas.isUnicode ? 2 : 1)
        let step = max(2, machine.hello?.intervalSeconds ?? 1)
        let values = Gauge.resample(history.points, of: \.utilizationPercent, count: count, step: step, now: now)
        let chart = Gauge.chart(
            values.map { $0.map { $0 / 100 } }, width: column.width, height: 1, isUnicode: canvas.isUnicode)
        canvas.put(chart[0], at: column.start, line, CellStyle(isLive ? .accent : .faint), end: column.end)
    }
}

extension CellStyle.Colour {
    /// Of a load, 0 to 100: much of it is what a GPU is for, so it is never an alarm.
    static func load(_ percent: Double) -> Self { percent >= 95 ? .warm : .good }

    /// Of memory, a share of 1: full is when programs fail.
    static func memory(_ share: Double) -> Self { share >= 0.97 ? .hot : share >= 0.9 ? .warm : .memory }

    /// By the GPU's own limit where it tells it, else by what most cards slow down at.
    static func temperature(_ celsius: Double, limit: Double? = nil) -> Self {
        let limit = limit ?? 90
        return celsius >= limit - 5 ? .hot : celsius >= limit - 15 ? .warm : .good
    }
}

extension SampledFacts {
    /// Keys of ``throttling``.
    static let throttlingKeys = Set(throttling.map(\.key))
}
