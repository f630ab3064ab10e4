import Contract
import Testing

@testable import Fleet

struct FleetPlanTests {
    private func guest(_ name: String, _ change: (inout GuestSettings) -> Void = { _ in }) -> DeclaredGuest {
        var settings = GuestSettings()
        settings.image = "/base.qcow2"
        settings.memoryBytes = 4 << 30
        change(&settings)
        return DeclaredGuest(name: name, settings: settings, mark: TextMark(line: 1, column: 1))
    }

    private func plan(_ wanted: DeclaredGuest, _ existing: ExistingGuest, golden: String = "g1") -> FleetPlan.Guest? {
        FleetPlan(
            FleetManifest(name: "lab", guests: [wanted]),
            FleetReality(guests: [wanted.name: existing], goldens: ["g1", "g2"])
        ) { _ in golden }.guests.first
    }

    @Test func whatIsNotThereIsMadeAndWhatNobodyWantsGoes() {
        let manifest = FleetManifest(name: "lab", guests: [guest("a"), guest("b"), guest("c")])
        let settings = guest("x").settings
        let reality = FleetReality(
            guests: [
                "b": ExistingGuest(golden: "g1", settings: settings, isRunning: true),
                "old": ExistingGuest(golden: "g0", settings: settings, isRunning: true),
            ], goldens: ["g0", "g1"])
        let plan = FleetPlan(manifest, reality) { $0.name == "c" ? "g2" : "g1" }
        #expect(plan.guests.map(\.name) == ["a", "b", "c", "old"])
        #expect(plan.guests.map(\.action) == [.create, .none, .create, .destroy])
        #expect(
            plan.goldens == [
                FleetPlan.Golden(digest: "g1", isMissing: false, guests: 2),
                FleetPlan.Golden(digest: "g2", isMissing: true, guests: 1),
                FleetPlan.Golden(digest: "g0", isMissing: false, guests: 0),
            ])
        #expect(!plan.isEmpty && plan.count(.create) == 2)
    }

    @Test func whatIsAsItShouldBeIsLeftAlone() {
        let wanted = guest("a")
        let running = ExistingGuest(golden: "g1", settings: wanted.settings, isRunning: true)
        #expect(plan(wanted, running) == FleetPlan.Guest(name: "a", action: .none, reasons: [], golden: "g1"))
        var stopped = running
        stopped.isRunning = false
        #expect(plan(wanted, stopped)?.action == .start)
    }

    @Test func theLeastThatHelpsIsDone() {
        let existing = ExistingGuest(golden: "g1", settings: guest("a").settings, isRunning: true)
        let memory = plan(guest("a") { $0.memoryBytes = 8 << 30 }, existing)
        #expect(memory?.action == .restart && memory?.reasons == ["memory 4G → 8G"])
        let gpus = plan(guest("a") { $0.gpus = .count(2, pattern: "A100") }, existing)
        #expect(gpus?.action == .restart && gpus?.reasons == ["gpus default → 2 × A100"])
        let hostname = plan(guest("a") { $0.hostname = "h" }, existing)
        #expect(hostname?.action == .reimage && hostname?.reasons == ["hostname default → h"])
        let labels = plan(guest("a") { $0.labels = ["team": "x"] }, existing)
        #expect(labels?.action == FleetPlan.Action.none)
        let driver = plan(guest("a") { $0.driver = "/new.run" }, existing, golden: "g2")
        #expect(driver?.action == .reimage && driver?.reasons == ["driver default → /new.run"])
        let contents = plan(guest("a"), existing, golden: "g2")
        #expect(contents?.action == .reimage)
        #expect(contents?.reasons == ["the image, a runfile or the agent has another content"])
        // Another name for the same contents.
        #expect(plan(guest("a") { $0.driver = "/renamed.run" }, existing)?.action == FleetPlan.Action.none)
    }

    @Test func aGuestThatFailedBeginsAnew() {
        let wanted = guest("a")
        let failed = ExistingGuest(golden: "g1", settings: wanted.settings, isRunning: false, failure: "no SSH")
        #expect(
            plan(wanted, failed)
                == FleetPlan.Guest(name: "a", action: .reimage, reasons: ["it failed: no SSH"], golden: "g1"))
    }

    /// What is asked about: not a guest whose making was cut off, and not one that only starts again.
    @Test func onlyDisksThatSomebodyMayHaveWrittenToAreLost() {
        let sound = ExistingGuest(golden: "g1", settings: guest("a").settings, isRunning: true)
        var broken = sound
        broken.failure = "its making was cut off"
        #expect(plan(guest("a"), sound, golden: "g2")?.losesDisk == true)
        #expect(plan(guest("a") { $0.memoryBytes = 8 << 30 }, sound)?.losesDisk == false)
        #expect(plan(guest("a"), broken, golden: "g2")?.losesDisk == false)
        let gone = FleetPlan(FleetManifest(name: "lab"), FleetReality(guests: ["a": sound, "b": broken])) { _ in "" }
        #expect(gone.guests.map(\.losesDisk) == [true, false])
        let kept = FleetPlan(
            FleetManifest(name: "lab", guests: [guest("a")]), FleetReality(guests: ["a": sound], goldens: ["g1"])
        ) { _ in "g1" }
        #expect(kept.guests.map(\.losesDisk) == [false] && kept.reimaging().guests.map(\.losesDisk) == [true])
    }

    @Test func everySettingIsCompared() throws {
        // A setting that no row of the comparison tells would never be applied.
        let fields = Mirror(reflecting: GuestSettings()).children.compactMap(\.label).count
        #expect(SettingDifference.rowCount == fields)
        #expect(ManifestField.all.count == fields)
    }
}

