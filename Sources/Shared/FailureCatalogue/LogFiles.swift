import FoundationEssentials
import Glibc

/// Logs on disk or on standard input → their explanation, a piece at a time: a log may be larger than memory.
public enum LogFiles {
    /// A file could not be read.
    public struct Unreadable: Error, CustomStringConvertible {
        public var path: String
        public var reason: String
        public var description: String { "cannot read \(path): \(reason)" }
    }

    /// How many logs of a folder are read.
    static let most = 200

    /// Explains the logs at `paths`: files, folders (all logs in them), "-" or nothing for standard input.
    ///
    /// Throws ``Unreadable`` for the first that cannot be read.
    public static func explain(_ paths: [String]) throws -> Explanation {
        var explainer = Explainer()
        for path in paths.isEmpty ? ["-"] : paths {
            if path == "-" {
                try read(STDIN_FILENO, "standard input", into: &explainer)
                continue
            }
            var isFolder = false
            guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
                throw Unreadable(path: path, reason: "it does not exist")
            }
            for file in isFolder ? try logs(in: path) : [path] { try open(file, into: &explainer) }
        }
        return explainer.explanation
    }

    /// The files of a folder, and of the folders in it, that are named like logs.
    private static func logs(in folder: String) throws -> [String] {
        guard let all = try? FileManager.default.subpathsOfDirectory(atPath: folder) else {
            throw Unreadable(path: folder, reason: "the folder cannot be listed")
        }
        let logs = all.filter { name in [".log", ".txt", ".out", ".stderr"].contains { name.hasSuffix($0) } }
        return logs.sorted().map { "\(folder)/\($0)" }.lazy.filter { path in
            var isFolder = false
            return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && !isFolder
        }
        .prefix(most).map { $0 }
    }

    private static func open(_ path: String, into explainer: inout Explainer) throws {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY)
        guard descriptor >= 0 else { throw Unreadable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        try read(descriptor, path, into: &explainer)
    }

    private static func read(_ descriptor: Int32, _ name: String, into explainer: inout Explainer) throws {
        explainer.begin(name)
        defer { explainer.end() }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = Glibc.read(descriptor, &buffer, buffer.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Unreadable(path: name, reason: String(cString: strerror(errno))) }
            if count == 0 { return }
            explainer.feed(buffer[..<count])
        }
    }
}
