import Contract
import FoundationEssentials
import Host

/// The guest agent's binary on this host.
struct AgentBinary: Sendable {
    var path: String
    var sha256: String

    /// Finds the agent: `--agent`, or `gpu-guest-agent` beside this tool, or in ../libexec. Throws
    /// ``FailureCode/agentMissing``.
    static func locate(_ given: String?) async throws -> AgentBinary {
        let operation = "find the guest agent"
        let candidates: [String]
        if let given {
            candidates = [given]
        } else {
            let tool = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            let folder = tool.prefix(upTo: tool.lastIndex(of: "/") ?? tool.startIndex)
            candidates = ["\(folder)/gpu-guest-agent", "\(folder)/../libexec/gpu-guest-agent"]
        }
        guard let path = candidates.first(where: { FileManager.default.isReadableFile(atPath: $0) }) else {
            throw Failure(
                .agentMissing, operation: operation, message: "The guest agent was not found.",
                evidence: candidates.map { "looked at \($0)" },
                remedy: "Build it with Scripts/build, or name it with --agent.", side: .host)
        }
        try requireStatic(path, operation)
        let sum = try await toolOutput(
            "sha256sum", ["--", path], package: "coreutils", operation: operation)
        return AgentBinary(path: path, sha256: String(sum.prefix { !$0.isWhitespace }))
    }

    /// A dynamically linked agent (a debug build) would fail in the guest with "No such file or directory", which says
    /// nothing: refuse it here. An ELF file with a PT_INTERP program header is dynamic.
    private static func requireStatic(_ path: String, _ operation: String) throws {
        let header = FilePrefix.read(path, count: 4096)
        func number(_ offset: Int, _ bytes: Int) -> Int {
            guard offset + bytes <= header.count else { return 0 }
            return header[offset..<offset + bytes].reversed().reduce(0) { ($0 << 8 | Int($1)) & 0x7fff_ffff_ffff_ffff }
        }
        let isELF64 = header.starts(with: [0x7f, 0x45, 0x4c, 0x46, 2])
        let table = number(32, 8), entry = number(54, 2), count = number(56, 2)
        let interpreter = (0..<count).contains { number(table &+ $0 &* entry, 4) == 3 }
        guard isELF64, number(18, 2) == 62, !interpreter else {
            throw Failure(
                .agentMissing, operation: operation,
                message: "\(path) is no static x86_64 program; it would not run in every guest.",
                remedy: "Build the agent with Scripts/build (swift build … -Xswiftc -static-executable).", side: .host)
        }
    }
}
