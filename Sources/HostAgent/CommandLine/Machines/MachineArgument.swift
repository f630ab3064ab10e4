import ArgumentParser
import Machines

/// Where VMs and runs are kept.
struct StateOption: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "Where VMs and runs are kept. (default: ~/.local/state/provision-gpu-vm)", valueName: "folder"))
    var state: String?

    var places: Places { Places(state: state) }
}

/// One VM, by its name.
struct MachineArgument: ParsableArguments {
    @Argument(
        help: "The VM: a name of `list`, or an unambiguous beginning of one.", completion: .machineNames)
    var name: String
}

extension CompletionKind {
    /// VMs and runs of the usual place.
    static var machineNames: CompletionKind {
        .custom { _, _, _ in KnownMachine.names(state: Places(state: nil).state) }
    }
}

/// A span of time as people write it: 90, 90s, 2m, 1h.
struct DurationArgument: ExpressibleByArgument {
    var seconds: Int64

    var duration: Duration { .seconds(seconds) }
    var defaultValueDescription: String { "\(seconds)s" }

    init(seconds: Int64) {
        self.seconds = seconds
    }

    init?(argument: String) {
        let digits = argument.prefix { $0.isASCII && $0.isNumber }
        let factors: [Substring: Int64] = ["": 1, "s": 1, "m": 60, "h": 3600]
        guard let count = Int64(digits), let factor = factors[argument.dropFirst(digits.count)] else { return nil }
        let (product, overflow) = count.multipliedReportingOverflow(by: factor)
        guard !overflow, product <= 86_400 else { return nil }
        seconds = product
    }
}
