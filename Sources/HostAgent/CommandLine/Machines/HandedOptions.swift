import ArgumentParser
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
        return try GuestIdentity.read(hostname: hostname, keyFiles: authorizedKeys, userDataFile: userData)
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
