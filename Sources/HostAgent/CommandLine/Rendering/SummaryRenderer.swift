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
        if let attached = report.attached {
            lines += self.attached(attached)
        } else {
            lines.append(row("image", report.image.path))
        }
        if let result = report.image.result {
            lines.append(row("result", "\(result) (\(Unit.bytes(report.image.resultSize ?? 0)) on disk)"))
            lines.append(row("", report.image.backing.map { "backed by \($0): keep that file" } ?? "stands by itself"))
        }
        if report.attached == nil {
            lines.append(
                row("host", "QEMU \(report.host.qemu), \(report.host.accelerator) (\(report.host.acceleratorReason))"))
        }
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
        if report.outcome == .undone { lines += undone }
        if let driver = report.driver { lines += ["", row("driver", words(driver))] }
        for gpu in report.gpus { lines += self.gpu(gpu) }
        if let probe = report.probe { lines += self.probe(probe) }
        for cuda in report.toolkits { lines += self.cuda(cuda) }
        if let measured = report.nvbandwidth { lines += nvbandwidth(measured) }
        if let telemetry = report.telemetry {
            let state = telemetry.enabled ? "every \(SafeText.tenths(telemetry.intervalSeconds)) s" : "NOT enabled"
            lines.append(row("telemetry", "\(telemetry.unit), \(state)"))
        }
        if report.attached != nil && report.proofBoot == nil && report.failures.isEmpty {
            lines.append(row("proof boot", "no cold boot was made; the proof is of the running boot"))
        }
        if let proof = report.proofBoot {
            lines.append(
                row(
                    report.attached == nil ? "proof boot" : "reboot",
                    (proof.passed ? "passed" : "FAILED") + ", \(SafeText.whole(proof.durationSeconds)) s")
            )
        }
        for warning in report.warnings { lines.append(row("warning", warning)) }
        lines.append("")
        lines.append(row("details", "\(report.runFolder)/report.json"))
        return SafeText.lines(lines.flatMap(Self.wrapped))
    }

    private func attached(_ attached: AttachedSection) -> [String] {
        let kind = attached.virtualization == "none" ? "bare metal" : attached.virtualization
        var lines = [
            row("machine", "\(report.image.path), \(attached.name)\(kind.isEmpty ? "" : " (\(kind))")"),
            row("", "host key \(attached.hostKey)"),
            row("copied", "\(Unit.bytes(attached.bytesSent))"),
        ]
        if let folder = attached.payloadFolder { lines.append(row("", "the files are in \(folder) there")) }
        return lines
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
        case .unchanged:
            "\(report.attached == nil ? "IMAGE" : "The machine") is as it was asked for; nothing was changed (\(time))."
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

    /// What an undo took back and what it left, by the evidence of its steps.
    private var undone: [String] {
        let remains = "remains: "
        let evidence = report.steps.filter { $0.id.rawValue.hasPrefix("undo-") }.flatMap(\.evidence)
        let back = evidence.filter { !$0.hasPrefix(remains) }
        let left = evidence.filter { $0.hasPrefix(remains) }.map { String($0.dropFirst(remains.count)) }
        return [""] + back.enumerated().map { row($0 == 0 ? "taken back" : "", $1) }
            + left.enumerated().map { row($0 == 0 ? "left" : "", $1) }
    }

    private func words(_ driver: DriverSection) -> String {
        var words = driver.version
        if let flavour = driver.kernelModules { words += ", \(flavour) kernel modules" }
        if let persistence = driver.persistenceDaemon {
            words += persistence ? ", nvidia-persistenced enabled" : ", nvidia-persistenced NOT enabled"
        }
        return words
    }

    private func speeds(_ toDevice: Double?, _ toHost: Double?, _ onDevice: Double?) -> String {
        [("to device", toDevice), ("to host", toHost), ("on device", onDevice)]
            .compactMap { label, speed in speed.map { "\(label) \(Unit.rate($0))" } }.joined(separator: ", ")
    }

    private func probe(_ probe: ProbeSection) -> [String] {
        let verdict = probe.passed.map { $0 ? "passed" : "FAILED" } ?? "gave no verdict"
        var lines = [
            row("gpu-probe", "\(verdict), \(probe.devices.count) device\(probe.devices.count == 1 ? "" : "s")")
        ]
        for device in probe.devices {
            let speeds = self.speeds(
                device.hostToDeviceBytesPerSecond, device.deviceToHostBytesPerSecond,
                device.deviceToDeviceBytesPerSecond)
            let damaged = device.verified == false ? ", copies DAMAGED" : ""
            lines.append(row("", "\(device.name ?? "unknown"): \(speeds.isEmpty ? "no copies" : speeds)\(damaged)"))
        }
        for error in probe.errors { lines.append(row("", error)) }
        return lines
    }

    private func nvbandwidth(_ section: NVBandwidthSection) -> [String] {
        let version = section.version.map { "\($0) " } ?? ""
        return [row("nvbandw.", "\(version)\(section.passed ? "passed" : "FAILED")")]
            + section.testCases.filter { $0.status != "waived" }.map { test in
                row("", "\(test.name) \(test.sum.map { "\(SafeText.tenths($0))" } ?? test.status)")
            }
    }

    private func cuda(_ cuda: CUDASection) -> [String] {
        let patches = cuda.patches.map { ", patched by \($0.joined(separator: ", "))" } ?? ""
        var lines = [row("CUDA", "\(cuda.version) in \(cuda.toolkitPath)\(patches)")]
        if let passed = cuda.deviceQueryPassed { lines.append(row("", "deviceQuery \(passed ? "passed" : "FAILED")")) }
        if let passed = cuda.bandwidthTestPassed {
            let speeds = self.speeds(
                cuda.hostToDeviceBytesPerSecond, cuda.deviceToHostBytesPerSecond, cuda.deviceToDeviceBytesPerSecond)
            lines.append(row("", "bandwidthTest \(passed ? "passed" : "FAILED"): \(speeds)"))
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
        "\(SafeText.tenths(bytesPerSecond / 1e9)) GB/s"
    }
}
