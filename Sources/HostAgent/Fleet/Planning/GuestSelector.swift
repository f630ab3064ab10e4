import Passthrough

/// Which guests a command means: `--only train-*`, `--only team=vision`, `--only train-1,train-2`.
public struct GuestSelector: Equatable, Sendable {
    private enum Term: Equatable, Sendable {
        case name(pattern: String)
        case label(key: String, value: String)
    }

    private var terms: [Term]

    /// A choice from words; each may hold several, with commas between. A guest is meant if one of the words fits it.
    /// None: every guest. Nil where a word says nothing (",", "=x").
    public init?(_ words: [String]) {
        terms = []
        for word in words.flatMap({ $0.split(separator: ",", omittingEmptySubsequences: false) }) {
            if let sign = word.firstIndex(of: "=") {
                let key = word[..<sign]
                guard !key.isEmpty else { return nil }
                terms.append(.label(key: String(key), value: String(word[word.index(after: sign)...])))
            } else {
                guard !word.isEmpty else { return nil }
                terms.append(.name(pattern: String(word)))
            }
        }
    }

    /// Whether it means a guest: by its labels in the manifest, else by those that it was made with.
    public func among(_ manifest: FleetManifest, made: [String: GuestSettings]) -> @Sendable (String) -> Bool {
        var labels = made.mapValues { $0.labels ?? [:] }
        for guest in manifest.guests { labels[guest.name] = guest.settings.labels ?? [:] }
        let known = labels
        return { matches(name: $0, labels: known[$0] ?? [:]) }
    }

    /// Whether a guest is meant.
    public func matches(name: String, labels: [String: String]) -> Bool {
        terms.isEmpty
            || terms.contains { term in
                switch term {
                case .name(let pattern): NamePattern.fits(pattern, name)
                case .label(let key, let value): labels[key].map { NamePattern.fits(value, $0) } ?? false
                }
            }
    }
}
