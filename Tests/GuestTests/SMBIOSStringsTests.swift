import Guest
import GuestFakes
import Testing

@Suite struct SMBIOSStringsTests {
    /// A structure: its formatted bytes after the header, and its strings.
    private static func structure(_ type: UInt8, _ bytes: [UInt8], _ strings: [String]) -> [UInt8] {
        var structure: [UInt8] = [type, UInt8(4 + bytes.count), 1, 0] + bytes
        for string in strings { structure += Array(string.utf8) + [0] }
        structure += strings.isEmpty ? [0, 0] : [0]
        return structure
    }

    private static let end = structure(127, [], [])

    @Test func findsItsStringsAmongOtherStructures() {
        let structures = [
            Self.structure(0, [1, 2, 0, 0], ["SeaBIOS", "1.16"]), Self.structure(32, [0, 0], []),
            Self.structure(11, [2], ["provision-gpu-vm:hostname=web", "io.systemd.credential:x=y"]),
            Self.structure(1, [], []), Self.structure(11, [1], ["third"]), Self.end,
            Self.structure(11, [1], ["behind the end"]),
        ]
        let table = Array(structures.joined())
        #expect(
            SMBIOSStrings.oem(table) == ["provision-gpu-vm:hostname=web", "io.systemd.credential:x=y", "third"])
    }

    /// Cut off anywhere, it is read as far as it makes sense, and never further.
    @Test func everyBeginningOfATable() {
        let table = Self.structure(0, [9], ["a"]) + Self.structure(11, [2], ["one", "two"]) + Self.end
        for length in 0...table.count {
            let strings = SMBIOSStrings.oem(Array(table.prefix(length)))
            #expect(strings == [] || strings == ["one", "two"], "\(length) bytes")
        }
        #expect(SMBIOSStrings.oem(table) == ["one", "two"])
    }

    @Test(
        arguments: [
            // Lengths that cannot be.
            [11, 0, 0, 0, 1, 65, 0, 0], [11, 3, 0, 0, 65, 0, 0], [11, 255, 0, 0, 1, 65, 0, 0],
            // A count that is not there, one that is nought.
            [11, 4, 0, 0, 65, 0, 0], [11, 5, 0, 0, 0, 65, 0, 0],
        ] as [[UInt8]])
    func nonsense(_ table: [UInt8]) { #expect(SMBIOSStrings.oem(table) == []) }

    @Test func whatIsTooMuchIsLeft() {
        let many = (1...200).map { "\($0)" }
        let table = Self.structure(11, [200], many) + Self.structure(11, [200], many) + Self.end
        #expect(SMBIOSStrings.oem(table).count == 256)
        // More strings than it counts.
        #expect(SMBIOSStrings.oem(Self.structure(11, [1], ["one", "two"])) == ["one"])
    }

    @Test func readsTheKernelsFiles() throws {
        let table = String(decoding: Self.structure(11, [1], ["name"]), as: UTF8.self)
        let none = try FakeRoot()
        #expect(SMBIOSStrings.oem(none.root) == [])
        let new = try FakeRoot(["/sys/firmware/dmi/tables/DMI": table])
        #expect(SMBIOSStrings.oem(new.root) == ["name"])
        // As dmi-sysfs shows it on kernels before 4.2.
        let old = try FakeRoot([
            "/sys/firmware/dmi/entries/11-0/raw": table, "/sys/firmware/dmi/entries/1-0/raw": "not looked at",
        ])
        #expect(SMBIOSStrings.oem(old.root) == ["name"])
    }
}
