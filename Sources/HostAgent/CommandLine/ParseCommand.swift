public import ArgumentParser
import Contract
import FoundationEssentials
public import GPUReadings
import SystemPackage

/// `provision-gpu-vm parse [FILE…]`: what NVIDIA's tools printed → JSON.
struct ParseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parse", abstract: "Read what NVIDIA's tools printed, as JSON.",
        discussion: """
            Knows what it reads by its content: documents of different kinds may follow each other, with prompts and banners \
            between them. Prints one line of JSON for each (Documentation/schemas/readings.md). Ends with 0 where all was read, \
            with 1 where there are warnings, with 2 where nothing was recognised or a document could not be read, with 66 \
            where a file cannot be read.
            """)

    @Argument(help: "Files; - or nothing for standard input.", completion: .file())
    var files: [String] = []

    @Option(help: "Read everything as this kind (--list-kinds).")
    var kind: OutputKind?

    @Option(help: "The columns of a CSV without a header, as given to --query-gpu.")
    var columns: String?

    @Flag(help: "Print each document as soon as it ends; of CSV, dmon and pmon, each row. For input without an end.")
    var stream = false

    @Flag(help: "Indent the JSON.")
    var pretty = false

    @Flag(help: "Print the kinds that are known, and end.")
    var listKinds = false

    func validate() throws {
        if columns != nil, kind != nil, kind != .smiCSV { throw ValidationError("--columns goes with --kind smi-csv.") }
    }

    func run() throws {
        if listKinds {
            for kind in OutputKind.allCases {
                Terminal.write(kind.rawValue + String(repeating: " ", count: 16 - kind.rawValue.count) + kind.summary)
            }
            return
        }
        var worst = Outcome.parsed
        for file in files.isEmpty ? ["-"] : files { worst = max(worst, try parse(file)) }
        if worst != .parsed { throw ExitCode(worst.rawValue) }
    }

    /// The exit status, documented above.
    private enum Outcome: Int32, Comparable {
        case parsed = 0
        case withWarnings = 1
        case notRecognised = 2
        case unreadableFile = 66

        static func < (left: Outcome, right: Outcome) -> Bool { left.rawValue < right.rawValue }
    }

    private func parse(_ file: String) throws -> Outcome {
        let source: FileDescriptor
        do {
            source = file == "-" ? .standardInput : try .open(ProvisionCommand.absolute(file), .readOnly)
        } catch let error as Errno {
            return unreadable(file, error)
        }
        defer { if file != "-" { try? source.close() } }
        let printer = Printer(pretty: pretty, file: files.count > 1 ? file : nil)
        var outcome = Outcome.parsed
        var parser = OutputParser(
            only: columns == nil ? kind : .smiCSV, columns: columns.map { $0.split(separator: ",").map(Self.trimmed) },
            isEndless: stream)
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        do {
            while case let count = try buffer.withUnsafeMutableBytes({ try source.read(into: $0) }), count > 0 {
                for output in parser.push(buffer[..<count]) { outcome = max(outcome, try show(output, printer)) }
            }
        } catch let error as Errno where error != .brokenPipe {
            return unreadable(file, error)
        }
        for output in parser.finish() { outcome = max(outcome, try show(output, printer)) }
        let name = file == "-" ? "standard input" : file
        if !parser.hasRecognised {
            Terminal.note("error: \(Printable.line("\(name): \(parser.unrecognisedDescription)", limit: 2000))")
            return .notRecognised
        }
        if let leftover = parser.leftover {
            Terminal.note(
                "warning: \(Printable.line("\(name), line \(leftover.line): \(leftover.problem)", limit: 2000))")
            outcome = max(outcome, .withWarnings)
        }
        return outcome
    }

    private func show(_ output: ParsedOutput, _ printer: Printer) throws -> Outcome {
        try printer.write(output)
        if output.error != nil { return .notRecognised }
        return output.warnings.isEmpty ? .parsed : .withWarnings
    }

    private func unreadable(_ file: String, _ error: Errno) -> Outcome {
        Terminal.note("error: \(Printable.line("\(file) cannot be read: \(error)"))")
        return .unreadableFile
    }

    private static func trimmed(_ column: Substring) -> String {
        String(column.drop { $0 == " " }.reversed().drop { $0 == " " }.reversed())
    }
}

extension OutputKind: ExpressibleByArgument {}

/// Writes documents of JSON to stdout, each at once: who reads a stream waits for it.
private struct Printer {
    private let encoder = JSONEncoder()
    private let file: String?

    init(pretty: Bool, file: String?) {
        self.file = file
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if pretty { encoder.outputFormatting.insert(.prettyPrinted) }
    }

    /// Ends the command where nobody reads any more.
    func write(_ output: ParsedOutput) throws {
        let data = try encoder.encode(Line(file: file, output: output))
        do {
            try FileDescriptor.standardOutput.writeAll(data + [0x0a])
        } catch Errno.brokenPipe {
            throw ExitCode.success
        }
    }

    private struct Line: Encodable {
        var file: String?
        var output: ParsedOutput

        enum CodingKeys: CodingKey { case file }

        func encode(to encoder: any Encoder) throws {
            try output.encode(to: encoder)
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encodeIfPresent(file, forKey: .file)
        }
    }
}
