/// Numbers as people read them, in few places.
enum Words {
    /// "35.2G", "804M": gibibytes and mebibytes, as GPU memory is counted.
    static func bytes(_ value: Double) -> String {
        let gibibytes = value / 1_073_741_824
        if gibibytes >= 100 { return "\(Int(min(gibibytes, 1e9).rounded()))G" }
        if gibibytes >= 1 { return decimal(gibibytes) + "G" }
        return "\(Int(max(0, value / 1_048_576).rounded()))M"
    }

    /// With one digit behind the point.
    static func decimal(_ value: Double) -> String {
        let tenths = Int((min(1e12, max(-1e12, value)) * 10).rounded())
        return "\(tenths < 0 ? "-" : "")\(abs(tenths) / 10).\(abs(tenths) % 10)"
    }

    static func whole(_ value: Double) -> String { String(Int(min(1e12, max(-1e12, value)).rounded())) }

    /// "38 s", "12 min", "5 h", "3 d".
    static func duration(_ seconds: Double) -> String {
        let seconds = min(max(0, seconds), 1e9)
        if seconds < 120 { return "\(Int(seconds)) s" }
        if seconds < 7200 { return "\(Int(seconds / 60)) min" }
        if seconds < 172_800 { return "\(Int(seconds / 3600)) h" }
        return "\(Int(seconds / 86400)) d"
    }

    /// "14:03:09".
    static func clock(_ time: Double, secondsFromUTC: Int) -> String {
        // A time of which nobody knows where it came from: what does not fit in a number is none.
        guard abs(time) < 1e12 else { return "--:--:--" }
        let second = ((Int(time.rounded(.down)) + secondsFromUTC) % 86400 + 86400) % 86400
        return [second / 3600, second / 60 % 60, second % 60].map { ($0 < 10 ? "0" : "") + String($0) }.joined(
            separator: ":")
    }

    /// "12 messages in the guest, 3 lines of nonsense"; nil where nothing was lost.
    static func losses(_ losses: TelemetryLosses) -> String? {
        let told = [
            (losses.droppedInGuest, "messages in the guest"), (losses.nonsense, "lines of nonsense"),
            (losses.floodedBytes, "bytes of a flood"), (losses.missed, "messages on their way here"),
        ].filter { $0.0 > 0 }
        return told.isEmpty ? nil : told.map { "\($0.0) \($0.1)" }.joined(separator: ", ")
    }

    static func padded(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }

    /// "A100-SXM4-80GB" of "NVIDIA A100-SXM4-80GB": every name begins with it.
    static func model(_ name: String?) -> String {
        guard let name else { return "GPU" }
        return name.hasPrefix("NVIDIA ") ? String(name.dropFirst(7)) : name
    }
}
