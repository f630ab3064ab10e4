import ArgumentParser
import Contract
import FailureCatalogue

struct ExplainCommand: ParsableCommand {
    /// How the explanation is printed.
    enum Format: String, ExpressibleByArgument { case json, text }

    static let configuration = CommandConfiguration(
        commandName: "explain", abstract: "Print what logs say went wrong, why, and what to do.",
        discussion:
            "Ends with 0 where a failure was explained, with 3 where none is known, with 66 where there is nothing to read."
    )

    @Argument(help: "Logs or folders of logs; - or nothing for standard input.")
    var files: [String] = []
    @Option(help: "json or text.")
    var format = Format.json

    func run() throws {
        let explanation: Explanation
        do {
            explanation = try LogFiles.explain(files)
        } catch let unreadable as LogFiles.Unreadable {
            Console.say("gpu-guest-agent: \(Printable.line(unreadable.description))")
            throw ExitCode(66)
        }
        switch format {
        case .json: try Console.json(explanation)
        case .text: for line in explanation.lines() { try Console.line(line) }
        }
        if !explanation.known { throw ExitCode(3) }
    }
}
