import GPUReadings
import Telemetry

/// One GPU on the whole screen: its facts, four charts, its programs and its errors.
enum WatchDetail {
    static func draw(
        _ machine: MachineTelemetry, _ gpu: GPUSample, now: Double, _ canvas: inout Canvas, secondsFromUTC: Int
    ) {
        let width = canvas.size.columns
        let condition = machine.condition(at: now)
        var words = condition.word
        if condition != .live { words += ": \(condition.detail)" }
        if condition != .live, let age = machine.sampleAge(at: now) { words += ", sample \(Words.duration(age)) old" }
        var place = canvas.put("\(machine.name) ", at: 1, 1, CellStyle(bold: true))
        place = canvas.put("GPU \(gpu.index) ", at: place, 1, CellStyle(.accent, bold: true))
        place = canvas.put("\(gpu.name ?? "")  ", at: place, 1, end: width)
        canvas.put(words, at: place, 1, CellStyle(WatchFrame.colour(of: condition), bold: true), end: width - 1)
        var line = 2
        for facts in facts(of: gpu, of: machine, degree: canvas.isUnicode ? "°C" : "C") {
            let text = facts.map { $0.0.isEmpty ? $0.1 : "\($0.0) \($0.1)" }.joined(separator: "  ")
            guard !text.isEmpty else { continue }
            canvas.put(text, at: 1, line, CellStyle(condition == .live ? .plain : .faint), end: width - 1)
            line += 1
        }
        if let fault = gpu.fault {
            let words = fault == "gpuLost" ? "lost: nvidia-smi cannot reach it any more" : "no values: \(fault)"
            canvas.put(words, at: 1, line, CellStyle(.hot, bold: true))
            line += 1
        }
        if !gpu.clocksEvents.isEmpty {
            let isHeld = gpu.clocksEvents.contains { SampledFacts.throttlingKeys.contains($0) }
            let names = gpu.clocksEvents.map { $0.hasPrefix("clocksEvent") ? String($0.dropFirst(11)) : $0 }
            canvas.put(
                "clocks held down: \(names.joined(separator: ", "))", at: 1, line, CellStyle(isHeld ? .warm : .faint),
                end: width - 1)
            line += 1
        }
        if let lost = Words.losses(machine.losses) {
            canvas.put("lost: \(lost)", at: 1, line, CellStyle(.warm), end: width - 1)
            line += 1
        }
        let events = machine.events.filter { $0.event.pciAddress == nil || $0.event.pciAddress == gpu.pciAddress }
        let below =
            min(gpu.processes.count, 4) + (gpu.processes.isEmpty ? 1 : 1)
            + (events.isEmpty ? 0 : min(events.count, 3) + 1)
        // Two beside each other; programs and errors keep their lines where there is room for both.
        let room = canvas.size.rows - 1 - line - below
        let height = max(2, min(12, room / 2 - 1))
        charts(machine, gpu, from: line, height: height, now: now, isLive: condition == .live, &canvas)
        line += (height + 1) * 2
        lists(gpu, events, from: line, now: now, &canvas, secondsFromUTC: secondsFromUTC)
    }

    private static func facts(
        of gpu: GPUSample, of machine: MachineTelemetry, degree: String
    ) -> [[(String, String)]] {
        let numbers = gpu.numbers
        func number(_ name: String, _ fact: GPUFact, _ unit: String) -> (String, String)? {
            numbers[fact].map { (name, Words.whole($0) + unit) }
        }
        func rate(_ name: String, _ fact: GPUFact) -> (String, String)? {
            numbers[fact].map { (name, Words.bytes($0) + "/s") }
        }
        func pair(_ name: String, _ first: GPUFact, _ second: GPUFact, _ unit: String) -> (String, String)? {
            guard let value = numbers[first] else { return nil }
            return (name, Words.whole(value) + (numbers[second].map { "/" + Words.whole($0) } ?? "") + unit)
        }
        let identity: [(String, String)?] = [
            gpu.uuid.map { ("", $0) }, gpu.pciAddress.map { ("PCI", $0) },
            gpu.texts["performanceState"].map { ("", $0) },
            machine.sample?.driverVersion.map { ("driver", $0) },
        ]
        let work: [(String, String)?] = [
            pair("SM", .clockSMMHz, .clockSMMaxMHz, " MHz"), number("memory", .clockMemoryMHz, " MHz"),
            number("fan", .fanPercent, "%"), number("encoder", .utilizationEncoderPercent, "%"),
            number("decoder", .utilizationDecoderPercent, "%"), number("memory", .memoryTemperatureCelsius, degree),
        ]
        let rest: [(String, String)?] = [
            pair("PCIe gen", .pcieLinkGeneration, .pcieLinkGenerationMax, ""), number("width", .pcieLinkWidth, ""),
            rate("in", .pcieReceiveBytesPerSecond), rate("out", .pcieTransmitBytesPerSecond),
            number("ECC uncorrected", .eccVolatileUncorrected, ""),
            gpu.texts["migMode"].flatMap { $0 == "Enabled" ? ("MIG", "\(gpu.migDevices.count)") : nil },
        ]
        return [identity, work, rest].map { $0.compactMap { $0 } }
    }

