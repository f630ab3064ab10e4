import Foundation
import MonitoringFakes
import Testing

@testable import Monitoring

struct PageTests {
    /// What is embedded is what lies in the folder, and the page asks for nothing that is not served.
    @Test func everyFileIsServed() throws {
        let folder = PackageFiles.root.appending(path: "Sources/HostAgent/Monitoring/Page")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { !$0.hasSuffix(".swift") }
        #expect(Set(names) == Set(Page.files.keys.map { $0.isEmpty ? "index.html" : $0 }))
        for (name, file) in Page.files {
            let onDisk = try Data(contentsOf: folder.appending(path: name.isEmpty ? "index.html" : name))
            #expect(Data(file.bytes) == onDisk, "\(name)")
        }
        let html = String(decoding: try #require(Page.files[""]).bytes, as: UTF8.self)
        for match in html.matches(of: /(?:src|href)="([^#"]+)"/) { #expect(Page.files[String(match.1)] != nil) }
    }

    /// The policy allows neither; a browser would only say so in its console.
    @Test func nothingIsInline() throws {
        let html = String(decoding: try #require(Page.files[""]).bytes, as: UTF8.self)
        #expect(!html.contains("<style") && !html.contains(" style=") && !html.contains(/\son[a-z]+=/))
        #expect(!html.contains(/<script(?![^>]*src=)/))
        for name in ["app.js", "chart.js"] {
            let script = String(decoding: try #require(Page.files[name]).bytes, as: UTF8.self)
            for word in [
                "innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "http://", "https://",
            ] {
                #expect(!script.replacing("http://www.w3.org/2000/svg", with: "").contains(word), "\(name): \(word)")
            }
        }
    }

    @Test func thePageIsTestedWithTheJSONThatIsServed() throws {
        let text = String(decoding: SnapshotJSON(SimulatedFleet().snapshot(at: 60)).bytes, as: UTF8.self)
        try PackageFiles.expectGolden(text, "telemetry/snapshot.json")
    }
}
