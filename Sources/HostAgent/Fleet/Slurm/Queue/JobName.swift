/// The name of a fleet's array in Slurm, by which a later command finds it again: FLEET.SPOOL-ID.FIRST.
struct JobName: Equatable {
    var fleet: String
    /// The spool's id.
    var spool: String
    /// The number of the guest with index 0.
    var first: Int

    var text: String { "\(fleet).\(spool).\(first)" }

    init(fleet: String, spool: String, first: Int) {
        self.fleet = fleet
        self.spool = spool
        self.first = first
    }

    /// Nil for the name of another's job. A fleet's name may have dots.
    init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count >= 3, let first = Int(parts[parts.count - 1]), first >= 0 else { return nil }
        self.init(
            fleet: parts.dropLast(2).joined(separator: "."), spool: String(parts[parts.count - 2]), first: first)
    }
}
