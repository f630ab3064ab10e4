import Contract
import Fleet
import VirtualMachines

/// The files that carrying out an order takes: those of golden images that are to be built, and what guests are handed.
struct FleetInputs {
    private let order: FleetOrder

    init(_ order: FleetOrder) {
        self.order = order
    }

    /// Everything that is wrong with them, with the first guest that each mistake is about.
    ///
    /// - Parameter golden: What is wrong with the inputs of a golden image, by its digest and a guest's settings.
    func problems(golden: (String, GuestSettings) async -> [Failure]) async -> [Failure] {
        var failures: [Failure] = []
        for digest in order.missing {
            guard let settings = order.builds[digest], let guest = order.firstGuests[digest] else { continue }
            let found = await golden(digest, settings)
            failures += found.filter { failure in !failures.contains { $0.message == failure.message } }
                .map { Self.of(guest, $0) }
        }
        // Of guests whose files are the same, one is looked at.
        var looked: Set<[String?]> = []
        for guest in order.plan.guests where ![.none, .destroy].contains(guest.action) {
            guard let blueprint = order.blueprints[guest.name] else { continue }
            let settings = blueprint.settings
            guard looked.insert([settings.cloudInit] + (settings.sshKeys ?? [])).inserted else { continue }
            do {
                failures += try blueprint.identity().problems()
            } catch {
                failures += Failures.list(
                    of: error, operation: "read what \(guest.name) is handed", remedy: "Mend the manifest.", side: .host
                )
            }
        }
        return failures
    }

    /// A failure with the guest that it is about.
    static func of(_ guest: DeclaredGuest, _ failure: Failure) -> Failure {
        var failure = failure
        failure.evidence.append("for the guest \(guest.name), line \(guest.mark.line) of the manifest")
        return failure
    }
}
