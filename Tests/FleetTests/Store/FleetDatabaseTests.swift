import Contract
import Fleet
import FleetStore
import Foundation
import Testing

struct FleetDatabaseTests {
    private static func withPlace(_ body: (FleetPlace) throws -> Void) throws {
        let folder = NSTemporaryDirectory() + "fleet-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(FleetPlace(state: folder))
    }

    private static func record(_ name: String, _ phase: GuestRecord.Phase, golden: String = "g") -> GuestRecord {
        var settings = GuestSettings()
        settings.memoryBytes = 4 << 30
        return GuestRecord(
            blueprint: GuestBlueprint(fleet: "lab", name: name, settings: settings, golden: golden), action: .create,
            phase: phase,
            failure: phase == .failed
                ? Failure(.guestDidNotBoot, operation: "boot", message: "No.", remedy: "Look.", side: .guest) : nil,
            start: phase == .done ? GuestStart(sshPort: 2222, user: "root", hostKey: "SHA256:x", seconds: 20.5) : nil,
            changedAt: 1000)
    }

    @Test func whatIsPutIsThereForTheNextProcess() throws {
        try Self.withPlace { place in
            let lock = try place.lock()
            let records = [Self.record("a", .done), Self.record("b", .failed), Self.record("c", .working)]
            do {
                let database = try FleetDatabase.writer(place)
                for record in records { try database.put(record) }
                try database.put(Self.record("d", .done, golden: "h"))
                try database.remove(guest: "d", of: "lab")
                try database.remove(guest: "d", of: "other")
            }
            let database = try FleetDatabase.writer(place)
            #expect(try database.guests(of: "lab") == records)
            #expect(try database.guests(of: "other").isEmpty)
            #expect(try database.goldensInUse() == ["g"])
            #expect(try database.fleets() == ["lab"])
            let reader = try #require(try FleetDatabase.reader(place))
            try database.put(Self.record("a", .working))
            #expect(try reader.guests(of: "lab").first?.phase == .working, "a reader sees the state of before")
            withExtendedLifetime(lock) {}
        }
    }

    @Test func thereIsOneWriterAndTheOtherIsTold() throws {
        try Self.withPlace { place in
            let lock = try place.lock()
            #expect {
                try place.lock()
            } throws: { error in
                let failure = error as? Failure
                return failure?.code == .runLocked && failure?.message.contains("process \(getpid())") == true
            }
            withExtendedLifetime(lock) {}
        }
    }

    @Test func whoOnlyLooksMakesNothing() throws {
        try Self.withPlace { place in
            let database = try FleetDatabase.reader(place)
            #expect(database == nil)
            #expect(!FileManager.default.fileExists(atPath: place.state))
        }
    }

    @Test func aDamagedFileIsLeftAsItIsAndSaid() throws {
        try Self.withPlace { place in
            let lock = try place.lock()
            let path = place.database
            try Data(repeating: 0x41, count: 8192).write(to: URL(filePath: path))
            #expect {
                try FleetDatabase.writer(place)
            } throws: { error in
                (error as? Failure)?.message.contains("damaged") == true
            }
            #expect(FileManager.default.contents(atPath: path) == Data(repeating: 0x41, count: 8192))
            withExtendedLifetime(lock) {}
        }
    }

    @Test func itIsThisUsersAlone() throws {
        try Self.withPlace { place in
            let lock = try place.lock()
            _ = try FleetDatabase.writer(place)
            for (path, mode) in [
                (place.folder, 0o700), (place.goldenFolder, 0o700), (place.database, 0o600),
            ] {
                let attributes = try FileManager.default.attributesOfItem(atPath: path)
                #expect(attributes[.posixPermissions] as? Int == mode, "\(path)")
            }
            withExtendedLifetime(lock) {}
        }
    }
}
