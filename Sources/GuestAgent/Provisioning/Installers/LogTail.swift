import Guest
import Synchronization
import SystemPackage

/// Follows a log that another program writes, for live progress: installers that run silently speak there only.
final class LogTail: Sendable {
    private struct State {
        var offset: Int64 = 0
        var rest: [UInt8] = []
    }

    private let path: String
    private let say: @Sendable (String) -> Void
    private let state = Mutex(State())

    /// A tail of `path`, which need not be there yet and is emptied by its writer. `say` gets each line.
    init(_ root: SystemRoot, _ path: String, say: @escaping @Sendable (String) -> Void) {
        self.path = root.real(path)
        self.say = say
    }

    /// Reads what came since the last time.
    func poll() {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: [.closeOnExec]) else { return }
        defer { try? file.close() }
        state.withLock { state in
            guard let size = try? file.seek(offset: 0, from: .end) else { return }
            if size < state.offset { state = State() }  // opened anew by its writer
            _ = try? file.seek(offset: state.offset, from: .start)
            guard let bytes = try? file.readAll(limit: 256 << 10), !bytes.isEmpty else { return }
            state.offset += Int64(bytes.count)
            state.rest += bytes
            while let end = state.rest.firstIndex(of: UInt8(ascii: "\n")) {
                let line = String(decoding: state.rest[..<end], as: UTF8.self).trimmed
                state.rest.removeSubrange(...end)
                if !line.isEmpty { say(String(line.prefix(300))) }
            }
        }
    }
}
