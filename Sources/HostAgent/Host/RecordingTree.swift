import Synchronization
public import SystemPackage

/// A tree that remembers every look at another one, with what it brought.
///
/// What may hold secrets is cleaned before it is kept (``Redaction``); who looks sees it as it is.
public final class RecordingTree: HostTree {
    private let tree: any HostTree
    private let kept = Mutex(HostRecording())

    /// Looks at `tree`.
    public init(_ tree: any HostTree) {
        self.tree = tree
    }

    /// All looks so far. Of the files that processes have open, those that are nodes of GPUs.
    public var recording: HostRecording {
        var recording = kept.withLock { $0 }
        for (path, look) in recording.folders where ProcessFiles.isOpenFiles(path) {
            guard case .found(let names) = look else { continue }
            let nodes = names.filter { recording.links["\(path)/\($0)"] != nil }
            recording.folders[path] = nodes.isEmpty ? nil : .found(nodes)
        }
        return recording
    }

    public func read(_ path: String, limit: Int) -> Result<[UInt8], Errno> {
        let result = tree.read(path, limit: limit)
        guard !Redaction.isSecret(path) else { return result }
        let content = result.map { HostRecording.Content(bytes: Redaction.content($0, of: path)) }
        kept.withLock { recording in
            // The same file can be read with several limits: the longest answer serves them all.
            if case .found(let before)? = recording.files[path], case .success(let now) = content,
                before.bytes.count > now.bytes.count
            {
                return
            }
            recording.files[path] = HostRecording.Look(content)
        }
        return result
    }

    public func names(_ path: String) -> Result<[String], Errno> {
        let result = tree.names(path)
        kept.withLock { $0.folders[path] = HostRecording.Look(result) }
        return result
    }

    public func link(_ path: String) -> Result<String, Errno> {
        let result = tree.link(path)
        if ProcessFiles.isOpenFiles(path) {
            guard case .success(let target) = result, ProcessFiles.isGPUNode(target) else { return result }
        }
        kept.withLock { $0.links[path] = HostRecording.Look(result) }
        return result
    }

    public func status(_ path: String) -> Result<HostFileStatus, Errno> {
        let result = tree.status(path)
        kept.withLock { $0.statuses[path] = HostRecording.Look(result) }
        return result
    }

    public func answer(_ probe: HostProbe) async -> HostAnswer? {
        let answer = await tree.answer(probe)
        let clean = answer.map { HostAnswer(status: $0.status, text: Redaction.text($0.text)) }
        kept.withLock { recording in
            recording.probes.removeAll { $0.probe == probe }
            recording.probes.append(HostRecording.Probe(probe: probe, answer: clean))
        }
        return answer
    }
}
