import FoundationEssentials
import GPUReadings

/// What libFuzzer calls with each input: FUZZ_KIND says what the bytes are read as, "stream" lets them be recognised.
///
/// Whatever they are, reading ends with a value or an error: a trap, a hang, or memory without bound is a finding.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzReadings(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    let bytes = Array(UnsafeBufferPointer(start: data, count: size))
    if let kind = Target.kind {
        check(ParsedOutput(reading: bytes, as: kind))
    } else {
        // As it might arrive: in pieces, once with rows one by one.
        for isEndless in [false, true] {
            var parser = OutputParser(isEndless: isEndless)
            var rest = bytes[...]
            while !rest.isEmpty {
                let piece = rest.prefix(1 + Int(rest[rest.startIndex]) * 4)
                rest = rest.dropFirst(piece.count)
                for output in parser.push(piece) { check(output) }
            }
            for output in parser.finish() { check(output) }
        }
    }
    return 0
}

private enum Target {
    /// Nil stands for the stream.
    static let kind: OutputKind? = {
        guard let name = ProcessInfo.processInfo.environment["FUZZ_KIND"] else { fatalError("FUZZ_KIND is not set") }
        if name == "stream" { return nil }
        guard let kind = OutputKind(rawValue: name) else { fatalError("FUZZ_KIND is no kind") }
        return kind
    }()
    static let encoder = JSONEncoder()
}

/// There is a reading or an error, warnings are bounded, and JSON can be made of it (of some: that is slow).
private func check(_ output: ParsedOutput) {
    precondition((output.reading == nil) == (output.error != nil))
    precondition(output.warnings.count < 10_000)
    for gpu in output.gpus.prefix(4) { _ = gpu.pciAddress }
    guard output.line % 7 == 1, output.warnings.count % 5 == 0 else { return }
    do { _ = try Target.encoder.encode(output) } catch { fatalError("no JSON: \(error)") }
}
