/// Bars and charts out of characters.
enum Gauge {
    /// How full something is, 0 to 1, in so many places: filled, and the rest.
    static func bar(_ share: Double, width: Int, isUnicode: Bool) -> (filled: String, rest: String) {
        guard width > 0 else { return ("", "") }
        let share = share.isFinite ? min(1, max(0, share)) : 0
        guard isUnicode else {
            let count = Int((share * Double(width)).rounded())
            return (String(repeating: "|", count: count), String(repeating: ".", count: width - count))
        }
        // Eighths of a place; something is never shown as nothing.
        let eighths = max(share > 0 ? 1 : 0, Int((share * Double(width * 8)).rounded()))
        let parts: [Character] = ["▏", "▎", "▍", "▌", "▋", "▊", "▉"]
        var filled = String(repeating: "█", count: eighths / 8)
        if eighths % 8 > 0 { filled.append(parts[eighths % 8 - 1]) }
        return (filled, String(repeating: " ", count: width - filled.count))
    }

    /// A chart of values from 0 to 1, oldest first, two in a place's width and four in its height (braille); in ASCII one and two.
    /// What is not known (nil) stays empty; what is known is never empty. Rows from the top.
    static func chart(_ values: [Double?], width: Int, height: Int, isUnicode: Bool) -> [String] {
        let across = isUnicode ? 2 : 1
        let down = isUnicode ? 4 : 2
        let wanted = width * across
        let shown = [Double?](repeating: nil, count: max(0, wanted - values.count)) + values.suffix(wanted)
        let levels = shown.map { value in
            value.map { max(1, Int((min(1, max(0, $0)) * Double(height * down)).rounded())) } ?? 0
        }
        return (0..<height).map { row in
            // How many dots of this row are below a level.
            let base = (height - 1 - row) * down
            func dots(_ place: Int) -> Int { min(down, max(0, levels[place] - base)) }
            return String(
                (0..<width).map { column -> Character in
                    guard isUnicode else { return [" ", ".", ":"][dots(column)] }
                    let mask = leftDots[dots(column * 2)] | rightDots[dots(column * 2 + 1)]
                    guard mask != 0, let scalar = Unicode.Scalar(0x2800 + mask) else { return " " }
                    return Character(scalar)
                })
        }
    }

    // Unicode's braille patterns: dots 7 3 2 1 on the left, 8 6 5 4 on the right, from the bottom up.
    private static let leftDots: [UInt32] = [0, 0x40, 0x44, 0x46, 0x47]
    private static let rightDots: [UInt32] = [0, 0x80, 0xa0, 0xb0, 0xb8]

    /// The values of a history by time: `count` of them, each of `step` seconds, the last ends at `now`. A step without a point is
    /// nil, so that a series that ended moves away and does not go on flat.
    static func resample(
        _ points: [GPUHistory.Point], of value: (GPUHistory.Point) -> Float, count: Int, step: Double, now: Double
    ) -> [Double?] {
        guard count > 0, step > 0 else { return [] }
        var sums = [Double](repeating: 0, count: count)
        var counts = [Int](repeating: 0, count: count)
        for point in points.reversed() {
            let ago = now - point.time
            guard ago < Double(count) * step else { break }
            let number = value(point)
            guard ago >= 0, number.isFinite else { continue }
            let place = count - 1 - min(count - 1, Int(ago / step))
            sums[place] += Double(number)
            counts[place] += 1
        }
        var values = (0..<count).map { counts[$0] > 0 ? sums[$0] / Double(counts[$0]) : nil }
        // Samples and steps are not in step with each other: a hole of one step between two values is none.
        if count > 2 {
            for place in 1..<(count - 1) where values[place] == nil {
                if let left = values[place - 1], counts[place + 1] > 0, let right = values[place + 1] {
                    values[place] = (left + right) / 2
                }
            }
        }
        // Nor is the newest step, which has only begun.
        if count > 1, values[count - 1] == nil { values[count - 1] = values[count - 2] }
        return values
    }
}
