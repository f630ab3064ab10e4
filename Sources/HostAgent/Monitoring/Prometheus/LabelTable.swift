/// The labels of many things, one behind the other: written once for a scrape, copied into each family's lines.
struct LabelTable {
    private var bytes: [UInt8] = []
    private var ends: [Int] = [0]

    /// A row for each of `elements`, of the labels that `write` appends to the empty array that it is given.
    init<Element>(_ elements: [Element], _ write: (Element, inout [UInt8]) -> Void) {
        bytes.reserveCapacity(elements.count * 96)
        ends.reserveCapacity(elements.count + 1)
        var labels: [UInt8] = []
        for element in elements {
            labels.removeAll(keepingCapacity: true)
            write(element, &labels)
            labels.endLabels()
            bytes += labels
            ends.append(bytes.count)
        }
    }

    /// Appends a row's labels, `end` of them left out.
    func copy(_ row: Int, without end: Int = 0, to target: inout [UInt8]) {
        bytes.withUnsafeBufferPointer { bytes in
            target.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[ends[row]..<ends[row + 1] - end]))
        }
    }
}
