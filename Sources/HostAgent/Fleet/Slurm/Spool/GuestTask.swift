/// What a job is to do for one guest: a file of the spool, written by the submitter and read on the node.
public struct GuestTask: Codable, Equatable, Sendable {
    /// The golden image under the guest's disk.
    public struct Golden: Codable, Equatable, Sendable {
        /// Its recipe's digest.
        public var digest: String
        /// Where it lies, on every node.
        public var path: String

        public init(digest: String, path: String) {
            self.digest = digest
            self.path = path
        }
    }

    /// The format's version; a reader refuses a newer one.
    public var version = 1
    public var fleet: String
    /// Its name in the manifest.
    public var guest: String
    /// Its VM's name on the node.
    public var machineName: String
    public var settings: GuestSettings
    /// What Slurm is asked for.
    public var need: GuestNeed
    public var golden: Golden?
    public var action: FleetPlan.Action
    /// The digest of a golden image that is to be built; then it is no guest.
    public var builds: String?

    public init(
        fleet: String, guest: String, machineName: String, settings: GuestSettings, need: GuestNeed,
        golden: Golden? = nil, action: FleetPlan.Action, builds: String? = nil
    ) {
        self.fleet = fleet
        self.guest = guest
        self.machineName = machineName
        self.settings = settings
        self.need = need
        self.golden = golden
        self.action = action
        self.builds = builds
    }
}
