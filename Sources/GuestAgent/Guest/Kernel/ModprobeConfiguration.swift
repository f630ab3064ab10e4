/// What modprobe.d says of a module, by whom.
public struct ModprobeConfiguration: Sendable {
    private let root: SystemRoot

    /// The configuration of the machine with this root.
    public init(_ root: SystemRoot) {
        self.root = root
    }

    /// Files that somebody else wrote and that keep `module` from being loaded: nvidia-installer's, a distribution's, the
    /// user's.
    public func blacklisting(_ module: String, except own: String) -> [String] {
        files(except: own).filter { file in file.lines.contains { $0 == ["blacklist", module] } }.map(\.path)
    }

    /// Lines of other files that set another value of an option than `option` does: `options nouveau modeset=1`.
    public func contradicting(_ module: String, option: String, except own: String) -> [String] {
        let key = option.prefix { $0 != "=" }
        return files(except: own).flatMap { file in
            file.lines.filter { words in
                words.starts(with: ["options", module])
                    && words.contains { $0.hasPrefix(key + "=") && $0 != option }
            }.map { "\(file.path): \($0.joined(separator: " "))" }
        }
    }

    private static let unsupported = "allow_unsupported_modules"

    /// SUSE's modprobe refuses modules that SUSE does not support, the NVIDIA driver's among them, where a file says
    /// `allow_unsupported_modules 0`. What such files are to say instead: in /etc, which hides those of the same name.
    public var allowingUnsupported: [(path: String, text: String)] {
        func refuses(_ words: [String]) -> Bool { words.starts(with: [Self.unsupported, "0"]) }
        return files(except: "").filter { $0.lines.contains(where: refuses) }.compactMap { file in
            guard let name = file.path.split(separator: "/").last, let text = root.textIfReadable(file.path) else {
                return nil
            }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
                refuses(line.prefix { $0 != "#" }.words) ? Self.unsupported + " 1" : String(line)
            }
            return ("/etc/modprobe.d/\(name)", lines.joined(separator: "\n"))
        }
    }

    /// Files that let modprobe load such modules.
    public var allowsUnsupported: [String] {
        files(except: "").filter { file in file.lines.contains { $0.starts(with: [Self.unsupported, "1"]) } }.map(
            \.path)
    }

    private func files(except own: String) -> [(path: String, lines: [[String]])] {
        // A file in /etc hides one of the same name in the others (modprobe.d(5)).
        var seen: Set<String> = [own.split(separator: "/").last.map { String($0) } ?? ""]
        return ["/etc/modprobe.d", "/run/modprobe.d", "/usr/lib/modprobe.d", "/lib/modprobe.d"].flatMap { folder in
            root.list(folder).filter { $0.hasSuffix(".conf") && seen.insert($0).inserted }.compactMap { name in
                root.textIfReadable("\(folder)/\(name)").map { text in
                    ("\(folder)/\(name)", text.lines.map { line in line.prefix { $0 != "#" }.words })
                }
            }
        }
    }
}
