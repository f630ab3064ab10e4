import Contract
import FoundationEssentials
import Passthrough
import Testing

@testable import Fleet

struct SlurmSiteTests {
    private func read(_ text: String) throws(ManifestProblems) -> SlurmSite {
        try SlurmSiteReader.read(text, home: ManifestHome(folder: "/etc/lab", userHome: "/home/me"))
    }

    private func problems(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch {
            return error.all.map { "\($0.mark.line):\($0.mark.column) \($0.path): \($0.message)" }
        }
    }

    @Test func aWholeSite() throws {
        let site = try read(
            """
            version: 1
            shared: /lustre/vms
            scratch: ~/scratch
            tool: ../bin/provision-gpu-vm
            partition: gpu
            account: lab
            qos: long
            time-limit: 7-0
            sbatch: [--constraint=vfio, "--licenses=a:1"]
            gpu-types: {A100: a100, H100*: h100}
            memory-overhead: 1G
            grace: 60
            poll: 10
            array-size: 4000
            nodes:
              - names: gpu[01-02]
                gpus: ["0000:41:00.0", "81:00.0"]
              - names: cpu1
            """)
        #expect(site.shared == "/lustre/vms" && site.scratch == "/home/me/scratch")
        #expect(site.tool == "/etc/lab/../bin/provision-gpu-vm")
        #expect(site.partition == "gpu" && site.account == "lab" && site.qos == "long" && site.timeLimit == "7-0")
        #expect(site.sbatch == ["--constraint=vfio", "--licenses=a:1"])
        #expect(site.gpuTypes == ["A100": "a100", "H100*": "h100"] && site.memoryOverheadBytes == 1 << 30)
        #expect(site.graceSeconds == 60 && site.pollSeconds == 10 && site.arraySize == 4000)
        #expect(site.gpus(of: "gpu02")?.map(\.description) == ["0000:41:00.0", "0000:81:00.0"])
        #expect(site.gpus(of: "cpu1") == [])
        #expect(site.gpus(of: "gpu03") == nil)
        #expect(site.spool(fleet: "a").folder == "/lustre/vms/spool/a")
    }

    @Test func everyMistakeIsToldAtOnceWithItsPlace() {
        let found = problems(
            """
            version: 3
            sharde: /x
            partition: "two words"
            qos: --evil
            time-limit: soon
            sbatch: [--array=1-3, -x, "--begin=now"]
            gpu-types: {A100: [a]}
            grace: 0
            nodes:
              - names: gpu[1-
                gpus: ["0000:41:00.0", banana, "41:00.0"]
              - gpu: 1
              - names: a[1-3]
              - names: a2
              - text
            """)
        #expect(
            found == [
                "1:1 shared: The site file says no `shared` folder.",
                #"1:10 version: version is "3"."#,
                #"2:1 sharde: There is no field "sharde"."#,
                #"3:12 partition: partition is "two words"; it takes a word without spaces."#,
                #"4:6 qos: qos is "--evil"; it takes a word without spaces."#,
                #"5:13 time-limit: time-limit is "soon"; it takes minutes, HH:MM:SS or DAYS-HH:MM:SS."#,
                "6:10 sbatch: --array is said by this tool.",
                #"7:19 gpu-types: a list of 1 stands where a word without spaces belongs."#,
                #"8:8 grace: grace is "0"; it takes a number from 1 to 3600."#,
                #"10:12 nodes[0].names: "gpu[1-" names no nodes."#,
                #"11:28 nodes[0].gpus: "banana" is no PCI address."#,
                "11:36 nodes[0].gpus: 0000:41:00.0 has two GRES indexes.",
                #"12:5 nodes[1].gpu: There is no field "gpu"."#,
                "12:5 nodes[1]: Nodes have no names.",
                "14:12 nodes[3].names: a2 is named twice, also in line 13.",
                #"15:5 nodes[4]: Nodes are "text"."#,
            ])
    }

    @Test(arguments: ["", "[]", "just text", "version: 1\nversion: 1", "a: [", "version: 1\nshared: /x\nnodes: 3"])
    func whatIsNoSite(_ text: String) {
        #expect(!problems(text).isEmpty)
    }

    @Test(arguments: ["30", "12:30", "1:00:00", "7-0", "2-12:30:10"])
    func timesOfSlurm(_ text: String) throws {
        #expect(try read("version: 1\nshared: /x\ntime-limit: \(text)").timeLimit == text)
    }

    @Test(arguments: ["-1", "1-", "1:2:3:4", "1-2-3", "4294967296", "a"])
    func noTimesOfSlurm(_ text: String) {
        #expect(!problems("version: 1\nshared: /x\ntime-limit: \"\(text)\"").isEmpty)
    }

    @Test func itTravelsAsJSON() throws {
        let site = try read("version: 1\nshared: /x\nnodes: [{names: a, gpus: ['41:00.0']}]")
        #expect(try JSONDecoder().decode(SlurmSite.self, from: try JSONEncoder().encode(site)) == site)
    }

    /// UPDATE_GOLDEN=1 writes it.
    @Test func thePublishedSchemaIsTheTables() throws {
        let path =
            "\(#filePath)".split(separator: "/").dropLast(4).map { "/\($0)" }.joined()
            + "/Documentation/schemas/slurm-site.schema.json"
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(SlurmSiteSchema.document), as: UTF8.self) + "\n"
        if ProcessInfo.processInfo.environment["UPDATE_GOLDEN"] != nil {
            try Data(text.utf8).write(to: URL(filePath: path))
        }
        let published = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        #expect(published == text)
    }
}
