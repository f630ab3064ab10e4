import Contract
import FoundationEssentials

extension GuestIdentity {
    /// An identity whose keys and user-data are in files. Throws ``Failures`` with those that cannot be read; its other rules are
    /// ``problems()``.
    ///
    /// - Parameter words: What the two kinds of files are called where they were named: options, or fields of a manifest.
    public static func read(
        hostname: String?, keyFiles: [String], userDataFile: String?,
        words: (keys: String, userData: String) = ("--authorized-keys", "--user-data")
    ) throws -> GuestIdentity {
        var missing: [Failure] = []
        func text(_ file: String, _ name: String, limit: Int) -> String {
            guard let data = FileManager.default.contents(atPath: file), data.count <= limit,
                let text = String(validating: data, as: UTF8.self)
            else {
                missing.append(
                    Failure(
                        .optionInvalid, operation: "read \(name)",
                        message: "\(Printable.line(file)) is no text file of at most \(limit) bytes that can be read.",
                        remedy: "Look at its name and rights.", side: .host))
                return ""
            }
            return text
        }
        let keys = keyFiles.flatMap { file in
            text(file, words.keys, limit: keysLimit).split(whereSeparator: \.isNewline)
                .map(String.init).filter { line in !line.allSatisfy(\.isWhitespace) && !line.hasPrefix("#") }
        }
        let more = userDataFile.map { text($0, words.userData, limit: userDataLimit) }
        guard missing.isEmpty else { throw Failures(missing) }
        return GuestIdentity(hostname: hostname, authorizedKeys: keys, userData: more)
    }
}
