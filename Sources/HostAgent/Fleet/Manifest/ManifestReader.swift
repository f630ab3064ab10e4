import Contract
import Machines
import Passthrough
import VirtualMachines

/// Reads a manifest and finds everything that is wrong with it. Pure but for `fileExists`.
struct ManifestReader {
    static let version = 1
    /// Guests that one manifest may have.
    static let guestLimit = 1_000_000

    let home: ManifestHome
    /// Whether there is something at a path.
    let fileExists: (String) -> Bool

    private var problems: [ManifestProblem] = []
    /// Paths that were looked for already: a thousand guests name the same few files.
    private var looked: [String: Bool] = [:]

    init(home: ManifestHome, fileExists: @escaping (String) -> Bool) {
        self.home = home
        self.fileExists = fileExists
    }

    /// The manifest that `text` is. Throws all that is wrong.
    static func read(
        _ text: String, home: ManifestHome, fileExists: @escaping (String) -> Bool
    ) throws(ManifestProblems) -> FleetManifest {
        var reader = ManifestReader(home: home, fileExists: fileExists)
        return try reader.read(text)
    }

    private mutating func read(_ text: String) throws(ManifestProblems) -> FleetManifest {
        let start = TextMark(line: 1, column: 1)
        let root: MarkedValue
        do throws(ManifestProblem) {
            guard let parsed = try ManifestText.parse(text) else {
                throw ManifestProblem(start, "", "The manifest is empty.", "Begin with `version: 1`.")
            }
            root = parsed
        } catch {
            throw ManifestProblems([error])
        }
        guard case .map(let entries, _) = root else {
            throw ManifestProblems([
                ManifestProblem(root.mark, "", "The manifest is \(root.seen), no mapping.", "Begin with `version: 1`.")
            ])
        }
        var name = "fleet"
        var defaults = GuestSettings()
        var guests: [DeclaredGuest] = []
        var declarations: (items: [MarkedValue], mark: TextMark)?
        var version: MarkedValue?
        for entry in entries {
            switch entry.key {
            case "version": version = entry.value
            case "name":
                if let word = entry.value.word, MachineName.isValid(word) {
                    name = word
                } else {
                    refuse(name: entry.value, "name")
                }
            case "defaults":
                guard case .map(let fields, _) = entry.value else {
                    add(
                        entry.value.mark, "defaults", "defaults are \(entry.value.seen).",
                        "Write `key: value` below it.")
                    continue
                }
                for field in fields { store(field, into: &defaults, at: "defaults") }
            case "guests":
                guard case .list(let items, let mark) = entry.value else {
                    add(entry.value.mark, "guests", "guests are \(entry.value.seen).", "Write a list: `- name: …`.")
                    continue
                }
                declarations = (items, mark)
            default: unknown(entry, "", known: ["version", "name", "defaults", "guests"])
            }
        }
        check(version: version, entries.first?.mark ?? start)
        if let declarations {
            for (index, item) in declarations.items.enumerated() {
                guests += declared(item, at: "guests[\(index)]", defaults, room: Self.guestLimit - guests.count)
            }
            if declarations.items.isEmpty {
                add(declarations.mark, "guests", "There are no guests.", "Write one: `- name: …`.")
            }
        } else if !entries.contains(where: { $0.key == "guests" }) {
            add(start, "guests", "The manifest says no `guests`.", "Write a list: `- name: …`.")
        }
        checkBetween(guests)
        checkMachines(of: name, guests)
        let manifest = FleetManifest(name: name, guests: guests)
        guard problems.isEmpty else { throw ManifestProblems(problems, readable: manifest) }
        return manifest
    }

    private mutating func check(version: MarkedValue?, _ mark: TextMark) {
        guard version?.word != String(Self.version) else { return }
        add(
            version?.mark ?? mark, "version",
            version.map { "version is \($0.seen)." } ?? "The manifest does not say its version.",
            "Write `version: \(Self.version)`.")
    }

    // MARK: - One guest

    private mutating func declared(
        _ item: MarkedValue, at path: String, _ defaults: GuestSettings, room: Int
    ) -> [DeclaredGuest] {
        guard case .map(let entries, let mark) = item else {
            add(item.mark, path, "A guest is \(item.seen).", "Write `- name: …` and its fields below it.")
            return []
        }
        var settings = defaults
        var name: String?
        var count: Int?
        var isSound = true
        for entry in entries {
            switch entry.key {
            case "name":
                guard let word = entry.value.word, MachineName.isValid(word.replacing("{n}", with: "1")) else {
                    refuse(name: entry.value, "\(path).name")
                    isSound = false
                    continue
                }
                name = word
            case "count":
                do throws(ManifestProblem) {
                    count = try FieldKind<Int>.whole(1...Self.guestLimit).one(entry.value, home)
                } catch {
                    add(error, "\(path).count")
                }
            default: store(entry, into: &settings, at: path)
            }
        }
        guard let name else {
            if isSound { add(mark, path, "A guest has no name.", "Write `name: …`.") }
            return []
        }
        if settings.image == nil {
            add(mark, path, "The guest \(name) has no image.", "Write `image: …` here or under `defaults`.")
        }
        let numbers = 1...(count ?? 1)
        guard numbers.count <= room else {
            add(mark, path, "The manifest has more than \(Self.guestLimit) guests.", "Divide it.")
            return []
        }
        if numbers.count > 1, let once = settings.onceOnly {
            add(
                mark, path, "\(numbers.count) guests cannot all have \(once).",
                "Let each choose, or write them one by one.")
        }
        let isNumbered = name.contains("{n}")
        return numbers.map { number in
            var settings = settings
            let full =
                isNumbered
                ? name.replacing("{n}", with: "\(number)") : count == nil ? name : "\(name)-\(number)"
            settings.hostname = settings.hostname?.replacing("{name}", with: full)
            check(settings.hostname, mark, path)
            return DeclaredGuest(name: full, settings: settings, mark: mark)
        }
    }