struct GoldenRecipeTests {
    private func settings(_ change: (inout GuestSettings) -> Void = { _ in }) -> GuestSettings {
        var settings = GuestSettings()
        settings.image = "/base.qcow2"
        settings.driver = "/driver.run"
        change(&settings)
        return settings
    }

    private func recipe(_ settings: GuestSettings, agent: String = "a1") -> GoldenRecipe {
        GoldenRecipe(settings, agent: agent) { path in
            path.hasSuffix("renamed.run") ? "sum of /driver.run" : "sum of \(path)"
        }
    }

    @Test func whatIsTheSameMakesTheSameImage() {
        let one = recipe(settings())
        #expect(recipe(settings { $0.driver = "/renamed.run" }) == one)
        #expect(
            recipe(
                settings {
                    $0.memoryBytes = 1 << 40; $0.hostname = "h"; $0.gpus = .count(1, pattern: nil)
                }) == one)
        #expect(
            recipe(
                settings {
                    $0.dkms = true; $0.updatePackages = false; $0.kernels = .all; $0.telemetryInterval = 5;
                    $0.prove = false
                }) == one)
        #expect(
            one.canonicalText
                == #"{"agent":"a1","cuda":[],"cudaPatches":[],"driver":"sum of /driver.run","image":"sum of /base.qcow2","options":[]}"#
        )
    }

    @Test func whatDiffersInsideMakesAnother() {
        let one = recipe(settings())
        let others = [
            recipe(settings(), agent: "a2"), recipe(settings { $0.image = "/x" }),
            recipe(settings { $0.cuda = ["/a", "/b"] }), recipe(settings { $0.cuda = ["/b", "/a"] }),
            recipe(settings { $0.dkms = false }), recipe(settings { $0.gpus = .simulated }),
            recipe(settings { $0.telemetry = true }),
            recipe(
                settings {
                    $0.telemetry = true; $0.telemetryInterval = 5
                }),
            recipe(settings { $0.diskSizeBytes = 1 }), recipe(settings { $0.kernelModuleType = .open }),
        ]
        #expect(Set(others + [one]).count == others.count + 1)
        #expect(Set((others + [one]).map(\.canonicalText)).count == others.count + 1)
    }
}

