import Foundation
import Runfiles
import Testing

/// Every command line that a driver's runfile can be given, against a golden file.
@Suite struct DriverArgumentsTests {
    static let versions = [
        "340.108", "390.42", "418.88", "440.82", "450.51", "465.19.01", "470.256.02", "510.39.01", "515.43.04",
        "520.56.06", "525.60.13", "535.54.03", "545.23.06", "550.54.14", "555.42.02", "560.28.03", "570.86.16",
        "580.65.06",
    ]
    static let signing = DriverInstaller.Signing(key: "/run/k", certificate: "/run/c.der")
    static let situations: [(name: String, options: DriverInstaller.Options)] = [
        ("dkms", .init(tmpdir: "/T", dkms: true)), ("plain", .init(tmpdir: "/T", dkms: false)),
        ("open", .init(tmpdir: "/T", dkms: true, kernelModules: .open)),
        ("proprietary", .init(tmpdir: "/T", dkms: true, kernelModules: .proprietary)),
        ("signed", .init(tmpdir: "/T", dkms: false, signing: signing)),
    ]

    @Test func isWhatTheGoldenFileSays() throws {
        var lines: [String] = []
        for text in Self.versions {
            let version = try #require(ToolVersion(text))
            for (name, options) in Self.situations {
                let arguments = DriverInstaller.arguments(for: version, options: options)
                lines.append("\(text) \(name): \(arguments.joined(separator: " "))")
                for argument in arguments where argument.hasPrefix("-") {
                    #expect(DriverInstaller.accepts(argument, version: version), "\(text): \(argument)")
                }
            }
            let question = DriverInstaller.recommendation(for: version, tmpdir: "/T")
            if let question { lines.append("\(text) question: \(question.joined(separator: " "))") }
        }
        let golden = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Fixtures/golden/driver-arguments.txt").standardizedFileURL
        let expected = try String(contentsOf: golden, encoding: .utf8)
            .split(separator: "\n").filter { !$0.hasPrefix("#") }.map { String($0) }
        for (found, wanted) in zip(lines, expected) { #expect(found == wanted) }
        #expect(lines.count == expected.count)
    }
}
