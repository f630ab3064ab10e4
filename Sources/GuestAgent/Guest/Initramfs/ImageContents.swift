/// What is in an initramfs, as its tool lists it.
public struct ImageContents: Equatable, Sendable {
    /// Paths without a leading "/" or "./".
    public var paths: [String]

    /// Reads a listing: `ls -l` lines among headings from lsinitrd, plain paths from lsinitramfs and lsinitcpio.
    public init(listing: String) {
        let lines = listing.lines
        let detailed = lines.filter { Self.isDetailed($0) }
        paths = (detailed.isEmpty ? lines : detailed).compactMap { line in
            var text = line[...]
            if !detailed.isEmpty {
                let name = (line.firstRange(of: " -> ").map { line[..<$0.lowerBound] } ?? line[...])
                text = name.split(whereSeparator: \.isWhitespace).last ?? ""
            }
            while text.hasPrefix("./") { text = text.dropFirst(2) }
            if text.hasPrefix("/") { text = text.dropFirst() }
            return text.isEmpty || text == "." ? nil : String(text)
        }
    }

    /// `-rw-r--r--   1 root     root        12345 Jan  1 00:00 usr/lib/modules/…`
    private static func isDetailed(_ line: String) -> Bool {
        let words = line.words
        guard words.count >= 9, let mode = words.first, mode.count >= 10 else { return false }
        return "-dlcbps".contains(mode.first ?? " ")
            && mode.dropFirst().prefix(9).allSatisfy { "rwxsStT-".contains($0) }
    }

    /// Names of the kernel modules inside, with underscores, as the kernel writes them.
    var modules: Set<String> { Set(paths.compactMap { Self.module($0) }) }

    /// Files of one module.
    public func files(of module: String) -> [String] { paths.filter { Self.module($0) == module } }

    private static func module(_ path: String) -> String? {
        let name = path.split(separator: "/").last.map { String($0) } ?? ""
        guard let end = name.firstRange(of: ".ko"), end.upperBound == name.endIndex || name[end.upperBound] == "."
        else {
            return nil
        }
        return String(name[..<end.lowerBound].map { $0 == "-" ? "_" : $0 })
    }

    /// Whether the kernel finds a first program: `/init`, or systemd where a link of that name was not listed.
    var hasInit: Bool {
        let programs: Set = ["init", "sbin/init", "linuxrc", "usr/lib/systemd/systemd", "lib/systemd/systemd"]
        return paths.contains { programs.contains($0) }
    }

    /// Whether firmware of NVIDIA's is inside, which goes with nouveau and is most of a large image.
    var hasGPUFirmware: Bool { paths.contains { $0.contains("lib/firmware/nvidia/") } }
}