struct GuestSelectorTests {
    @Test(arguments: [
        ([], true), (["a-1"], true), (["a-*"], true), (["b"], false), (["b,a-?"], true), (["team=vision"], true),
        (["team=v*"], true), (["team=sound"], false), (["site=north"], false), (["b", "team=vision"], true),
    ])
    func whoIsMeant(_ words: [String], _ meant: Bool) throws {
        let selector = try #require(GuestSelector(words))
        #expect(selector.matches(name: "a-1", labels: ["team": "vision"]) == meant)
    }

    @Test(arguments: ["", ",", "a,", "=x"]) func aWordThatSaysNothing(_ word: String) {
        #expect(GuestSelector([word]) == nil)
    }
}

struct FleetPlanTextTests {
    @Test func aPlanAtEightyColumns() {
        let golden = String(repeating: "a", count: 64)
        var plan = FleetPlan(FleetManifest(name: "lab", guests: []), FleetReality(goldens: [golden])) { _ in "" }
        func guest(_ name: String, _ action: FleetPlan.Action, _ reasons: [String]) -> FleetPlan.Guest {
            FleetPlan.Guest(name: name, action: action, reasons: reasons, golden: golden)
        }
        plan.goldens.insert(
            FleetPlan.Golden(digest: String(repeating: "b", count: 64), isMissing: true, guests: 800), at: 0)
        plan.guests =
            (1...800).map { guest("train-\($0)", .create, ["it does not exist"]) } + [
                guest("a", .restart, ["memory 4G → 8G", "cpus default → 8"]), guest("b", .none, []),
                guest("c", .none, []),
                guest("d", .start, ["it does not run"]), guest("old", .destroy, ["it is not in the manifest"]),
            ]
        #expect(
            FleetPlanText(plan).lines.joined(separator: "\n") == """
                Fleet lab

                Golden images
                  + bbbbbbbbbbbb  to build, for 800 guests
                  - aaaaaaaaaaaa  unused

                Guests
                  + train-1 … train-800 (800): create, it does not exist
                  ~ a: restart
                      memory 4G → 8G
                      cpus default → 8
                  > d: start, it does not run
                  - old: destroy, it is not in the manifest
                  = 2 guests as the manifest says

                Plan: 800 to create, 1 to restart, 1 to start, 1 to destroy, 1 golden to build.
                """)
    }

    @Test func nothingToDo() {
        var plan = FleetPlan(FleetManifest(name: "lab", guests: []), FleetReality()) { _ in "" }
        plan.guests = [FleetPlan.Guest(name: "a", action: .none, reasons: [], golden: "g")]
        #expect(FleetPlanText(plan).lines == ["Fleet lab: 1 guest, as the manifest says. Nothing to do."])
    }
}

struct GoldenDigestsTests {
    @Test func eachFileAndEachRecipeIsLookedAtOnce() async throws {
        var settings = GuestSettings()
        settings.image = "/base"
        settings.cuda = ["/cuda"]
        var other = settings
        other.dkms = false
        let mark = TextMark(line: 1, column: 1)
        let guests = (0..<1000).map { number in
            var own = number % 2 == 0 ? settings : other
            own.hostname = "h\(number)"
            own.gpus = .count(1 + number % 3, pattern: nil)
            return DeclaredGuest(name: "g\(number)", settings: own, mark: mark)
        }
        var files: [String] = []
        var texts = 0
        let digests = try await GoldenDigests(
            FleetManifest(name: "lab", guests: guests), agent: "agent",
            files: { path in
                files.append(path)
                return "sum of \(path)"
            },
            text: { text in
                texts += 1
                return text
            })
        #expect(files.sorted() == ["/base", "/cuda"] && texts == 2)
        #expect(digests[guests[0]] == digests[guests[2]] && digests[guests[0]] != digests[guests[1]])
        #expect(digests[guests[0]].contains("sum of /cuda"))
    }
}
