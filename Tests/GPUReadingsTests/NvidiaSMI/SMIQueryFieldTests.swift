@testable import GPUReadings
import Testing

/// What XML and the text of -q have beside the facts of a GPU.
@Suite struct SMIQueryFieldTests {
    private static func xml(_ inside: String) throws -> SMIQueryReading {
        try SMIQueryReading(
            xml:
                "<?xml version=\"1.0\" ?>\n<nvidia_smi_log>\n<attached_gpus>1</attached_gpus>\n<gpu id=\"00000000:0A:00.0\">\n"
                + inside + "\n</gpu>\n</nvidia_smi_log>\n")
    }

    private static func text(_ inside: String) throws -> SMITextReading {
        try SMITextReading(
            parsing:
                "==============NVSMI LOG==============\n\nTimestamp : now\nAttached GPUs : 1\nGPU 00000000:0A:00.0\n"
                + inside)
    }

    private static let xmlOfMIG = """
        <mig_devices><mig_device><index>1</index><gpu_instance_id>2</gpu_instance_id>
        <compute_instance_id>0</compute_instance_id><device_attributes><shared>
        <multiprocessor_count>14</multiprocessor_count><copy_engine_count>1</copy_engine_count></shared>
        </device_attributes><ecc_error_count><volatile_count><sram_uncorrectable>3</sram_uncorrectable></volatile_count>
        </ecc_error_count><fb_memory_usage><total>9984 MiB</total><used>13 MiB</used></fb_memory_usage>
        <bar1_memory_usage><total>6184 MiB</total></bar1_memory_usage><hue>blue</hue></mig_device>
        <mig_device><index>2</index></mig_device></mig_devices>
        <fb_memory_usage><total>80 GiB</total></fb_memory_usage>
        """

    private static let textOfMIG = """
            MIG Device
                Index : 1
                GPU Instance ID : 2
                Compute Instance ID : 0
                Device Attributes
                    Shared
                        Multiprocessor count : 14
                        Copy Engine count : 1
                ECC Errors
                    Volatile
                        SRAM Uncorrectable : 3
                Shared FB Memory Usage
                    Total : 9984 MiB
                    Used : 13 MiB
                Shared BAR1 Memory
                    Total : 6184 MiB
                Hue : blue
            MIG Device
                Index : 2
            FB Memory Usage
                Total : 81920 MiB
        """

    @Test func migDevices() throws {
        for gpus in [try Self.xml(Self.xmlOfMIG).gpus, try Self.text(Self.textOfMIG).gpus] {
            let gpu = try #require(gpus.first)
            #expect(gpu.migDevices.map(\.index) == [.value(1), .value(2)])
            let device = try #require(gpu.migDevices.first)
            #expect(device.gpuInstanceID == .value(2) && device.computeInstanceID == .value(0))
            #expect(device.multiprocessorCount == .value(14))
            #expect(device[.copyEngineCount] == .value(.integer(1)))
            #expect(device[.eccVolatileUncorrectedSRAM] == .value(.integer(3)))
            #expect(device.memoryTotalBytes == .value(9984 << 20) && device.memoryUsedBytes == .value(13 << 20))
            #expect(device[.bar1TotalBytes] == .value(.integer(6184 << 20)))
            #expect(device.other.map(\.text) == ["blue"])
            #expect(gpu.memoryTotalBytes == .value(80 << 30))
            #expect(gpu.migDevices.last?.memoryTotalBytes == .absent(.missing))
        }
    }

