public import Contract

/// Reads the guest's serial console as it grows, and tells when it shows that the guest will not come up.
///
/// What the guest writes is not trusted: lines are bounded and cleaned before they go anywhere.
public struct ConsoleWatch: Sendable {
    /// serial.log.
    public let path: String
    /// Where to start, bytes: what an earlier launch left is not this one's.
    public let offset: Int64
    /// For the remedy.
    public let diskBus: DiskBus
    /// How often to look.
    public let interval: Duration

    public init(path: String, offset: Int64 = 0, diskBus: DiskBus = .virtio, interval: Duration = .milliseconds(500)) {
        self.path = path
        self.offset = offset
        self.diskBus = diskBus
        self.interval = interval
    }

    /// What a line says; nil for nothing. Pure.
    public static func diagnose(line: String) -> ConsoleFinding? {
        ConsoleFinding(line: line)
    }

    /// Waits until the console shows trouble, and tells what. Throws only CancellationError: a console that shows none
    /// never ends this.
    public func waitForTrouble() async throws -> Failure {
        var position = offset
        var lines = LineBuffer(limit: 4096)
        var shown = 0
        while true {
            let bytes = fileBytes(path, from: position, limit: 256 << 10)
            position += Int64(bytes.count)
            // A prompt ("grub rescue> ") ends without a newline: what is unfinished is read as well.
            for line in lines.append(bytes) + [lines.rest] {
                if let finding = Self.diagnose(line: Printable.line(line, limit: 4096)) {
                    // The lines below it tell more (a panic's call trace); let them come.
                    try await Task.sleep(for: interval)
                    return failure(finding)
                }
            }
            shown += bytes.count
            try Task.checkCancellation()
            // While there is more, go on reading at once.
            if bytes.count < 256 << 10 { try await Task.sleep(for: interval) }
        }
    }

    /// The console's last lines since ``offset``, cleaned.
    public func tail(lines: Int = 40) -> [String] {
        logTail(path, since: offset, lines: lines)
    }

    private func failure(_ finding: ConsoleFinding) -> Failure {
        Failure(
            finding.code, operation: "boot the guest", message: finding.message, evidence: tail(),
            remedy: finding.remedy(diskBus: diskBus), side: .guest)
    }
}
