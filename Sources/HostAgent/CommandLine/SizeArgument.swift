import ArgumentParser
import Host

/// A ``ByteSize`` on the command line.
struct SizeArgument: ExpressibleByArgument {
    var bytes: Int64

    init(bytes: Int64) {
        self.bytes = bytes
    }

    var defaultValueDescription: String { "\(bytes >> 30)G" }

    init?(argument: String) {
        guard let size = ByteSize(argument) else { return nil }
        bytes = size.bytes
    }
}
