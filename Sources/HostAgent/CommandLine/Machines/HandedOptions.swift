import ArgumentParser
import Contract
import FoundationEssentials
import VirtualMachines

/// What a guest is handed at its boot so that it is this one.
struct HandedOptions: ParsableArguments {
    @Option(help: "The guest's name for itself: for cloud-init, or an image made with --generalise.")
    var hostname: String?

    @Option(
        help: ArgumentHelp(
            "A file of public keys that the image's default user is to accept as well; repeat for several.",
            valueName: "file"))
    var authorizedKeys: [String] = []

    @Option(help: ArgumentHelp("More for cloud-init: a file that begins with #cloud-config.", valueName: "file"))
    var userData: String?

    /// Nil where none of it was given. Its rules are ``GuestIdentity/problems()``.
    func identity() throws -> GuestIdentity? {
        guard hostname != nil || !authorizedKeys.isEmpty || userData != nil else { return nil }
        var missing: [Failure] = []
        func text(_ file: String, _ option: String, limit: Int) -> String {
            guard let data = FileManager.default.contents(atPath: file), data.count <= limit,
                let text = String(validating: data, as: UTF8.self)
            else {
                missing.append(
                    Failure(
                        .optionInvalid, operation: "read \(option)",
                        message: "\(Printable.line(file)) is no text file of at most \(limit) bytes that can be read.",
                        remedy: "Look at its name and rights.", side: .host))
                return ""
            }
            return text
        }
        let keys = authorizedKeys.flatMap { file in
            text(file, "--authorized-keys", limit: GuestIdentity.keysLimit).split(whereSeparator: \.isNewline)
                .map(String.init).filter { line in !line.allSatisfy(\.isWhitespace) && !line.hasPrefix("#") }
        }
        let more = userData.map { text($0, "--user-data", limit: GuestIdentity.userDataLimit) }
        guard missing.isEmpty else { throw Failures(missing) }
        return GuestIdentity(hostname: hostname, authorizedKeys: keys, userData: more)
    }
}

/// "8080:80", or "80".
struct ForwardArgument: ExpressibleByArgument {
    var forward: PortForward

    init?(argument: String) {
        guard let forward = PortForward(argument) else { return nil }
        self.forward = forward
    }
}
