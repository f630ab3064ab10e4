import Contract
import Host
import SystemPackage

/// As whom the server writes an uploaded file.
public struct UploadRoute: Sendable {
    /// In front of the command: "", "sudo -n ".
    var prefix: String
    /// In front of the file on standard input: a password's line, for the prefix to take.
    var answer: [UInt8]

    /// As the user who is logged in.
    public static let direct = UploadRoute(prefix: "", answer: [])
    /// As root, by a sudo that asks for nothing.
    public static let sudo = UploadRoute(prefix: "sudo -n ", answer: [])
    /// As root, by a sudo that takes the password from standard input. It stands on no command line.
    public static func sudo(password: String) -> UploadRoute {
        UploadRoute(prefix: "sudo -S -p '' ", answer: Array((password + "\n").utf8))
    }

    /// `script` for `/bin/sh`, run by this route: the command line, and what must go in front of its standard input.
    ///
    /// sudo takes the password only where it wants one, and leaves it to the script where not (NOPASSWD, a fresh
    /// ticket). So a marker follows it, and the script first reads up to there: what comes after is the caller's.
    public func command(for script: String) -> (command: String, input: [UInt8]) {
        guard !answer.isEmpty else { return ("\(prefix)sh -c \(shellQuote(script))", []) }
        let marker = "input-begins-here"
        // `read` takes single bytes from a pipe and nothing beyond the line.
        let skip = "while IFS= read -r line && [ \"$line\" != \(marker) ]; do :; done; "
        return ("\(prefix)sh -c \(shellQuote(skip + script))", answer + Array("\(marker)\n".utf8))
    }
}

extension SSHConnection {
    /// Copies a local file to the server, through `cat`: no SFTP or scp is needed there.
    ///
    /// It is written beside `remotePath` under a temporary name, its size is checked, and it is renamed: at
    /// `remotePath` stands the old file or the whole new one. The folder must exist.
    ///
    /// - Parameters:
    ///   - path: The local file.
    ///   - remotePath: Where it will stand on the server; any name, it is quoted.
    ///   - mode: Permissions of the file, for example 0o755.
    ///   - route: As whom the file is written.
    ///   - progress: Called on the connection's thread with bytes sent and bytes in all, at most once per 256 KiB.
    ///   - deadline: For the whole upload.
    /// - Throws: ``Failure`` `deadline`, `ssh.broken`, `guest.sudo-refused`, `guest.space`, `command.failed`;
    ///   `CancellationError`.
    public func upload(
        file path: String, to remotePath: String, mode: UInt16, via route: UploadRoute = .direct,
        progress: (@Sendable (Int64, Int64) -> Void)? = nil, deadline: Duration
    ) async throws {
        let operation = "copy \(path) to \(remotePath) on \(endpoint)"
        let (file, size) = try Self.open(path, operation)
        defer { try? file.close() }
        let (command, head) = route.command(for: Self.receivingScript(remotePath, size: size, mode: mode))
        let input = FileInput(head: head, path: path, file: file, size: size, progress: progress)
        let output = try await execute(operation, command, input: input, limit: deadline, outputLimit: 8 << 10)
        if output.status != 0 { throw uploadFailure(operation, output) }
    }

    /// A local file, opened for reading, and its size.
    static func open(_ path: String, _ operation: String) throws -> (file: FileDescriptor, size: Int64) {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            do {
                return (file, try file.seek(offset: 0, from: .end))
            } catch {
                try? file.close()
                throw error
            }
        } catch let error as Errno {
            throw Failure(
                .commandFailed, operation: operation, message: "\(path) cannot be read.",
                evidence: [systemMessage(error.rawValue)], remedy: "Check the file and its permissions.", side: .host)
        }
    }

    /// What receives the file: a script for `/bin/sh` that reads standard input.
    private static func receivingScript(_ remotePath: String, size: Int64, mode: UInt16) -> String {
        let suffix = String(UInt64.random(in: .min ... .max), radix: 16)
        let target = shellQuote(remotePath)
        let partial = shellQuote("\(remotePath).partial-\(suffix)")
        // When the connection breaks, `cat` sees an ordinary end and succeeds. Only the size tells a part from the
        // whole, so nothing is renamed before it was compared. SIGPIPE is ignored for the same case: the complaint
        // goes to a closed pipe, and must not end the shell before it has cleaned up.
        return """
            umask 077; trap '' PIPE; trap 'exit 1' HUP INT TERM; trap \(shellQuote("rm -f \(partial)")) EXIT
            cat > \(partial) || exit 1
            got=$(wc -c < \(partial))
            if [ "$got" -ne \(size) ]; then echo "only $got of \(size) bytes arrived" >&2; exit 1; fi
            chmod \(String(mode & 0o7777, radix: 8)) \(partial) && mv -f \(partial) \(target)
            """
    }

    nonisolated func uploadFailure(_ operation: String, _ output: Output) -> Failure {
        let evidence = Tail.lines(of: output.stderr, last: 10)
        let text = output.stderrText
        if text.contains("sudo:") {
            return Failure(
                .sudoRefused, operation: operation, message: "sudo refused \(user) on \(endpoint).", evidence: evidence,
                remedy: "Let \(user) use sudo without a password, give the password, or log in as root.", side: .guest)
        }
        if text.contains("No space left") {
            return Failure(
                .guestSpace, operation: operation, message: "The disk is full.", evidence: evidence,
                remedy: "Make the disk larger (--disk-size, for an image), or remove something from it.", side: .guest)
        }
        return Failure(
            .commandFailed, operation: operation,
            message: "The file could not be written (exit status \(output.status)).", evidence: evidence,
            remedy: "Check that the folder exists and that \(user) may write there.", side: .guest)
    }
}

/// Standard input out of a file, after a few bytes of something else.
struct FileInput: CommandInput {
    private var head: BytesInput
    private var headDone = false
    private let path: String
    private let file: FileDescriptor
    private let size: Int64
    private var sent: Int64
    private let progress: (@Sendable (Int64, Int64) -> Void)?

    /// The bytes from `start` up to `size`; progress counts from the file's beginning.
    init(
        head: [UInt8], path: String, file: FileDescriptor, from start: Int64 = 0, size: Int64,
        progress: (@Sendable (Int64, Int64) -> Void)?
    ) {
        self.head = BytesInput(head)
        self.path = path
        self.file = file
        sent = start
        self.size = size
        self.progress = progress
    }

    mutating func fill(_ buffer: UnsafeMutableRawBufferPointer) throws -> Int {
        if !headDone {
            let count = head.fill(buffer)
            if count > 0 { return count }
            headDone = true
        }
        progress?(sent, size)
        // Exactly `size` bytes, even of a file that grows meanwhile.
        let wanted = Int(min(Int64(buffer.count), size - sent))
        if wanted == 0 { return 0 }
        let count = try file.read(
            fromAbsoluteOffset: sent, into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<wanted]))
        guard count > 0 else {
            throw Failure(
                .commandFailed, operation: "read \(path)", message: "\(path) became shorter while it was copied.",
                remedy: "Leave the file alone until the copy is done, and run the command again.", side: .host)
        }
        sent += Int64(count)
        return count
    }
}
