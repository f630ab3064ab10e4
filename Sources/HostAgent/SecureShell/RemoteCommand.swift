import CLibSSH2
import Contract

/// Where a command's standard input comes from.
protocol CommandInput {
    /// Fills the beginning of `buffer`; 0 is the end.
    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int
}

/// Standard input out of memory.
struct BytesInput: CommandInput {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) -> Int {
        let part = rest.prefix(buffer.count)
        buffer.copyBytes(from: part)
        rest = rest.dropFirst(part.count)
        return part.count
    }
}

/// A command on a channel: feeds its input and takes both its outputs, in steps that never wait.
///
/// Both outputs share one window, and a command may write while it reads: whoever serves only one of the three streams
/// runs into a deadlock.
final class RemoteCommand {
    let channel: Channel
    private var session: Session { channel.session }
    private var input: any CommandInput
    private let outgoing: UnsafeMutableRawBufferPointer
    private var unsent = 0..<0
    private var inputState = InputState.open
    private let incoming: UnsafeMutableRawBufferPointer
    /// The call whose packet is half sent. It alone may go on: libssh2 refuses any other packet until then.
    private var halfSent: Call?

    private enum Call {
        case write, readStdout, readStderr
    }

    private enum InputState {
        case open, endPending, ended
    }

    /// What a step came to.
    enum Step {
        /// Something moved: step again.
        case progressed
        /// Nothing can move until the socket is ready in these directions.
        case blocked(Int32)
        /// The command ended and its outputs are complete.
        case ended(status: Int32)
    }

    /// Opens a channel and starts `command`.
    init(
        _ command: String, input: any CommandInput, session: Session, until deadline: ContinuousClock.Instant
    ) throws {
        self.input = input
        // libssh2 sends at most 32 KiB in a packet; reading several packets' worth from disk saves calls.
        outgoing = .allocate(byteCount: 256 << 10, alignment: 16)
        incoming = .allocate(byteCount: 64 << 10, alignment: 16)
        do {
            channel = try Channel(session: session, until: deadline)
            try channel.execute(command, until: deadline)
        } catch let error as LibraryError where !error.isDisconnect {
            throw Failure.sshBroken(session.endpoint, operation: "start a command", seen: error.description)
        }
    }

    deinit {
        // A packet that is half sent cannot be followed by the channel's close.
        if halfSent != nil { session.markBroken("a command was given up in the middle of a packet") }
        outgoing.deallocate()
        incoming.deallocate()
    }

    /// Moves what can be moved.
    func step(
        stdout: (UnsafeRawBufferPointer) throws -> Void, stderr: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Step {
        var progressed = false
        var directions: Int32 = 0
        let resumed = halfSent
        if resumed == nil || resumed == .write {
            progressed = try feed(&directions)
            if halfSent != nil { return .blocked(directions) }
        }
        if resumed != .readStderr {
            progressed = try take(.stdout, as: .readStdout, &directions, stdout) || progressed
            if halfSent != nil { return .blocked(directions) }
        }
        progressed = try take(.stderr, as: .readStderr, &directions, stderr) || progressed
        if halfSent != nil { return .blocked(directions) }
        if progressed || resumed != nil { return .progressed }
        if channel.atEnd {
            // Only the server's close proves that the exit status has come: without it libssh2 reports 0, and a
            // connection that broke here would look like success.
            let code = libssh2_channel_wait_closed(channel.raw)
            if code == 0 { return .ended(status: channel.exitStatus) }
            if code != LIBSSH2_ERROR_EAGAIN { throw session.lastError(code) }
            directions |= LIBSSH2_SESSION_BLOCK_INBOUND
        }
        return .blocked(directions | LIBSSH2_SESSION_BLOCK_INBOUND)
    }

    /// Sends input; true where anything moved.
    private func feed(_ directions: inout Int32) throws -> Bool {
        halfSent = nil
        // A command that has ended reads no more: its window stays full for ever.
        if inputState == .ended || channel.atEnd { return false }
        var moved = false
        // Bounded, so that outputs are served while a fast server swallows a large input.
        for _ in 0..<32 {
            if unsent.isEmpty, inputState == .open {
                let count = try input.fill(outgoing)
                unsent = 0..<count
                if count == 0 { inputState = .endPending }
            }
            let result: Int
            if inputState == .endPending {
                result = Int(libssh2_channel_send_eof(channel.raw))
                if result == 0 {
                    inputState = .ended
                    return true
                }
                if result != Int(LIBSSH2_ERROR_EAGAIN) { throw session.lastError(Int32(result)) }
            } else {
                result = try channel.write(UnsafeRawBufferPointer(rebasing: outgoing[unsent]))
            }
            if result == Int(LIBSSH2_ERROR_EAGAIN) {
                note(.write, &directions)
                return moved
            }
            if result == 0 { return moved }
            unsent = (unsent.lowerBound + result)..<unsent.upperBound
            moved = true
        }
        return moved
    }

    /// Takes output; true where anything came.
    private func take(
        _ stream: Channel.Stream, as call: Call, _ directions: inout Int32,
        _ sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        halfSent = nil
        let count = try channel.read(stream, into: incoming)
        if count == Int(LIBSSH2_ERROR_EAGAIN) {
            note(call, &directions)
            return false
        }
        if count == 0 { return false }
        try sink(UnsafeRawBufferPointer(rebasing: incoming[..<count]))
        return true
    }

    private func note(_ call: Call, _ directions: inout Int32) {
        let blocked = libssh2_session_block_directions(session.raw)
        directions |= blocked
        if blocked & LIBSSH2_SESSION_BLOCK_OUTBOUND != 0 { halfSent = call }
    }
}
