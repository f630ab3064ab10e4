import Foundation
import GPUReadings

/// `readings-bench KIND FILE…`: reads the files again and again for a second, and prints the best pass as
/// "bytes seconds". KIND is an OutputKind, or `stream`: all files as one stream whose kinds are recognised. With PASSES=N in the
/// environment there are N passes: their instructions can be counted where the clock is not to be trusted.
@main
struct ReadingsBench {
    static func main() throws {
        let arguments = CommandLine.arguments
        guard arguments.count > 2 else {
            print("usage: readings-bench KIND FILE...")
            exit(64)
        }
        let files = try arguments.dropFirst(2).map { Array(try Data(contentsOf: URL(filePath: $0))) }
        let kind = OutputKind(rawValue: arguments[1])
        let size = files.reduce(0) { $0 + $1.count }
        var best = Double.infinity
        let clock = ContinuousClock()
        let end = clock.now + .seconds(1)
        var left = ProcessInfo.processInfo.environment["PASSES"].flatMap { Int($0) }
        repeat {
            let pass = clock.measure { read(files, kind) }
            best = min(best, Double(pass.components.seconds) + Double(pass.components.attoseconds) / 1e18)
            left = left.map { $0 - 1 }
        } while left.map { $0 > 0 } ?? (clock.now < end)
        print(size, best)
    }

    static func read(_ files: [[UInt8]], _ kind: OutputKind?) {
        var gpus = 0
        if let kind {
            for file in files {
                let output = ParsedOutput(reading: file, as: kind)
                if let error = output.error {
                    FileHandle.standardError.write(Data("\(kind.rawValue): \(error)\n".utf8))
                }
                gpus += output.gpus.count
            }
        } else {
            var parser = OutputParser()
            for file in files { for output in parser.push(file) { gpus += output.gpus.count } }
            for output in parser.finish() { gpus += output.gpus.count }
        }
        precondition(gpus >= 0)
    }
}
