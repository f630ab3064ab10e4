import Contract
import Guest

/// Removes named packages and never another: a package that something else needs stays.
///
/// dpkg and rpm are asked themselves. Their front ends would take along what depends on a package, which may be the user's.
struct PackageRemoval {
    private let guest: Guest

    init(_ guest: Guest) {
        self.guest = guest
    }

    /// Words with which a package is kept: something needs it, or its name means more than one that is installed (two
    /// versions, two architectures), of which one may be the user's.
    private static let refusals = [
        "depend", "is needed by", "required by", "specifies multiple packages", "ambiguous package name",
        "more than one installed instance",
    ]

    private enum Tool {
        case dpkg, rpm, pacman
    }

    private var tool: Tool {
        // Not by what is installed: Fedora and Arch have a dpkg to build packages with.
        switch Distribution.of(guest.root)?.family {
        case .debian: return .dpkg
        case .redHat, .suse: return .rpm
        case .arch: return .pacman
        case nil: break
        }
        if guest.root.exists("/usr/bin/dpkg") { return .dpkg }
        return guest.root.exists("/usr/bin/pacman") ? .pacman : .rpm
    }

    /// What removes `packages`.
    func command(_ packages: [String]) -> Command {
        let arguments =
            switch tool {
            case .dpkg: ["dpkg", "--purge"]
            case .rpm: ["rpm", "--erase"]
            case .pacman: ["pacman", "--remove", "--noconfirm"]
            }
        return Command(arguments + packages, deadline: .seconds(1800), mergesErrors: true)
    }

    private func query(_ package: String) -> Command {
        switch tool {
        case .dpkg: Command(["dpkg-query", "-W", "-f", "${Status}\n", package])
        case .rpm: Command(["rpm", "-q", package])
        case .pacman: Command(["pacman", "-Q", package])
        }
    }

    /// Removes them, the ones that the others need last. Returns those that stay: something else needs them, or their name means several.
    func remove(_ packages: [String]) async throws -> [String] {
        var left = try await installed(packages)
        guard !left.isEmpty else { return [] }
        // At once first: they need each other.
        var result = try await guest.runner.run(command(left))
        var before: [String] = []
        left = try await installed(left)
        while !left.isEmpty, left != before {
            before = left
            for package in left { result = try await guest.runner.run(command([package])) }
            left = try await installed(left)
        }
        let text = result.output + result.errors
        if !left.isEmpty, !Self.refusals.contains(where: text.contains) {
            throw Failure.command(
                command(left), result, code: .undo, operation: "remove packages",
                remedy: "Make `\(command(left).line)` work in the guest, and run undo again.")
        }
        return left
    }

    private func installed(_ packages: [String]) async throws -> [String] {
        var found: [String] = []
        for package in packages {
            let result = try await guest.runner.run(query(package))
            guard result.succeeded else { continue }
            // dpkg-query also answers for a package of which only configuration is left.
            if tool != .dpkg || !result.output.contains("not-installed") { found.append(package) }
        }
        return found
    }
}
