import FoundationEssentials

/// The absolute path of a program: `name` itself where it holds a slash, else the first in PATH; nil for none.
public func findExecutable(_ name: String) -> String? {
    let files = FileManager.default
    if name.contains("/") {
        guard files.isExecutableFile(atPath: name) else { return nil }
        return name.hasPrefix("/") ? name : files.currentDirectoryPath + "/" + name
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    return path.split(separator: ":").lazy.map { "\($0)/\(name)" }.first { files.isExecutableFile(atPath: $0) }
}
