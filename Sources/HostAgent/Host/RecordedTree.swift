import Contract
public import SystemPackage

/// A host as it was recorded.
///
/// A look that was not recorded fails with ENODATA, unless what was recorded tells: a path that is missing in its folder's
/// list of names does not exist.
public struct RecordedTree: HostTree {
    /// What was recorded.
    public let recording: HostRecording

    /// The host of `recording`.
    public init(_ recording: HostRecording) {
        self.recording = recording
    }

    /// The host of the recording in `file`, at most ``HostRecording/limit`` bytes. Throws ``Failure`` where it cannot be
    /// read or is none.
    public init(file: String) throws {
        func refusal(_ message: String, _ remedy: String) -> Failure {
            Failure(.optionInvalid, operation: "read the recording", message: message, remedy: remedy, side: .host)
        }
        switch FolderTree(root: "/").read(file, limit: HostRecording.limit + 1) {
        case .failure(let error):
            throw refusal("\(file) cannot be read: \(error)", "Name a readable recording or a folder.")
        case .success(let bytes) where bytes.count > HostRecording.limit:
            throw refusal(
                "\(file) is larger than any recording (\(HostRecording.limit >> 20) MiB).",
                "Name a file that `doctor --record FILE` wrote.")
        case .success(let bytes):
            self.init(try HostRecording(json: bytes, path: file))
        }
    }

    public func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> {
        recording.files[path]?.result.map { Array($0.bytes.prefix(limit)) } ?? .failure(unrecorded(path))
    }

    public func names(_ path: String) -> Result<[String], Errno> {
        recording.folders[path]?.result ?? .failure(unrecorded(path))
    }

    public func link(_ path: String) -> Result<String, Errno> {
        recording.links[path]?.result ?? .failure(unrecorded(path))
    }

    public func status(_ path: String) -> Result<HostFileStatus, Errno> {
        recording.statuses[path]?.result ?? .failure(unrecorded(path))
    }

    public func answer(_ probe: HostProbe) async -> HostAnswer? {
        recording.probes.first { $0.probe == probe }?.answer
    }

    private func unrecorded(_ path: String) -> Errno {
        let components = path.split(separator: "/")
        var folder = ""
        for component in components {
            switch recording.folders[folder.isEmpty ? "/" : folder] {
            case .found(let names)? where !names.contains(String(component)): return .noSuchFileOrDirectory
            case .failed(let number)?: return Errno(rawValue: number)
            default: folder += "/" + component
            }
        }
        return .noData
    }
}
