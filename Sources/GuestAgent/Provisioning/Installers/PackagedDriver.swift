import Contract
import Guest

/// A driver that came as packages. NVIDIA's installer beside it ends in two halves that do not fit.
struct PackagedDriver: Equatable {
    /// The packages that own the driver's files.
    var packages: [String]
    /// What removes them, as a person would type it.
    var removal: String

    /// Files of a driver that packages would own: the running kernel's module and nvidia-smi, by every name of theirs.
    static func files(in guest: Guest) -> [String] {
        var files: [String] = []
        for file in KernelModules(guest).files(of: "nvidia") where file.hasPrefix("/lib/modules/\(guest.kernel)/") {
            files += [file, "/usr" + file]  // dpkg knows a file by the name with which it was packed
        }
        let tool = "/usr/bin/nvidia-smi"
        if guest.root.exists(tool) {
            files.append(tool)
            let target = guest.root.resolvingLinks(tool)  // Debian's alternatives
            if target != tool { files.append(target) }
        }
        return files
    }

    /// Asks the package managers that are there; nil where no package owns a driver's file.
    static func find(_ context: StepContext) async throws -> PackagedDriver? {
        let files = files(in: context.guest)
        guard !files.isEmpty else { return nil }
        for manager in managers
        where context.root.program(manager.query[0]) != nil {
            // A file that nobody owns makes the whole query end with 1; the lines about the others are there all the same.
            let output = try await context.run(Command(manager.query + files)).output
            let packages = Set(output.lines.flatMap(manager.packages)).sorted()
            if !packages.isEmpty {
                return PackagedDriver(
                    packages: packages, removal: (manager.removal + packages).joined(separator: " "))
            }
        }
        return nil
    }

    struct Manager: Sendable {
        var query: [String]
        var removal: [String]
        /// The packages that a line of the answer names.
        var packages: @Sendable (String) -> [String]
    }

    static let managers = [
        Manager(query: ["dpkg", "-S"], removal: ["apt-get", "purge"]) { line in
            // "nvidia-smi, libnvidia-ml1:amd64: /usr/bin/nvidia-smi"; "diversion by glx-diversions from: …"
            guard !line.hasPrefix("diversion by "), let end = line.ranges(of: ": /").first else { return [] }
            return line[..<end.lowerBound].split(separator: ",").map { $0.trimmed }
        },
        Manager(query: ["rpm", "-qf", "--qf", "%{NAME}\\n"], removal: ["dnf", "remove"]) { line in
            // "file /usr/bin/nvidia-smi is not owned by any package", "error: file …: No such file or directory"
            line.contains(" ") ? [] : [line.trimmed]
        },
        Manager(query: ["pacman", "-Qqo"], removal: ["pacman", "-R"]) { line in
            line.contains(" ") ? [] : [line.trimmed]
        },
    ]
}