    @Test func supportedClocks() throws {
        let documents = [
            try Self.xml(
                "<supported_clocks><supported_mem_clock><value>877 MHz</value><supported_graphics_clock>1530 MHz"
                    + "</supported_graphics_clock><supported_graphics_clock>1522 MHz</supported_graphics_clock>"
                    + "</supported_mem_clock><supported_mem_clock><value>405 MHz</value></supported_mem_clock>"
                    + "</supported_clocks>"
            ).gpus,
            try Self.text(
                "    Supported Clocks\n        Memory : 877 MHz\n            Graphics : 1530 MHz\n"
                    + "            Graphics : 1522 MHz\n        Memory : 405 MHz\n"
            ).gpus,
        ]
        for gpus in documents {
            #expect(
                gpus.first?.supportedClocks == [
                    SupportedClocks(memoryMHz: 877, graphicsMHz: [1530, 1522]),
                    SupportedClocks(memoryMHz: 405, graphicsMHz: []),
                ])
        }
        #expect(try Self.xml("<supported_clocks>N/A</supported_clocks>").gpus.first?.supportedClocks == [])
    }

    /// As no release has written them yet, but as a number may be written.
    @Test(arguments: [
        ("1480 MHz", [1480]), (" 1480 MHz ", [1480]), ("1480MHz", [1480]), ("1480 mhz", [1480]), ("1480", [1480]),
        ("1480.4 MHz", [1480]), ("0 MHz", [0]), ("-5 MHz", [-5]), ("123456789 MHz", [123_456_789]),
        ("1234567890 MHz", [1_234_567_890]), ("N/A", []), (" MHz", []), ("14x0 MHz", []), ("1480 GHz", []),
    ])
    func spellingsOfAClock(_ said: String, _ clocks: [Int]) throws {
        let reading = try Self.xml(
            "<supported_clocks><supported_mem_clock><value>877 MHz</value><supported_graphics_clock>\(said)"
                + "</supported_graphics_clock></supported_mem_clock></supported_clocks>")
        #expect(
            reading.gpus.first?.supportedClocks == [SupportedClocks(memoryMHz: 877, graphicsMHz: clocks)])
        #expect(reading.warnings.isEmpty == (!clocks.isEmpty || said == "N/A"))
    }

    /// "N/A" in place of a group is said of each of its fields.
    @Test func groupsThatAreNotThere() throws {
        for gpus in [
            try Self.xml("<remapped_rows>N/A</remapped_rows><mig_devices>\n\tNone\n</mig_devices>").gpus,
            try Self.text("    Remapped Rows : N/A\n    Processes : None\n").gpus,
        ] {
            let gpu = try #require(gpus.first)
            #expect(gpu[.remappedRowsPending] == .absent(.notApplicable))
            #expect(gpu[.remapBanksMax] == .absent(.notApplicable))
            #expect(gpu[.retiredPagesPending] == .absent(.missing))
            #expect(gpu.other.isEmpty && gpu.migDevices.isEmpty && gpu.processes.isEmpty)
        }
        #expect(
            try Self.xml("<remapped_rows>GPU is lost</remapped_rows>").gpus.first?[.remappedRowsFailure]
                == .absent(.gpuLost))
    }

    @Test func unknownFieldsAreKept() throws {
        let xml = try Self.xml(
            "<flux><capacitor unit=\"GW\">1.21</capacitor><off/></flux><temperature><gpu_temp>3 C</gpu_temp><chin>7 C"
                + "</chin></temperature><remapped_rows>later</remapped_rows>")
        #expect(
            xml.gpus.first?.other == [
                OtherField(path: "flux/capacitor", text: "1.21"), OtherField(path: "temperature/chin", text: "7 C"),
                OtherField(path: "remapped_rows", text: "later"),
            ])
        #expect(xml.gpus.first?.temperatureCelsius == .value(3))
        let text = try Self.text("    Flux\n        Capacitor  : 1.21\n    Temperature\n        Chin : 7 C\n")
        #expect(
            text.gpus.first?.other == [
                OtherField(path: "Flux/Capacitor", text: "1.21"), OtherField(path: "Temperature/Chin", text: "7 C"),
            ])
        let top = try SMIQueryReading(xml: "<nvidia_smi_log><a><b>c</b></a></nvidia_smi_log>")
        #expect(top.other == [OtherField(path: "a/b", text: "c")])
    }

    @Test func accountedProcesses() throws {
        let gpu = try Self.xml(
            "<accounted_processes><accounted_process_info><pid>7</pid><gpu_util>30 %</gpu_util><memory_util>2 %"
                + "</memory_util><max_memory_usage>5 MiB</max_memory_usage><time>900 ms</time><is_running>0</is_running>"
                + "</accounted_process_info></accounted_processes>"
        ).gpus.first
        let process = try #require(gpu?.accountedProcesses.first)
        #expect(gpu?.processes == [] && process.pid == .value(7))
        #expect(process[.utilizationGPUPercent] == .value(.integer(30)))
        #expect(process[.usedMemoryMaximumBytes] == .value(.integer(5 << 20)))
        #expect(process[.runtimeMilliseconds] == .value(.integer(900)))
        #expect(process[.isRunning] == .value(.flag(false)))
    }

    @Test func processesKnowTheirInstances() throws {
        let gpus = [
            try Self.xml(
                "<processes><process_info><gpu_instance_id>2</gpu_instance_id><compute_instance_id>N/A</compute_instance_id>"
                    + "<pid>7</pid></process_info></processes>"
            ).gpus,
            try Self.text(
                "    Processes\n        GPU instance ID : 2\n        Compute instance ID : N/A\n        Process ID : 7\n"
            ).gpus,
        ]
        for gpu in gpus.compactMap(\.first) {
            #expect(gpu.processes.map(\.pid) == [.value(7)])
            #expect(gpu.processes.first?.gpuInstanceID == .value(2))
            #expect(gpu.processes.first?.computeInstanceID == .absent(.notApplicable))
        }
    }

    @Test func warningsNameLineAndField() throws {
        let xml = try Self.xml(
            "<fan_speed>40 %</fan_speed>\n<serial>1</serial>\n<temperature><gpu_temp>warm</gpu_temp></temperature>")
        #expect(xml.warnings == [ReadingWarning(line: 7, field: "temperatureCelsius", problem: "unreadable")])
        let text = try Self.text("    Temperature\n        GPU Current Temp : warm\n")
        #expect(text.warnings == [ReadingWarning(line: 7, field: "temperatureCelsius", problem: "unreadable")])
        let later = try SMIQueryReading(
            xml: "$\n$\n<nvidia_smi_log>\n<attached_gpus>two</attached_gpus></nvidia_smi_log>")
        #expect(later.warnings.map(\.line) == [4])
    }

    private static func wide(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = [0xff, 0xfe]
        for unit in text.utf16 { bytes += [UInt8(unit & 0xff), UInt8(unit >> 8)] }
        return bytes
    }

    /// The name of a program can have any bytes, and PowerShell writes UTF-16.
    @Test func encodings() throws {
        let document =
            "<nvidia_smi_log><gpu id=\"0000:0A:00.0\"><product_name>A?B é</product_name></gpu></nvidia_smi_log>"
        var bytes = Array(document.utf8)
        let mark = try #require(bytes.firstIndex(of: UInt8(ascii: "?")))
        bytes[mark] = 0xff
        #expect(try SMIQueryReading(xml: bytes).gpus.first?.name == .value("A\u{FFFD}B é"))
        let wide = Self.wide(document)
        #expect(try SMIQueryReading(xml: wide).gpus.first?.name == .value("A?B é"))
        let log = "==NVSMI LOG==\r\nAttached GPUs : 1\r\nGPU 0000:0A:00.0\r\n    Product Name : é\r\n"
        let wideLog = Self.wide(log)
        #expect(try SMITextReading(parsing: wideLog).gpus.first?.name == .value("é"))
    }

    @Test func manyOfAnythingAreBounded() throws {
        let many =
            String(repeating: "<x>y</x>", count: 6000)
            + String(repeating: "<processes><process_info/></processes>", count: 70_000)
        let reading = try Self.xml(many)
        #expect(reading.gpus.first?.other.count == 4096)
        #expect(reading.gpus.first?.processes.count == 65536)
        #expect(reading.warnings.count == 2)
        let gpus = try SMIQueryReading(
            xml: "<nvidia_smi_log>" + String(repeating: "<gpu/>", count: 2000) + "</nvidia_smi_log>")
        #expect(gpus.gpus.count == 1024 && gpus.warnings.count == 1)
    }

    @Test func sectionsWithoutHeading() throws {
        let reading = try SMITextReading(
            parsing: "GPU 00000000:0A:00.0\n    Utilization\n        Gpu : 7 %\n\nnext $ exit : 1\n")
        #expect(reading.gpus.map(\.utilizationGPUPercent) == [.value(7)])
        #expect(throws: ReadingError.self) { try SMITextReading(parsing: "GPU 0: Tesla T4 (UUID: GPU-1)\n    x : y\n") }
    }

    @Test func secondDocumentIsLeftToItself() throws {
        let one = "==NVSMI LOG==\nAttached GPUs : 1\nGPU 0000:0A:00.0\n    Fan Speed : 1 %\n"
        #expect(try SMITextReading(parsing: one + one).gpus.count == 1)
    }
}