    private mutating func store(_ entry: MarkedValue.Entry, into settings: inout GuestSettings, at path: String) {
        guard let field = ManifestField.byKey[entry.key] else {
            let isGuest = path != "defaults"
            unknown(entry, path, known: ManifestField.all.map(\.key) + (isGuest ? ["name", "count"] : []))
            return
        }
        do throws(ManifestProblem) {
            try field.store(entry.value, home, &settings)
        } catch {
            add(error, "\(path).\(entry.key)")
            return
        }
        for (file, mark) in files(entry) where !exists(file) {
            add(
                mark, "\(path).\(entry.key)", "There is no \(file).",
                "Mend the path; it begins at the manifest's folder.")
        }
    }

    private static let fileKeys: Set<String> = [
        "image", "driver", "cuda", "cuda-patches", "samples", "nvbandwidth", "offline", "ssh-keys", "cloud-init",
    ]

    private func files(_ entry: MarkedValue.Entry) -> [(String, TextMark)] {
        guard Self.fileKeys.contains(entry.key) else { return [] }
        let values: [MarkedValue] = if case .list(let items, _) = entry.value { items } else { [entry.value] }
        return values.compactMap { value in value.word.map { (home.absolute($0), value.mark) } }
    }

    private mutating func exists(_ file: String) -> Bool {
        if let known = looked[file] { return known }
        let found = fileExists(file)
        looked[file] = found
        return found
    }

    private mutating func check(_ hostname: String?, _ mark: TextMark, _ path: String) {
        guard let hostname, !Hostname.isValid(hostname) else { return }
        add(
            mark, "\(path).hostname", "\"\(hostname)\" is no host name.",
            "Use letters, digits and inner dashes, at most 63 between dots and \(Hostname.limit) in all.")
    }

    /// What no two guests may share. Those of one `count` are told of where it is written.
    private mutating func checkBetween(_ guests: [DeclaredGuest]) {
        var names: [String: TextMark] = [:]
        var cards: [PCIAddress: DeclaredGuest] = [:]
        var ports: [UInt16: DeclaredGuest] = [:]
        for guest in guests {
            if let earlier = names.updateValue(guest.mark, forKey: guest.name) {
                add(
                    guest.mark, "", "Two guests are called \(guest.name), here and in line \(earlier.line).",
                    "Rename one.")
                continue
            }
            if case .addresses(let addresses)? = guest.settings.gpus {
                for address in addresses {
                    collision(cards.updateValue(guest, forKey: address), guest, "the GPU \(address)")
                }
            }
            for port in guest.settings.ports ?? [] {
                guard let host = port.host else { continue }
                collision(ports.updateValue(guest, forKey: host), guest, "port \(host)")
            }
        }
    }

    /// Each guest's VM has the fleet's name before its own.
    private mutating func checkMachines(of fleet: String, _ guests: [DeclaredGuest]) {
        var told: Set<TextMark> = []
        for guest in guests {
            let machine = GuestBlueprint.machine(fleet, guest.name)
            guard !MachineName.isValid(machine), told.insert(guest.mark).inserted else { continue }
            add(
                guest.mark, "", "\(machine) is too long for a VM's name: \(machine.utf8.count) characters.",
                "Shorten the fleet's name or the guest's: \(MachineName.limit) characters with the dash between.")
        }
    }

    private mutating func collision(_ earlier: DeclaredGuest?, _ guest: DeclaredGuest, _ what: String) {
        guard let earlier else { return }
        if earlier.name == guest.name {
            add(guest.mark, "", "\(guest.name) has \(what) twice.", "Write it once.")
        } else if earlier.mark != guest.mark {
            add(
                guest.mark, "", "\(earlier.name) and \(guest.name) both have \(what).",
                "Only one of them can; leave the choice to the tool, or choose another.")
        }
    }

    // MARK: - Names and problems

    private mutating func refuse(name value: MarkedValue, _ path: String) {
        add(
            value.mark, path, "\(value.seen) is no name.",
            "Begin with a letter or digit; then also . _ and -, \(MachineName.limit) characters at most; {n} is the number of a `count`."
        )
    }

    private mutating func unknown(_ entry: MarkedValue.Entry, _ path: String, known: [String]) {
        let near = nearest(to: entry.key, among: known).map { "Did you mean `\($0)`?" }
        add(
            entry.mark, path.isEmpty ? entry.key : "\(path).\(entry.key)", "There is no field \"\(entry.key)\".",
            near ?? "Fields are \(known.sorted().joined(separator: ", ")).")
    }

    private mutating func add(_ mark: TextMark, _ path: String, _ message: String, _ remedy: String) {
        problems.append(ManifestProblem(mark, path, message, remedy))
    }

    private mutating func add(_ problem: ManifestProblem, _ path: String) {
        var problem = problem
        problem.path = path
        problems.append(problem)
    }
}

extension GuestSettings {
    /// What only one guest can have: a card, a port of the host.
    fileprivate var onceOnly: String? {
        if case .addresses(let addresses)? = gpus, let first = addresses.first { return "the GPU \(first)" }
        return ports?.first { $0.host != nil }?.host.map { "port \($0)" }
    }
}
