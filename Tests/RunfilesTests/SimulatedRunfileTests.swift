import Foundation
import Runfiles
import Testing

/// The runfiles of the simulated GPU, which the project's own packer makes in NVIDIA's layout.
@Suite(
    .enabled(
        if: FileManager.default.isExecutableFile(atPath: Shell.packer.path)
            && FileManager.default.isExecutableFile(atPath: "/usr/bin/makeself"),
        "Scripts/make-simulated-runfiles or makeself is not here"))
struct SimulatedRunfileTests {
    @Test func areWhatTheirNamesSay() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "simulated-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let options = ["--output", folder.path, "--driver", "390.42", "--cuda", "9.1"]
        try #require(try Shell.run(Shell.packer.path, options).status == 0)
        var kinds: [Runfile.Kind] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        where name.hasSuffix(".run") || name.hasSuffix("_linux") {
            let file = folder.appending(path: name)
            let bytes = Array(try Data(contentsOf: file))
            let runfile = try Runfile.read(
                fileName: name, prefix: Array(bytes.prefix(Runfile.prefixSize)), size: Int64(bytes.count))
            kinds.append(runfile.kind)
            #expect(name.contains(runfile.version.description))
            #expect(runfile.architecture == "x86_64")
            #expect(runfile.compression != nil)
            #expect(!runfile.integrity.isEmpty)
            try Shell.expectSums(of: runfile, at: file)
            if runfile.kind == .cuda { #expect(runfile.bundledDriver == ToolVersion("387.26")) }
        }
        #expect(Set(kinds) == [.driver, .cuda], "\(kinds)")
    }
}
