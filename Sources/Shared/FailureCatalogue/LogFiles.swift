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
    /// Throws ``Unreadable`` for the first that cannot be read, and for a folder without a log.
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
            guard isFolder else {
                try open(path, into: &explainer)
                continue
            }
            var count = 0
            for log in try logs(in: path) where count < most {
                if try open(log, ofFolder: true, into: &explainer) { count += 1 }
            }
            guard count > 0 else { throw Unreadable(path: path, reason: "there is no log in the folder") }
        }
        return explainer.explanation
    }

    /// The files of a folder, and of the folders in it, whose names may be those of logs: dmesg, syslog.1, serial.log.
    private static func logs(in folder: String) throws -> [String] {
        guard let all = try? FileManager.default.subpathsOfDirectory(atPath: folder) else {
            throw Unreadable(path: folder, reason: "the folder cannot be listed")
        }
        return all.filter { path in
            let name = path.split(separator: "/").last ?? ""
            guard let dot = name.lastIndex(of: ".") else { return true }
            let ending = name[name.index(after: dot)...]
            return ["log", "txt", "out", "err", "stderr"].contains(ending)
                || (dot > name.startIndex && ending.allSatisfy(\.isNumber))
        }
        .sorted().map { "\(folder)/\($0)" }
    }

    /// Reads a log. Returns false for a file of a folder that is none, whatever its name.
    @discardableResult
    private static func open(
        _ path: String, ofFolder: Bool = false, into explainer: inout Explainer
    ) throws -> Bool {
        // What was found in a folder may be a pipe, at which opening would wait for a writer.
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (ofFolder ? O_NONBLOCK : 0))
        guard descriptor >= 0 else {
            if ofFolder && (errno != EACCES || !path.hasSuffix(".log")) { return false }
            throw Unreadable(path: path, reason: String(cString: strerror(errno)))
        }
        defer { close(descriptor) }
        if ofFolder && !isLog(descriptor) { return false }
        try read(descriptor, path, into: &explainer)
        return true
    }

    /// Whether it is a regular file of text, and none that holds keys: its last lines may be shown.
    private static func isLog(_ descriptor: Int32) -> Bool {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        var start = [UInt8](repeating: 0, count: 1024)
        let count = pread(descriptor, &start, start.count, 0)
        guard count >= 0, !start[..<count].contains(0) else { return false }
        let text = String(decoding: start[..<count], as: UTF8.self)
        return !text.contains("PRIVATE KEY-----") && !text.hasPrefix("#cloud-config")
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
