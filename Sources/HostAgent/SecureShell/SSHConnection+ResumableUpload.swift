import Contract
import Host
import SystemPackage

/// A large file on its way to a server, in parts if need be: what arrived stays, and the next call goes on from there.
///
/// The parts collect in `PATH.part`; the file has its name once all of it is there and its digest is right. Blocks are
/// written at their own places and not appended: a writer whose connection was lost, and which the server has not noticed
/// yet, writes the same bytes to the same places as its successor.
public struct ResumableUpload: Sendable, Equatable {
    /// The local file.
    public var source: String
    /// Bytes of it.
    public var size: Int64
    /// SHA-256 of it, lower-case hex. It should be a part of `target`, so that another file has other parts.
    public var sha256: String
    /// Where it will stand on the server. Its folder must exist, and be nobody else's.
    public var target: String

    /// An upload.
    public init(source: String, size: Int64, sha256: String, target: String) {
        self.source = source
        self.size = size
        self.sha256 = sha256
        self.target = target
    }

    var part: String { "\(target).part" }

    /// The block of `dd`, and the unit in which an upload goes on: what was half written is written once more.
    static let block: Int64 = 1 << 20

    /// What is on the server already.
    public enum Standing: Equatable, Sendable {
        /// All of it, its digest compared.
        case whole
        /// This many bytes, not compared.
        case part(Int64)
    }

    /// Prints "whole", or the bytes of the part.
    var asking: String {
        let (target, part) = (shellQuote(target), shellQuote(part))
        return """
            if [ -f \(target) ] && [ "$(sha256sum <\(target) | cut -c 1-64)" = \(sha256) ]; then echo whole
            elif [ -f \(part) ]; then wc -c <\(part); else echo 0; fi
            """
    }

    /// What `asking` printed. More than the file has is worth nothing.
    func standing(_ answer: String) -> Standing? {
        let word = answer.split(whereSeparator: \.isWhitespace).first ?? ""
        if word == "whole" { return .whole }
        guard let bytes = Int64(word), bytes >= 0 else { return nil }
        return .part(bytes <= size ? bytes : 0)
    }

    /// Takes the bytes from block `first` on. What is there of another attempt is no part of one that begins anew.
    func receiving(from first: Int64) -> String {
        let part = shellQuote(part)
        // When the connection breaks, dd sees an ordinary end and succeeds: only the size tells.
        return """
            umask 077; export LC_ALL=C; \(first == 0 ? "rm -f \(part); " : "")
            dd of=\(part) bs=\(Self.block) seek=\(first) conv=notrunc iflag=fullblock status=none || exit 1
            got=$(wc -c <\(part))
            if [ "$got" -lt \(size) ]; then echo "only $got of \(size) bytes arrived" >&2; exit 1; fi
            """
    }

    /// Exit status of ``finishing`` for a file that is not the one that was sent.
    static let damaged: Int32 = 88

    /// Compares, and gives the file its name; what is not as it should be is removed.
    var finishing: String {
        let (target, part) = (shellQuote(target), shellQuote(part))
        return """
            set -e
            if [ "$(wc -c <\(part))" -ne \(size) ] || [ "$(sha256sum <\(part) | cut -c 1-64)" != \(sha256) ]; then
                rm -f \(part); exit \(Self.damaged)
            fi
            chmod 600 \(part)
            sync \(part) 2>/dev/null || sync
            mv -f \(part) \(target)
            """
    }
}

extension SSHConnection {
    /// What of `upload` is on the server already. Reads all of a file that is whole: `deadline` is for that.
    public func standing(
        of upload: ResumableUpload, via route: UploadRoute = .direct, deadline: Duration
    ) async throws -> ResumableUpload.Standing {
        let (command, head) = route.command(for: upload.asking)
        let output = try await run(command, input: head, deadline: deadline, outputLimit: 8 << 10)
        guard output.status == 0, let standing = upload.standing(output.stdoutText) else {
            throw uploadFailure("look for \(upload.target) on \(endpoint)", output)
        }
        return standing
    }

    /// Copies what is missing. Any number of calls, on any number of connections, make one upload.
    ///
    /// - Parameters:
    ///   - progress: Called on the connection's thread with bytes that are there and bytes in all, at most once per 256 KiB.
    ///   - deadline: For this call.
    /// - Returns: Bytes that this call sent; 0 where the file was there.
    /// - Throws: ``Failure`` `deadline`, `ssh.broken` (both leave what has arrived), `guest.payload-corrupt` (nothing is
    ///   left), `guest.sudo-refused`, `guest.space`, `command.failed`; `CancellationError`.
    @discardableResult
    public func upload(
        _ upload: ResumableUpload, via route: UploadRoute = .direct,
        progress: (@Sendable (Int64, Int64) -> Void)? = nil, deadline: Duration
    ) async throws -> Int64 {
        let operation = "copy \(upload.source) to \(upload.target) on \(endpoint)"
        let end = ContinuousClock.now + deadline
        guard case .part(let present) = try await standing(of: upload, via: route, deadline: deadline) else {
            progress?(upload.size, upload.size)
            return 0
        }
        let (file, size) = try Self.open(upload.source, operation)
        defer { try? file.close() }
        guard size == upload.size else {
            throw Failure(
                .runfileCorrupt, operation: operation,
                message: "\(upload.source) has \(size) bytes now, and had \(upload.size) when it was checked.",
                remedy: "Leave the file alone until the run is done, and run the command again.", side: .host)
        }
        let first = present / ResumableUpload.block
        let start = first * ResumableUpload.block
        let (command, head) = route.command(for: upload.receiving(from: first))
        let input = FileInput(head: head, path: upload.source, file: file, from: start, size: size, progress: progress)
        let output = try await execute(
            operation, command, input: input, limit: ContinuousClock.now.duration(to: end), outputLimit: 8 << 10)
        if output.status != 0 { throw uploadFailure(operation, output) }

        let (finish, answer) = route.command(for: upload.finishing)
        let finished = try await run(
            finish, input: answer, deadline: ContinuousClock.now.duration(to: end), outputLimit: 8 << 10)
        if finished.status == ResumableUpload.damaged {
            throw Failure(
                .payloadCorrupt, operation: operation, message: "\(upload.source) arrived damaged.",
                evidence: ["its digest is not \(upload.sha256)"],
                remedy: "Run the same command again: it is sent anew. If it fails again, look at the server's disk.",
                retryable: true, side: .guest)
        }
        if finished.status != 0 { throw uploadFailure(operation, finished) }
        return size - start
    }
}
