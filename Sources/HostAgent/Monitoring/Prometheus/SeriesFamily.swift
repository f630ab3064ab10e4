/// Series of one name. Nothing of them is text yet: a row is written when its turn comes, so that a document of many megabytes is never
/// in memory as a whole.
struct SeriesFamily {
    let name: String
    let kind: Exposition.Kind
    let help: String
    let rows: Int
    /// What a row says; nil where it has nothing to say.
    let value: (_ row: Int) -> Double?
    /// Appends the row's labels with their braces.
    let labels: (_ row: Int, _ bytes: inout [UInt8]) -> Void

    /// - Parameter name: A counter's ends in `_total`, but for DCGM's names.
    init(
        _ name: String, _ kind: Exposition.Kind, _ help: String, rows: Int,
        labels: @escaping (_ row: Int, _ bytes: inout [UInt8]) -> Void, value: @escaping (_ row: Int) -> Double?
    ) {
        (self.name, self.kind, self.help, self.rows) = (name, kind, help, rows)
        (self.labels, self.value) = (labels, value)
    }

    /// A few series, each with its labels.
    init(_ name: String, _ kind: Exposition.Kind, _ help: String, _ series: [(labels: [UInt8], value: Double)]) {
        self.init(
            name, kind, help, rows: series.count, labels: { $1 += series[$0].labels }, value: { series[$0].value })
    }

    /// HELP and TYPE, which stand in front of a family's lines.
    func head(_ format: Exposition.Format) -> String {
        var family = name
        var kind = kind
        // OpenMetrics names a counter's family without the _total of its samples. A counter without it is none there.
        if format == .openMetrics, kind == .counter {
            if name.hasSuffix("_total") { family = String(name.dropLast(6)) } else { kind = .gauge }
        }
        return "# HELP \(family) \(help)\n# TYPE \(family) \(kind.rawValue)\n"
    }
}
