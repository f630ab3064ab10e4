import Contract

/// The report for people, at 80 columns.
struct SummaryRenderer {
    private let report: Report

    init(_ report: Report) {
        self.report = report
    }

    var text: String {
        var lines: [String] = []
        if report.simulated {
            lines.append("SIMULATED GPU: QEMU's edu device stood in for the card; nothing here is about a real GPU.")
        }
        lines.append(headline)
        lines.append("")
        lines.append(row("image", report.image.path))
        if let result = report.image.result {
            lines.append(row("result", "\(result) (\(Unit.bytes(report.image.resultSize ?? 0)) on disk)"))
            lines.append(row("", report.image.backing.map { "backed by \($0): keep that file" } ?? "stands by itself"))
        }
        lines.append(
            row("host", "QEMU \(report.host.qemu), \(report.host.accelerator) (\(report.host.acceleratorReason))"))
        if let guest = report.guest {
            lines.append(
                row(
                    "guest",
                    "\(guest.osName), kernel \(guest.kernel), \(report.vm.cpus) CPUs, \(Unit.bytes(report.vm.memoryBytes))"
                ))
        }
        lines.append(row("boots", boots))
        if !report.steps.isEmpty { lines.append("") }
        for step in report.steps { lines.append(self.step(step)) }
        for gpu in report.gpus { lines += self.gpu(gpu) }
        if let cuda = report.cuda { lines += self.cuda(cuda) }
        if let proof = report.proofBoot {
            lines.append(
                row("proof boot", (proof.passed ? "passed" : "FAILED") + ", \(SafeText.whole(proof.durationSeconds)) s")
            )
        }
        for warning in report.warnings { lines.append(row("warning", warning)) }
        lines.append("")
        lines.append(row("details", "\(report.runFolder)/report.json"))
        return SafeText.lines(lines.flatMap(Self.wrapped))
    }

    /// At 80 columns; the label keeps its column, the text is wrapped beside it.
    private static func wrapped(_ line: String) -> [String] {
        let column = 13
        guard line.count > 80, line.hasPrefix("  ") else { return Wrapped.lines(line, indent: "", width: 80) }
        let text = Wrapped.lines(
            String(line.dropFirst(column)), indent: "", width: 80 - column)
        return text.enumerated().map { index, part in
            (index == 0 ? String(line.prefix(column)) : String(repeating: " ", count: column)) + part
        }
    }

    private var headline: String {
        let time = "\(SafeText.whole(report.durationSeconds) / 60) min \(SafeText.whole(report.durationSeconds) % 60) s"
        return switch report.outcome {
        case .provisioned: "Provisioned in \(time)."
        case .unchanged: "IMAGE is as it was asked for; nothing was changed (\(time))."
        case .undone: "Driver and toolkits are out again, in \(time)."
        case .failed: "FAILED after \(time)."
        }
    }

    private var boots: String {
        report.boots.map { boot in
            boot.reason + (boot.secondsToSSH.map { " \(SafeText.whole($0)) s" } ?? "")
        }.joined(separator: ", ")
    }

    private func row(_ label: String, _ text: String) -> String {
        "  \(label)\(String(repeating: " ", count: max(1, 11 - label.count)))\(text)"
    }

    private func step(_ step: StepSection) -> String {
        let mark =
            switch step.outcome {
            case .applied: "done"
            case .satisfied: "was so"
            case .failed: "FAILED"
            case .notReached: "cut off"
            }
        let name = step.id.rawValue
        return "  \(mark)\(String(repeating: " ", count: max(1, 9 - mark.count)))\(name)"
            + "\(String(repeating: " ", count: max(1, 20 - name.count)))\(SafeText.whole(step.durationSeconds)) s"
            + (step.reboots > 0 ? ", \(step.reboots) reboot" : "")
    }

    private func gpu(_ gpu: GPUSection) -> [String] {
        var facts: [String] = []
        if let driver = gpu.driverVersion { facts.append("driver \(driver)") }
        if let temperature = gpu.temperatureCelsius { facts.append("\(SafeText.whole(temperature)) C") }
        if let total = gpu.memoryTotalBytes {
            facts.append("\(Unit.bytes(gpu.memoryUsedBytes ?? 0)) of \(Unit.bytes(total)) used")
        }
        if let clock = gpu.graphicsClockMHz { facts.append("\(SafeText.whole(clock)) MHz") }
        if let capability = gpu.computeCapability { facts.append("compute capability \(capability)") }
        return [
            "", row("GPU", "\(gpu.name ?? "unknown") at \(gpu.busID ?? "?")"), row("", facts.joined(separator: ", ")),
        ]
    }

    private func cuda(_ cuda: CUDASection) -> [String] {
        var lines = [row("CUDA", "\(cuda.version) in \(cuda.toolkitPath)")]
        if let passed = cuda.deviceQueryPassed { lines.append(row("", "deviceQuery \(passed ? "passed" : "FAILED")")) }
        if let passed = cuda.bandwidthTestPassed {
            let speeds = [
                ("to device", cuda.hostToDeviceBytesPerSecond), ("to host", cuda.deviceToHostBytesPerSecond),
                ("on device", cuda.deviceToDeviceBytesPerSecond),
            ].compactMap { label, speed in speed.map { "\(label) \(Unit.rate($0))" } }
            lines.append(row("", "bandwidthTest \(passed ? "passed" : "FAILED"): \(speeds.joined(separator: ", "))"))
        }
        if let note = cuda.note { lines.append(row("", note)) }
        return lines
    }
}

/// Numbers with units, for people.
enum Unit {
    static func bytes(_ count: Int64) -> String {
        count >= 10 << 30 ? "\(count >> 30) GiB" : "\(count >> 20) MiB"
    }

    static func rate(_ bytesPerSecond: Double) -> String {
        let tenths = SafeText.whole(bytesPerSecond / 1e8)
        return "\(tenths / 10).\(tenths % 10) GB/s"
    }
}
