import ArgumentParser
import Contract
import Glibc
import Guest
import Provisioning

struct SealCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "seal", abstract: "Take the run's own traces out of this machine: it becomes an image.",
        discussion: "Prints one JSON object: removed. What the job installed stays.")

    @Option(
        name: .customLong("authorized-key-file"), help: "A public key to remove from every authorized_keys; repeatable."
    )
    var authorizedKeyFiles: [String] = []
    @Option(help: "The instance-id of the NoCloud seed that cloud-init is to forget.")
    var instanceID: String?
    @Flag(
        help: """
            Also forget what makes this machine itself (machine-id, leases, random seeds, cloud-init's instances; the keys of \
            the SSH server at the end of this boot), so that each copy of its disk becomes a machine of its own.
            """)
    var generalise = false
    @Flag(help: "Sync and power off at the end.")
    var poweroff = false

    func run() async throws {
        let guest = Guest.live()
        let keys = try authorizedKeyFiles.flatMap { file in
            do {
                return try guest.root.text(file).lines
            } catch {
                throw Failure.guest(
                    .optionInvalid, "read the key", "\(file): \(describe(error))", remedy: "Name a public key file.")
            }
        }
        let removed = try await Seal(guest).apply(
            publicKeys: keys, instanceID: instanceID, generalise: generalise)
        try Console.json(["removed": removed])
        if poweroff {
            let command = Command(["systemctl", "poweroff"])
            let result = try await guest.runner.run(command)
            guard result.succeeded else {
                throw Failure.command(
                    command, result, code: .guestDidNotStop, operation: "power off", remedy: "Power it off by hand.")
            }
        }
    }
}
