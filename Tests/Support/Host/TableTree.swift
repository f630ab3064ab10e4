public import Host
public import SystemPackage

/// A host in memory: files, links and answers by path; folders are what lies between.
public struct TableTree: HostTree {
    /// Text of files.
    public var files: [String: String] = [:]
    /// Targets of links. A link is taken to lead somewhere.
    public var links: [String: String] = [:]
    /// Modes and owners that matter; 0644 of root without.
    public var statuses: [String: HostFileStatus] = [:]
    /// Empty folders.
    public var folders: Set<String> = []
    /// What cannot be read, by path, folders with all that is in them.
    public var refused: Set<String> = []
    public var answers: [HostProbe: HostAnswer] = [:]

    /// An empty host.
    public init() {}

    private func isRefused(_ path: String) -> Bool { refused.contains { path == $0 || path.hasPrefix($0 + "/") } }

    private func contains(inside prefix: [UInt8]) -> Bool {
        files.keys.contains { $0.utf8.starts(with: prefix) } || links.keys.contains { $0.utf8.starts(with: prefix) }
            || statuses.keys.contains { $0.utf8.starts(with: prefix) }
            || folders.contains { $0.utf8.starts(with: prefix) }
    }

    private var paths: [String] { Array(files.keys) + links.keys + statuses.keys + folders }

    public func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> {
        if isRefused(path) { return .failure(.permissionDenied) }
        return files[path].map { .success(Array($0.utf8.prefix(limit))) } ?? .failure(.noSuchFileOrDirectory)
    }

    public func names(_ path: String) -> Result<[String], Errno> {
        if isRefused(path) { return .failure(.permissionDenied) }
        let inside = Array((path + "/").utf8)
        let names = paths.filter { $0.utf8.starts(with: inside) }.compactMap {
            $0.dropFirst(path.count + 1).split(separator: "/").first
        }
        guard !names.isEmpty || folders.contains(path) else { return .failure(.noSuchFileOrDirectory) }
        return .success(Set(names).map { String($0) }.sorted())
    }

    public func link(_ path: String) -> Result<String, Errno> {
        links[path].map { .success($0) } ?? .failure(.noSuchFileOrDirectory)
    }

    public func status(_ path: String) -> Result<HostFileStatus, Errno> {
        if refused.contains(where: { path.hasPrefix($0 + "/") }) { return .failure(.permissionDenied) }
        if let status = statuses[path] { return .success(status) }
        if files[path] != nil || links[path] != nil {
            return .success(HostFileStatus(mode: 0o100644, owner: 0, group: 0))
        }
        guard folders.contains(path) || contains(inside: Array((path + "/").utf8)) else {
            return .failure(.noSuchFileOrDirectory)
        }
        return .success(HostFileStatus(mode: 0o040755, owner: 0, group: 0))
    }

    public func answer(_ probe: HostProbe) async -> HostAnswer? { answers[probe] }
}
