import Foundation
import Testing

@testable import GPUReadings

/// The quick half of fuzzing (Scripts/fuzz-readings is the other): some thousand mutations of Fixtures/fuzz-seeds per kind, the
/// same in every run. Whatever the bytes are, reading ends with a value or an error.
@Suite struct MutationTests {
    static let mutations = 5_000

    @Test(arguments: OutputKind.allCases)
    func readersBearAnything(_ kind: OutputKind) throws {
        let seeds = try Self.seeds([kind.rawValue])
        var mutator = Mutator(seeds: seeds, state: kind.rawValue.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        var readings = 0
        for _ in 0..<Self.mutations {
            let output = ParsedOutput(reading: mutator.next(), as: kind)
            #expect((output.reading == nil) == (output.error != nil))
            if output.reading != nil { readings += 1 }
        }
        // Most mutations leave something to read; else nothing was tried.
        #expect(readings > Self.mutations / 20, "\(readings)")
    }

    @Test func theSplitterBearsAnything() throws {
        let seeds = try Self.seeds(OutputKind.allCases.map(\.rawValue))
        var mutator = Mutator(seeds: seeds, state: 1)
        for round in 0..<Self.mutations / 5 {
            let bytes = mutator.next() + mutator.next()
            var whole = DocumentSplitter(rows: round % 2 == 0)
            let found = whole.push(bytes) + whole.finish()
            // However it is cut, the same is found.
            var pieces = DocumentSplitter(rows: round % 2 == 0)
            var again: [OutputDocument] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(1 + mutator.dice(97))
                rest = rest.dropFirst(piece.count)
                again += pieces.push(piece)
            }
            again += pieces.finish()
            let isSame = found == again
            #expect(isSame, "\(round)")
        }
    }

    static func seeds(_ kinds: [String]) throws -> [[UInt8]] {
        try kinds.flatMap { kind in
            let folder = Fixtures.package.appending(path: "Fixtures/fuzz-seeds/\(kind)")
            return try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map {
                Array(try Data(contentsOf: folder.appending(path: $0)))
            }
        }
    }
}

/// Changes seeds at random, the same in every run.
struct Mutator {
    var seeds: [[UInt8]]
    var state: UInt64

    private static let words = [
        "N/A", "ERR!", "GPU is lost", "[Not Supported]", "-", "99999999999999999999", "-1", "0x", "\u{1b}[31m", "\r",
        "\r\n", "\n",
        "\u{feff}", "|", " : ", ", ", "\t", "<", ">", "</gpu>", "<gpu>", "&amp;", "&#0;", "{", "}", "\"", "\\",
        "Result = PASS", "%",
        "MiB", "9223372036854775807 MiB", "1e308", "nan", "inf", "GPU 0:", "Device 0: \"", "Running ", "+---+", "[",
        "]", "é", "\0",
    ].map { Array($0.utf8) }

    mutating func dice(_ sides: Int) -> Int {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return sides > 0 ? Int((z ^ (z >> 31)) % UInt64(sides)) : 0
    }

    mutating func next() -> [UInt8] {
        var bytes = seeds[dice(seeds.count)]
        for _ in 0...dice(4) {
            let place = dice(bytes.count + 1)
            let end = min(bytes.count, place + 1 + dice(dice(4) == 0 ? 400 : 12))
            switch dice(8) {
            case 0: if place < bytes.count { bytes[place] = UInt8(truncatingIfNeeded: dice(256)) }
            case 1: bytes.removeSubrange(place..<end)
            case 2: bytes.insert(contentsOf: bytes[place..<end], at: dice(bytes.count + 1))
            case 3: bytes.insert(contentsOf: Self.words[dice(Self.words.count)], at: place)
            case 4: bytes.replaceSubrange(place..<end, with: Self.words[dice(Self.words.count)])
            case 5:
                let other = seeds[dice(seeds.count)]
                bytes.replaceSubrange(place..<end, with: other[dice(other.count)...].prefix(200))
            case 6: bytes.removeSubrange(place...)
            default:
                // Digits become others: numbers that no type holds.
                for index in place..<end where bytes[index] &- 0x30 < 10 { bytes[index] = UInt8(0x30 + dice(10)) }
            }
        }
        return bytes
    }
}
