/// What the person in front of the terminal chose.
struct WatchState: Equatable, Sendable {
    enum Tab: Int, CaseIterable, Sendable { case gpus, processes, events }

    enum Sort: String, CaseIterable, Sendable {
        case name, utilisation, memory, temperature, power

        var next: Sort {
            let all = Self.allCases
            return all[((all.firstIndex(of: self) ?? 0) + 1) % all.count]
        }
    }

    var tab = Tab.gpus
    var sort = Sort.name
    /// Machines, GPUs, programs and events that do not have this text are left out. Upper and lower case are the same.
    var filter = ""
    /// Whether the filter is being typed.
    var isTyping = false
    var isHelpShown = false
    var isFrozen = false
    /// The GPU whose details are shown.
    var detail: WatchRow.ID?
    var selected: WatchRow.ID?
    /// Machines that are not as ``unfolds`` says.
    var toggled: Set<String> = []
    /// Whether all machines show their GPUs; nil while nobody chose: they do where there are not many.
    var unfoldsAll: Bool?
    /// The first row that is shown.
    var top = 0

    /// GPUs up to which all of them are shown at first.
    static let unfoldLimit = 64

    func unfolds(_ machine: String, gpus: Int) -> Bool {
        (unfoldsAll ?? (gpus <= Self.unfoldLimit)) != toggled.contains(machine)
    }
}
