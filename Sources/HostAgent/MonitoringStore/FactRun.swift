/// Facts whose numbers follow one another, all of whose samples are 0: errors that are counted, mostly.
struct FactRun {
    private(set) var numbers: Range<UInt64> = 0..<0

    init() {}

    /// Takes one more; gives what was gathered where the number does not follow it.
    mutating func take(_ number: UInt64) -> FactRun? {
        if !numbers.isEmpty, numbers.upperBound == number {
            numbers = numbers.lowerBound..<number + 1
            return nil
        }
        defer { numbers = number..<number + 1 }
        return numbers.isEmpty ? nil : self
    }

    func write(to writer: inout ByteWriter) {
        guard !numbers.isEmpty else { return }
        writer.unsigned(numbers.lowerBound << 1 | 1)
        writer.unsigned(UInt64(numbers.count - 1))
    }

    init(_ reader: inout ByteReader, first: UInt64) throws(ByteReader.Damage) {
        let more = try reader.unsigned()
        // No version has as many facts: it is damage, and not worth the time.
        guard first < 1 << 32, more < 10_000 else { throw ByteReader.Damage() }
        numbers = first..<first + more + 1
    }
}
