import GPUReadings
import Testing

/// Documents written for the tests, one for each dialect, with only what tells it from the others.
@Suite struct SMIQueryReadingTests {
    private static func document(_ inside: String) -> String {
        "<?xml version=\"1.0\" ?>\n<!DOCTYPE nvidia_smi_log SYSTEM \"nvsmi_device_v12.dtd\">\n"
            + "<nvidia_smi_log>\n<driver_version>1.2</driver_version>\n\(inside)\n</nvidia_smi_log>\n"
    }

    private static func gpu(_ inside: String) throws -> GPUReading {
        try #require(try SMIQueryReading(xml: document("<gpu id=\"00000000:0A:00.0\">\(inside)</gpu>")).gpus.first)
    }

    @Test(arguments: [
        "<power_readings><power_draw>67.03 W</power_draw><enforced_power_limit>250.00 W</enforced_power_limit>"
            + "<power_limit>300.00 W</power_limit></power_readings>",
        "<gpu_power_readings><power_draw>67.03 W</power_draw><current_power_limit>250.00 W</current_power_limit>"
            + "</gpu_power_readings><module_power_readings><power_draw>N/A</power_draw></module_power_readings>",
        "<module_power_readings><average_power_draw>169.77 W</average_power_draw></module_power_readings>"
            + "<gpu_power_readings><average_power_draw>67.03 W</average_power_draw>"
            + "<instant_power_draw>70 W</instant_power_draw>"
            + "<current_power_limit>250.00 W</current_power_limit></gpu_power_readings>",
        "<gpu_power_readings><average_power_draw>N/A</average_power_draw>"
            + "<instant_power_draw>67.03 W</instant_power_draw>"
            + "<current_power_limit>250.00 W</current_power_limit></gpu_power_readings>",
    ])
    func powerInEachDialect(_ block: String) throws {
        let gpu = try Self.gpu(block)
        #expect(gpu.powerDrawWatts == .value(67.03))
        #expect(gpu.powerLimitWatts == .value(250))
        #expect(gpu.modulePowerDrawWatts != .value(67.03))
    }

    @Test(
        arguments: [
            ("N/A", .notApplicable), ("", .missing), ("GPU is lost", .gpuLost), ("[Not Supported]", .notSupported),
            ("Unknown Error", .unknownError), ("Requested functionality has been deprecated", .deprecated),
            ("warm", .unreadable("warm")), ("99999999999999999999 C", .unreadable("99999999999999999999 C")),
            ("32 F", .unreadable("32 F")), ("nan C", .unreadable("nan C")),
        ] as [(String, Absence)])
    func absencesAreToldApart(_ text: String, _ absence: Absence) throws {
        let gpu = try Self.gpu("<temperature><gpu_temp>\(text)</gpu_temp></temperature>")
        #expect(gpu.temperatureCelsius == .absent(absence))
    }

    @Test func processesOfBothKinds() throws {
        let process =
            "<process_info><pid>7</pid><type>C</type><process_name>a &amp; b</process_name>"
            + "<used_memory>3 MiB</used_memory></process_info>"
        for list in ["processes", "compute_processes"] {
            let gpu = try Self.gpu("<\(list)>\(process)<process_info><pid>8</pid></process_info></\(list)>")
            #expect(gpu.processes.map(\.pid) == [.value(7), .value(8)])
            #expect(gpu.processes.first?.name == .value("a & b"))
            #expect(gpu.processes.first?.usedMemoryBytes == .value(3 << 20))
            #expect(gpu.processes.last?.name == .absent(.missing))
        }
    }

    @Test func machineWithoutGPUs() throws {
        let reading = try SMIQueryReading(
            xml: Self.document("<cuda_version>Not Found</cuda_version><attached_gpus>0</attached_gpus>"))
        #expect(reading.gpus.isEmpty)
        #expect(reading.attachedGPUs == 0)
        #expect(reading.cudaVersion == nil)
        #expect(reading.driverVersion == "1.2")
    }

    @Test func addressComesFromTheAttributeWhereThereIsNoOther() throws {
        #expect(try Self.gpu("").pciAddress == "0000:0a:00.0")
    }

    @Test func whatSurroundsADocumentDoesNoHarm() throws {
        let reading = try SMIQueryReading(xml: "$ nvidia-smi -q -x\r\n" + Self.document("") + "$ exit <\n")
        #expect(reading.driverVersion == "1.2")
    }

    /// 352 puts its DTD into the document.
    @Test func declarationsOfElementsAreFine() throws {
        let reading = try SMIQueryReading(
            xml: "<!DOCTYPE nvidia_smi_log [\n<!ELEMENT nvidia_smi_log (gpu*)>\n<!ATTLIST gpu id CDATA #REQUIRED>\n]>\n"
                + "<nvidia_smi_log><driver_version>352.21</driver_version></nvidia_smi_log>")
        #expect(reading.driverVersion == "352.21")
    }

    @Test(arguments: [
        ("<!DOCTYPE a [<!ENTITY b \"c\">]><nvidia_smi_log>&b;</nvidia_smi_log>", "entity"),
        ("<!DOCTYPE a [<!ENTITY % b SYSTEM \"file:///etc/passwd\"> %b;]><nvidia_smi_log/>", "entity"),
        ("<!DOCTYPE a SYSTEM \"x.dtd\"><nvidia_smi_log>&b;</nvidia_smi_log>", "entity"),
        ("<nvidia_smi_log>&b;</nvidia_smi_log>", "undefined entity"),
        (String(repeating: "<a>", count: 100_000), "deep"),
        ("<nvidia_smi_log><gpu>" + String(repeating: "x", count: 100_000) + "</gpu></nvidia_smi_log>", "bytes of text"),
        ("<nvidia_smi_log>\n<gpu>", "no element found"),
        ("<html></html>", "another one"),
        ("No devices were found", "no element"),
        ("", "no element"),
    ])
    func hostileAndForeignDocumentsAreRefused(_ xml: String, _ reason: String) {
        let error = #expect(throws: ReadingError.self) { try SMIQueryReading(xml: xml) }
        #expect(error?.problem.contains(reason) == true, "\(String(describing: error))")
    }

    @Test func errorsKnowTheirLine() {
        let error = #expect(throws: ReadingError.self) {
            try SMIQueryReading(xml: "$ nvidia-smi\n<nvidia_smi_log>\n<gpu>\n</nvidia_smi_log>")
        }
        #expect(error?.line == 4)
    }
}
