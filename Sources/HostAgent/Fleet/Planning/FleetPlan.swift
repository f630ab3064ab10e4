/// The difference between a manifest and what is there. Pure: the same two, the same plan.
public struct FleetPlan: Codable, Equatable, Sendable {
    /// What is to be done with a guest.
    public enum Action: String, Codable, CaseIterable, Sendable {
        /// It is not there.
        case create
        /// Its disk is to begin anew, on another golden image or because its first boot differs.
        case reimage
        /// Its disk stays; it is started again as another machine.
        case restart
        /// It is as it should be, and does not run.
        case start
        /// It is there and in no manifest: its disk goes.
        case destroy
        case none
    }

    /// A guest and what is to be done with it.
    public struct Guest: Codable, Equatable, Sendable {
        public var name: String
        public var action: Action
        /// Why, a line for each difference: "memory 4G → 8G". Empty for `none`.
        public var reasons: [String]
        /// The golden image it will have; nil where it is destroyed.
        public var golden: String?
        /// Whether a disk goes that somebody may have written to. That of a guest whose making was cut off or failed is none.
        public var losesDisk = false
    }

    /// A golden image.
    public struct Golden: Codable, Equatable, Sendable {
        /// Its recipe's digest.
        public var digest: String
        /// Whether it has to be built.
        public var isMissing: Bool
        /// How many guests of the manifest stand on it. None: it may go.
        public var guests: Int
    }

    public var fleet: String
    public var goldens: [Golden]
    /// Those of the manifest in its order, then those that are to go, by name.
    public var guests: [Guest]

    /// - Parameter golden: The digest of a guest's recipe.
    public init(_ manifest: FleetManifest, _ reality: FleetReality, golden: (DeclaredGuest) throws -> String) rethrows {
        fleet = manifest.name
        var wanted: [String: Int] = [:]
        var order: [String] = []
        var guests: [Guest] = []
        guests.reserveCapacity(manifest.guests.count)
        for declared in manifest.guests {
            let digest = try golden(declared)
            if wanted.updateValue((wanted[digest] ?? 0) + 1, forKey: digest) == nil { order.append(digest) }
            guests.append(Self.plan(declared, digest, reality.guests[declared.name]))
        }
        let declared = Set(manifest.guests.map(\.name))
        for name in reality.guests.keys.sorted() where !declared.contains(name) {
            guests.append(
                Guest(
                    name: name, action: .destroy, reasons: ["it is not in the manifest"], golden: nil,
                    losesDisk: reality.guests[name]?.failure == nil))
        }
        goldens =
            order.map { Golden(digest: $0, isMissing: !reality.goldens.contains($0), guests: wanted[$0] ?? 0) }
            + reality.goldens.subtracting(order).sorted().map { Golden(digest: $0, isMissing: false, guests: 0) }
        self.guests = guests
    }

    /// The same for the guests that are meant alone: the others stay as they are, whatever the manifest says of them.
    public func only(_ isMeant: (String) -> Bool) -> FleetPlan {
        var plan = self
        plan.guests.removeAll { !isMeant($0.name) }
        plan.countGuestsOfGoldens()
        return plan
    }

    /// The same, but that every guest that is there and stays begins again from its golden image.
    public func reimaging() -> FleetPlan {
        var plan = self
        for place in plan.guests.indices {
            switch plan.guests[place].action {
            case .none, .start, .restart:
                plan.guests[place].action = .reimage
                plan.guests[place].reasons = ["it was asked for"]
                plan.guests[place].losesDisk = true
            case .create, .reimage, .destroy: break
            }
        }
        return plan
    }

    /// Images that none of the plan's guests stands on are not its business, unless they are unused for good.
    private mutating func countGuestsOfGoldens() {
        var counts: [String: Int] = [:]
        for guest in guests { if let golden = guest.golden { counts[golden, default: 0] += 1 } }
        goldens.removeAll { counts[$0.digest] == nil }
        for place in goldens.indices { goldens[place].guests = counts[goldens[place].digest] ?? 0 }
    }

    /// How many guests have this to be done with them.
    public func count(_ action: Action) -> Int { guests.count { $0.action == action } }

    /// Whether all is as the manifest says.
    public var isEmpty: Bool { guests.allSatisfy { $0.action == .none } && !goldens.contains { $0.isMissing } }

    private static func plan(_ declared: DeclaredGuest, _ digest: String, _ existing: ExistingGuest?) -> Guest {
        func guest(_ action: Action, _ reasons: [String]) -> Guest {
            Guest(
                name: declared.name, action: action, reasons: reasons, golden: digest,
                losesDisk: action == .reimage && existing?.failure == nil)
        }
        guard let existing else { return guest(.create, ["it does not exist"]) }
        let differences = SettingDifference.all(from: existing.settings, to: declared.settings)
        var reimaging = differences.filter { $0.need == .reimage }.map(\.text)
        if existing.golden != digest {
            // What the recipe's fields tell is told by them; contents and agent change behind equal names.
            if reimaging.isEmpty { reimaging = ["the image, a runfile or the agent has another content"] }
            return guest(.reimage, reimaging)
        }
        reimaging = differences.filter { $0.need == .firstBoot }.map(\.text)
        if !reimaging.isEmpty { return guest(.reimage, reimaging) }
        if let failure = existing.failure { return guest(.reimage, ["it failed: \(failure)"]) }
        let restarting = differences.filter { $0.need == .restart }.map(\.text)
        if !restarting.isEmpty { return guest(.restart, restarting) }
        return existing.isRunning ? guest(.none, []) : guest(.start, ["it does not run"])
    }
}
