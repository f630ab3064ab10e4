import Contract

extension GPUInventory {
    /// For people, at most `width` columns: a table, then each GPU in detail.
    public func lines(width: Int = 80) -> [String] {
        guard !gpus.isEmpty else { return ["This machine has no NVIDIA GPU."] }
        var lines = table(width: width)
        for gpu in gpus { lines += [""] + gpu.lines(width: width) }
        if let automatic {
            lines += ["", "--gpu auto takes \(automatic)."]
        }
        if unseenProcesses > 0 {
            lines += ["", "The files of \(unseenProcesses) processes cannot be seen; as root, all holders are shown."]
        }
        return lines.map { Printable.line($0) }
    }

    private func table(width: Int) -> [String] {
        let rows = gpus.map { gpu in
            [
                "\(gpu.index)", "\(gpu.address)", gpu.title, gpu.driver ?? "-", gpu.iommuGroup.map { "\($0)" } ?? "off",
                gpu.state,
            ]
        }
        let all = [["#", "ADDRESS", "NAME", "DRIVER", "GROUP", "STATE"]] + rows
        var widths = (0..<6).map { column in all.map { $0[column].count }.max() ?? 0 }
        // The name gives way.
        widths[2] = max(
            min(widths[2], 10),
            min(widths[2], width - 10 - widths.enumerated().filter { $0.offset != 2 }.map(\.element).reduce(0, +)))
        return all.map { row in
            var line = ""
            for (column, text) in row.enumerated() {
                let cell = text.count > widths[column] ? text.prefix(widths[column] - 1) + "…" : text
                line += cell + (column == 5 ? "" : String(repeating: " ", count: widths[column] - cell.count + 2))
            }
            return line
        }
    }
}

extension HostGPU {
    fileprivate var state: String {
        let words = (bootVGA ? ["boot"] : []) + (held ? ["held"] : []) + (sharesGroup ? ["shared group"] : [])
        return words.isEmpty ? "free" : words.joined(separator: ", ")
    }

    fileprivate func lines(width: Int) -> [String] {
        var lines = ["\(index)  \(address)  \(title)"]
        func row(_ label: String, _ values: [String]) {
            for (number, value) in values.enumerated() {
                let head = number == 0 ? label : ""
                let column = "   " + head + String(repeating: " ", count: max(1, 11 - head.count))
                lines += wrapped(value, first: column, width: width)
            }
        }
        let board = zip2(subsystemVendorID, subsystemDeviceID).map { ", board \($0):\($1)" } ?? ""
        row("ids", ["\(vendorID):\(deviceID)\(board)\(subsystemName.map { " (\($0))" } ?? "")"])
        row("kind", [kind + (bootVGA ? ", the firmware's boot display: the host's console may be on it" : "")])
        row("driver", [driver ?? "none"])
        row("with it", companions.map(\.line))
        row("IOMMU", iommuGroup == nil ? ["off: it is in no group"] : groupLines)
        row(
            "BARs",
            [bars.isEmpty ? "none" : bars.map { "\($0.index): \(binarySize($0.bytes))" }.joined(separator: ", ")])
        if let numaNode { row("NUMA node", ["\(numaNode)"]) }
        row("held by", holders.isEmpty ? ["nobody"] : holders.map { "\($0.title): \($0.nodes.joined(separator: " "))" })
        return lines
    }

    private var groupLines: [String] {
        let groups = Set(groupMembers.compactMap(\.function.iommuGroup)).sorted()
        return groups.flatMap { group -> [String] in
            let members = groupMembers.filter { $0.function.iommuGroup == group }
            if members.count == 1 { return ["group \(group): \(members[0].function.address) alone"] }
            return ["group \(group):"] + members.map { "  \($0.line)" }
        }
    }
}

extension HostGPU.GroupMember {
    fileprivate var line: String {
        switch relation {
        case .card: "\(function.address)  \(function.kind), of this card"
        case .bridge: "\(function.address)  \(function.kind), stays with the host"
        case .other: "\(function.line): NOT of this card"
        }
    }
}

extension HostGPU.Function {
    fileprivate var line: String {
        "\(address)  \(kind), \(name ?? "\(vendorID):\(deviceID)"), \(driver.map { "on \($0)" } ?? "no driver")"
    }
}

/// 16 MiB, 32 GiB, 128 B: BARs are powers of two.
private func binarySize(_ bytes: UInt64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    let unit = bytes == 0 ? 0 : min(bytes.trailingZeroBitCount / 10, (63 - bytes.leadingZeroBitCount) / 10)
    return "\(bytes >> UInt64(10 * unit)) \(units[unit])"
}

private func zip2<One, Two>(_ one: One?, _ two: Two?) -> (One, Two)? {
    guard let one, let two else { return nil }
    return (one, two)
}

/// `text` behind `first`, further lines below its beginning; its own indent is kept.
private func wrapped(_ text: String, first: String, width: Int) -> [String] {
    let indent = String(repeating: " ", count: first.count + text.prefix { $0 == " " }.count + 2)
    var lines: [String] = []
    var line = first + text.prefix { $0 == " " }
    var isEmpty = true
    for word in text.split(separator: " ", omittingEmptySubsequences: false).drop(while: \.isEmpty) {
        if !isEmpty, line.count + 1 + word.count > width {
            while line.hasSuffix(" ") { line.removeLast() }
            lines.append(line)
            line = indent + word
        } else {
            line += (isEmpty ? "" : " ") + word
        }
        isEmpty = false
    }
    return lines + [line]
}
