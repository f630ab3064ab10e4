import Contract
import Passthrough
import Testing
import VirtualMachines

@testable import Fleet

struct ManifestReaderTests {
    private static let files: Set<String> = [
        "/lab/base.qcow2", "/lab/driver.run", "/lab/cuda.run", "/lab/extra.run", "/home/me/.ssh/id.pub", "/other.qcow2",
    ]

    private func read(_ text: String) throws(ManifestProblems) -> FleetManifest {
        try ManifestReader.read(text, home: ManifestHome(folder: "/lab", userHome: "/home/me")) {
            Self.files.contains($0)
        }
    }

    /// "LINE:COLUMN path: message" of every problem.
    private func problems(_ text: String) -> [String] {
        do {
            _ = try read(text)
            return []
        } catch {
            return error.all.map { "\($0.mark.line):\($0.mark.column) \($0.path): \($0.message)" }
        }
    }

    @Test func whatCanBeReadBesideMistakesIsKeptForALookAtItsFiles() {
        let text = """
            version: 1
            defaults: {image: base.qcow2, memroy: 1G}
            guests:
              - {name: a, driver: driver.run}
              - {name: b, driver: nowhere.run}
              - {name: c, driver: driver.run}
            """
        do {
            _ = try read(text)
            Issue.record("mistakes were not seen")
        } catch {
            #expect(error.all.count == 2)
            #expect(error.readable?.guests.map(\.name) == ["a", "b", "c"])
            #expect(error.readable?.oneGuestForEachImage.map(\.name) == ["a", "b"])
        }
    }

    @Test func fleetAndGuestTogetherAreNoLongerThanAVMsName() {
        let long = String(repeating: "x", count: 60)
        #expect(problems("version: 1\nname: lab\nguests: [{name: \(long), image: base.qcow2}]\n").isEmpty)
        let told = problems("version: 1\nname: labs5\nguests: [{name: \(long), image: base.qcow2}]\n")
        #expect(told.count == 1 && told[0].contains("too long for a VM's name: 66 characters"), "\(told)")
    }

