import ArgumentParser
import Contract
import Guest
import Provisioning

struct IdentityCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "identity",
        abstract: "Take the host name that the host gives, and make missing SSH host keys; a unit does it at boot.",
        discussion: "Prints one JSON object: changed, or with --forget: removed.")

    @Flag(help: "At the end of a machine that was sealed with --generalise: forget what makes it itself.")
    var forget = false

    func run() async throws {
        let identity = OwnIdentity(Guest.live())
        if forget {
            return try Console.json(["removed": await identity.forget()])
        }
        let (changed, failures) = await identity.take()
        try Console.json(["changed": changed])
        for failure in failures.dropLast() { Console.explain(failure) }
        if let last = failures.last { throw last }
    }
}
