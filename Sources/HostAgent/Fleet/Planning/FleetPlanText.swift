import Contract

/// A plan for people, at 80 columns: what is to be done and why, guests that are alike in one line.
public struct FleetPlanText {
    private let plan: FleetPlan

    public init(_ plan: FleetPlan) {
        self.plan = plan
    }

    /// Its lines, without control characters.
    public var lines: [String] {
        guard !plan.isEmpty || plan.goldens.contains(where: { $0.guests == 0 }) else {
            return ["Fleet \(plan.fleet): \(guests(plan.guests.count)), as the manifest says. Nothing to do."]
        }
        var lines = ["Fleet \(plan.fleet)"]
        if !plan.goldens.isEmpty { lines += ["", "Golden images"] }
        for golden in plan.goldens {
            let state = golden.isMissing ? "to build" : golden.guests > 0 ? "there" : "unused"
            lines.append(
                "  \(golden.isMissing ? "+" : golden.guests > 0 ? "=" : "-") \(golden.digest.prefix(12))  \(state)"
                    + (golden.guests > 0 ? ", for \(guests(golden.guests))" : ""))
        }
        lines += ["", "Guests"]
        for group in groups where group[0].action != .none {
            lines += self.lines(of: group)
        }
        let unchanged = plan.count(.none)
        if unchanged > 0 { lines.append("  = \(guests(unchanged)) as the manifest says") }
        let tasks = FleetPlan.Action.allCases.filter { $0 != .none && plan.count($0) > 0 }.map {
            "\(plan.count($0)) to \($0.rawValue)"
        }
        let builds = plan.goldens.count { $0.isMissing }
        lines += [
            "", "Plan: " + (tasks + (builds > 0 ? ["\(builds) golden to build"] : [])).joined(separator: ", ") + ".",
        ]
        return lines
    }

    /// Neighbours with the same to be done for the same reasons, on the same image.
    private var groups: [[FleetPlan.Guest]] {
        var groups: [[FleetPlan.Guest]] = []
        for guest in plan.guests {
            if let last = groups.last?.last, last.action == guest.action, last.reasons == guest.reasons,
                last.golden == guest.golden
            {
                groups[groups.count - 1].append(guest)
            } else {
                groups.append([guest])
            }
        }
        return groups
    }

    private func lines(of group: [FleetPlan.Guest]) -> [String] {
        let first = group[0]
        let sign: [FleetPlan.Action: String] = [.create: "+", .destroy: "-", .start: ">"]
        var name = first.name
        if let last = group.last, group.count > 1 { name += " … \(last.name) (\(group.count))" }
        let line = "  \(sign[first.action] ?? "~") \(name): \(first.action.rawValue)"
        let reasons = first.reasons.map { Printable.line($0, limit: 300) }
        if reasons.count == 1, line.count + reasons[0].count + 2 <= 80 { return ["\(line), \(reasons[0])"] }
        return [line] + reasons.map { "      \($0)" }
    }

    private func guests(_ count: Int) -> String { count == 1 ? "1 guest" : "\(count) guests" }
}