    private struct Chart {
        var name: String
        var value: KeyPath<GPUHistory.Point, Float>
        var now: String?
        var top: Double
        var unit: String
        var colour: CellStyle.Colour
    }

    private static func charts(
        _ machine: MachineTelemetry, _ gpu: GPUSample, from first: Int, height: Int, now: Double, isLive: Bool,
        _ canvas: inout Canvas
    ) {
        let numbers = gpu.numbers
        let degree = canvas.isUnicode ? "°C" : "C"
        let history = machine.history[gpu.index]?.points ?? []
        let warmest = history.map { Double($0.powerWatts) }.filter(\.isFinite).max() ?? 0
        let used = numbers[.memoryUsedBytes].map { Words.bytes($0) }
        let total = numbers[.memoryTotalBytes].map { "/" + Words.bytes($0) }
        let charts = [
            Chart(
                name: "utilisation", value: \.utilizationPercent,
                now: numbers[.utilizationGPUPercent].map { Words.whole($0) + "%" }, top: 100, unit: "%", colour: .good),
            Chart(
                name: "memory", value: \.memoryPercent, now: used.map { $0 + (total ?? "") }, top: 100, unit: "%",
                colour: .memory),
            Chart(
                name: "temperature", value: \.temperatureCelsius,
                now: numbers[.temperatureCelsius].map { Words.whole($0) + degree }, top: 100, unit: degree,
                colour: .temperature(numbers[.temperatureCelsius] ?? 0, limit: numbers[.temperatureSlowdownCelsius])),
            Chart(
                name: "power", value: \.powerWatts,
                now: numbers[.powerDrawWatts].map { Words.whole($0) + "W" },
                top: max(1, numbers[.powerLimitWatts] ?? warmest, warmest), unit: "W", colour: .accent),
        ]
        let half = canvas.size.columns / 2
        for (number, chart) in charts.enumerated() {
            let left = number % 2 == 0 ? 1 : half + 1
            let right = number % 2 == 0 ? half - 1 : canvas.size.columns - 1
            let line = first + (number / 2) * (height + 1)
            guard right - left > 12, line + height < canvas.size.rows - 1 else { continue }
            let axis = 6
            let width = right - left - axis
            let count = width * (canvas.isUnicode ? 2 : 1)
            // At most what the history has; a wide terminal shows all ten minutes.
            let step = max(1, machine.hello?.intervalSeconds ?? 1, Double(GPUHistory.limit) / Double(count))
            let values = Gauge.resample(history, of: { $0[keyPath: chart.value] }, count: count, step: step, now: now)
            var place = canvas.put(chart.name, at: left, line, CellStyle(.faint))
            place = canvas.put(
                " \(chart.now ?? "-")", at: place, line, CellStyle(isLive ? chart.colour : .faint, bold: true),
                end: right)
            canvas.putRight("\(Words.duration(step * Double(count))) ", before: right, line, CellStyle(.faint))
            let drawn = Gauge.chart(
                values.map { $0.map { $0 / chart.top } }, width: width, height: height, isUnicode: canvas.isUnicode)
            for (offset, text) in drawn.enumerated() {
                canvas.put(
                    text, at: left + axis, line + 1 + offset, CellStyle(isLive ? chart.colour : .faint), end: right)
                canvas.put(canvas.isUnicode ? "│" : "|", at: left + axis - 1, line + 1 + offset, CellStyle(.faint))
            }
            canvas.putRight(Words.whole(chart.top), before: left + axis - 1, line + 1, CellStyle(.faint))
            canvas.putRight("0", before: left + axis - 1, line + height, CellStyle(.faint))
        }
    }

    private static func lists(
        _ gpu: GPUSample, _ events: [TimedXid], from first: Int, now: Double, _ canvas: inout Canvas,
        secondsFromUTC: Int
    ) {
        let end = canvas.size.rows - 1
        var line = first
        func room() -> Bool { line < end }
        guard room() else { return }
        canvas.put(
            gpu.processes.isEmpty ? "no program uses it" : "    PID TYPE   MEMORY  COMMAND", at: 1, line,
            CellStyle(.faint))
        if gpu.processCount > gpu.processes.count {
            canvas.putRight("\(gpu.processCount) in all ", before: canvas.size.columns, line, CellStyle(.faint))
        }
        line += 1
        let wanted = events.isEmpty ? 0 : min(events.count, 3) + 1
        for process in gpu.processes where line < end - wanted {
            canvas.putRight(String(process.pid), before: 8, line)
            canvas.put(process.type ?? "", at: 9, line, end: 13)
            canvas.putRight(process.memoryBytes.map { Words.bytes(Double($0)) } ?? "-", before: 21, line)
            canvas.put(process.name ?? "", at: 23, line)
            line += 1
        }
        guard !events.isEmpty, room() else { return }
        canvas.put("    AGO  XID  WHAT THE DRIVER SAID", at: 1, line, CellStyle(.faint))
        line += 1
        for timed in events.reversed() where room() {
            canvas.putRight(Words.duration(now - timed.time), before: 8, line, CellStyle(.faint))
            canvas.putRight(String(timed.event.code), before: 13, line, CellStyle(.hot, bold: true))
            canvas.put(timed.event.text, at: 15, line)
            line += 1
        }
    }
}