    @Test func defaultsHoldUnlessAGuestSaysOtherwise() throws {
        let manifest = try read(
            """
            version: 1
            name: lab
            defaults:
              image: base.qcow2
              driver: ./driver.run
              cuda: cuda.run
              memory: 8G
              labels: {site: north, tier: 1}
            guests:
              - name: train
                gpus: {count: 2, match: A100}
                labels: {team: vision}
              - name: plain
                image: /other.qcow2
                memory: 512MiB
                cuda: [cuda.run, extra.run]
                gpus: ["41:00.0", 0000:42:00.0]
                ports: [8888, "8080:80", 22:22]
                ssh-keys: ~/.ssh/id.pub
                dkms: false
                kernels: running
                hostname: "{name}.lab"
            """)
        #expect(manifest.name == "lab")
        #expect(manifest.guests.map(\.name) == ["train", "plain"])
        let (train, plain) = (manifest.guests[0].settings, manifest.guests[1].settings)
        #expect(
            train.image == "/lab/base.qcow2" && train.driver == "/lab/driver.run" && train.cuda == ["/lab/cuda.run"])
        #expect(train.memoryBytes == 8 << 30 && train.gpus == .count(2, pattern: "A100"))
        #expect(train.labels == ["site": "north", "tier": "1", "team": "vision"])
        #expect(manifest.guests[0].mark == TextMark(line: 10, column: 5))
        #expect(plain.image == "/other.qcow2" && plain.memoryBytes == 512 << 20)
        #expect(plain.cuda == ["/lab/cuda.run", "/lab/extra.run"])
        #expect(plain.gpus == .addresses([try #require(PCIAddress("41:00.0")), try #require(PCIAddress("42:00.0"))]))
        #expect(
            plain.ports == [
                PortForward(host: nil, guest: 8888), PortForward(host: 8080, guest: 80),
                PortForward(host: 22, guest: 22),
            ])
        #expect(plain.sshKeys == ["/home/me/.ssh/id.pub"] && plain.dkms == false && plain.kernels == .running)
        #expect(plain.hostname == "plain.lab")
    }

    @Test func aCountMakesGuestsAlike() throws {
        let manifest = try read(
            """
            version: 1
            defaults: {image: base.qcow2, hostname: "{name}"}
            guests:
              - {name: a, count: 3}
              - {name: "b{n}x", count: 2}
              - {name: c}
            """)
        #expect(manifest.guests.map(\.name) == ["a-1", "a-2", "a-3", "b1x", "b2x", "c"])
        #expect(manifest.guests.map(\.settings.hostname) == ["a-1", "a-2", "a-3", "b1x", "b2x", "c"])
        #expect(manifest.name == "fleet")
    }

    @Test func jsonIsReadAsWell() throws {
        let manifest = try read(
            #"{"version": 1, "guests": [{"name": "a", "image": "/other.qcow2", "gpus": "simulated"}]}"#)
        #expect(manifest.guests.first?.settings.gpus == .simulated)
    }

    @Test func everyMistakeIsToldAtOnceWithItsPlace() {
        let found = problems(
            """
            version: 2
            nam: lab
            defaults:
              memory: lots
              imag: base.qcow2
              dkms: yes
            guests:
              - name: a
                image: missing.qcow2
                gpus: [41:00.0, banana]
                cpus: 0
              - image: base.qcow2
              - name: b
                image: base.qcow2
                gpus: ["43:00.0", "43:00.0"]
                ports: ["80:0"]
              - name: b
                image: base.qcow2
              - just text
              - {name: "-x", image: base.qcow2}
              - {name: c, count: 2, image: base.qcow2, gpus: "44:00.0"}
              - {name: d, image: base.qcow2, hostname: "no good", kernel-module-type: opne}
            """)
        #expect(
            found == [
                #"1:10 version: version is "2"."#,
                #"2:1 nam: There is no field "nam"."#,
                #"4:11 defaults.memory: memory is "lots"; it takes a size such as 512M, 8G or 1T."#,
                #"5:3 defaults.imag: There is no field "imag"."#,
                #"6:9 defaults.dkms: dkms is "yes"; it takes true or false."#,
                "9:12 guests[0].image: There is no /lab/missing.qcow2.",
                #"10:21 guests[0].gpus: "banana" is no PCI address."#,
                #"11:11 guests[0].cpus: cpus is "0"; it takes a number from 1 to 255."#,
                "12:5 guests[1]: A guest has no name.",
                "13:5 : b has the GPU 0000:43:00.0 twice.",
                #"16:13 guests[2].ports: "80:0" is no port."#,
                "17:5 : Two guests are called b, here and in line 13.",
                #"19:5 guests[4]: A guest is "just text"."#,
                #"20:12 guests[5].name: "-x" is no name."#,
                "21:5 guests[6]: 2 guests cannot all have the GPU 0000:44:00.0.",
                #"22:5 guests[7].hostname: "no good" is no host name."#,
                #"22:75 guests[7].kernel-module-type: kernel-module-type is "opne"; it takes one of open, proprietary."#,
            ])
    }

    @Test func whatTwoGuestsCannotShareIsTold() {
        #expect(
            problems(
                """
                version: 1
                defaults: {image: base.qcow2}
                guests:
                  - {name: a, gpus: ["41:00.0"], ports: ["80:80"]}
                  - {name: b, gpus: ["0000:41:00.0"], ports: ["80:8080", "80:1"]}
                """) == [
                    "5:5 : a and b both have the GPU 0000:41:00.0.", "5:5 : a and b both have port 80.",
                    "5:5 : b has port 80 twice.",
                ])
    }

    @Test func aSlipIsAnsweredWithTheWordThatWasMeant() {
        do {
            _ = try read("version: 1\nguests:\n  - {name: a, image: base.qcow2, memroy: 8G, zebra: 1}")
            Issue.record("read")
        } catch {
            #expect(error.all.first?.remedy == "Did you mean `memory`?")
            #expect(error.all.last?.remedy.hasPrefix("Fields are allow-incompatible, ") == true)
            #expect(error.failures(file: "fleet.yaml").all.first?.evidence == ["fleet.yaml:3:34: guests[0].memroy"])
        }
    }

    @Test(arguments: [
        ("", "1:1 : The manifest is empty."),
        ("- a", "1:1 : The manifest is a list of 1, no mapping."),
        ("version: 1", "1:1 guests: The manifest says no `guests`."),
        ("version: 1\nguests: []", "2:9 guests: There are no guests."),
        ("guests:\n - {name: a, image: base.qcow2}", "1:1 version: The manifest does not say its version."),
        ("version: 1\nguests:\n - {name: a}", "3:4 guests[0]: The guest a has no image."),
    ])
    func whatIsNoManifest(_ text: String, _ problem: String) {
        #expect(problems(text) == [problem])
    }

    @Test(arguments: ["a: [", "a: b: c", "\ta: 1", "a: *nobody", "version: 1\nversion: 1", "? [a]\n: b", "a: \u{1}"])
    func whatIsNoYAMLIsOneProblem(_ text: String) {
        let found = problems(text)
        #expect(found.count == 1)
        #expect(!found.joined().contains("\u{1}"))
    }

    @Test func anchorsThatGrowAreBounded() {
        var text = "a: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
        for level in 1..<12 {
            let items = Array(repeating: "*a\(level - 1)", count: 10).joined(separator: ", ")
            text += "b\(level): &a\(level) [\(items)]\n"
        }
        #expect(problems(text).first?.contains("more than \(ManifestText.valueLimit) values") == true)
    }
}
