import Testing

@testable import GPUReadings

@Suite struct DocumentSplitterTests {
    static func split(_ text: String, rows: Bool = false) -> [OutputDocument] {
        var splitter = DocumentSplitter(rows: rows)
        return splitter.push(text.utf8) + splitter.finish()
    }

    private func kinds(_ text: String) -> [OutputKind] { Self.split(text).map(\.kind) }

    @Test(
        arguments: [
            ("<?xml version=\"1.0\" ?>\n<nvidia_smi_log>\n</nvidia_smi_log>\n", .smiXML),
            ("<nvidia_smi_log><gpu/></nvidia_smi_log>", .smiXML),
            ("\n==============NVSMI LOG==============\n\nTimestamp : x\n", .smiText),
            ("Thu Mar 15 01:32:42 2018\n+-----+\n| NVIDIA-SMI 390.42   |\n", .smiTable),
            ("|   1  Tesla V100-PCIE...  On   | 00008ED0:00:00.0 Off |        0 |\n", .smiTable),
            ("name\nNVIDIA A10\n", .smiCSV),
            ("power.draw [W]\n3.1 W\n", .smiCSV),
            ("0, NVIDIA A10, GPU-00000000-0000-0000-0000-000000000000, 33\n", .smiCSV),
            ("00000000:01:00.0, 33\n", .smiCSV),
            ("GPU 0: NVIDIA A10 (UUID: GPU-00000000-0000-0000-0000-000000000000)\n", .smiList),
            ("\t\u{1b}[4mGPU0\tCPU Affinity\u{1b}[0m\nGPU0\t X \t0-7\n", .smiTopology),
            ("# gpu    pwr  gtemp\n# Idx      W      C\n    0     36     40\n", .smiDeviceMonitor),
            ("#Date       Time        gpu    pwr\n#YYYYMMDD   HH:MM:SS    Idx      W\n", .smiDeviceMonitor),
            ("# gpu         pid   type     sm\n# Idx           #    C/G      %\n", .smiProcessMonitor),
            ("No devices were found\n", .smiError),
            (" CUDA Device Query (Runtime API) version (CUDART static linking)\n", .deviceQuery),
            ("Device 0: \"Tesla T4\"\n", .deviceQuery),
            ("Running on...\n\n Device 0: Tesla T4\n", .bandwidthTest),
            ("bandwidthTest-H2D-Pinned, Bandwidth = 12.4 GB/s\n", .bandwidthTest),
            ("nvbandwidth Version: v0.8\n", .nvbandwidth),
            ("Running host_to_device_memcpy_ce.\n", .nvbandwidth),
            ("{\"nvbandwidth\": {}}\n", .nvbandwidth),
            ("  {\n\"gpu_probe\": 1}", .gpuProbe),
            ("01:00.0 VGA compatible controller: NVIDIA Corporation Device 2f18\n", .lspci),
            ("00000000:01:00.0 3D controller [0302]: NVIDIA Corporation Device [10de:2236]\n", .lspci),
            ("Slot:\t01:00.0\nClass:\tVGA\n", .lspci),
        ] as [(String, OutputKind)])
    func recognises(_ text: String, _ kind: OutputKind) {
        #expect(kinds(text) == [kind])
        // Wherever it is cut.
        var splitter = DocumentSplitter()
        var found: [OutputDocument] = []
        for byte in text.utf8 { found += splitter.push([byte]) }
        #expect((found + splitter.finish()) == Self.split(text))
        // As PowerShell writes it.
        splitter = DocumentSplitter()
        let wide: [UInt8] =
            [0xff, 0xfe] + text.utf16.flatMap { unit -> [UInt8] in [UInt8(unit & 0xff), UInt8(unit >> 8)] }
        found = []
        for start in stride(from: 0, to: wide.count, by: 7) {
            found += splitter.push(wide[start..<min(wide.count, start + 7)])
        }
        #expect((found + splitter.finish()).map(\.kind) == [kind])
    }

    @Test(arguments: [
        "", "hello\n", "name: value\n", "Device 0: RTX 3060\n  Compute Capability : 8.6\n", "{}\n",
        "{\"a\": [1, {}]}\n",
        "CUDA Device Query...\nThere are 1 CUDA devices.\n", "<html>\n<body>\n", "<?xml version=\"1.0\"?>\n<html>\n",
        "a, b, c\n1, 2, 3\n", "12:30:01.5 said: x\n", "GPU 0: fine\n", "+-----+\n| table |\n+-----+\n", "# a comment\n",
        "Running tests.\n", "timestamp\ndriver_version\nclocks.sm\nmemory.total\n", "count\n",
    ])
    func refuses(_ text: String) {
        #expect(kinds(text).isEmpty)
    }

    @Test func keepsKindsApart() {
        let documents = Self.split(
            """
            $ nvidia-smi
            Thu Mar 15 01:32:42 2018
            +-----+
            | NVIDIA-SMI 390.42 |
            |  Processes:  |
            |====|
            |  No running |
            +-----+
            $ nvidia-smi -L
            GPU 0: NVIDIA A10 (UUID: GPU-00000000-0000-0000-0000-000000000000)
            <?xml version="1.0" ?>
            <!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_v9.dtd">
            <nvidia_smi_log>
            </nvidia_smi_log><nvidia_smi_log/>
            </nvidia_smi_log>
            ./deviceQuery Starting...

             CUDA Device Query (Runtime API) version (CUDART static linking)
            Result = FAIL
            index, uuid
            0, GPU-00000000-0000-0000-0000-000000000000
            goodbye
            """)
        #expect(documents.map(\.kind) == [.smiTable, .smiList, .smiXML, .smiXML, .deviceQuery, .smiCSV])
        #expect(documents.map(\.line) == [2, 10, 11, 14, 16, 20])
        #expect(documents.map { $0.warnings.map(\.line) } == [[1], [9], [], [], [], []])
        #expect(String(decoding: documents[0].bytes, as: UTF8.self).hasPrefix("Thu Mar"))
        #expect(String(decoding: documents[3].bytes, as: UTF8.self) == "<nvidia_smi_log/>\n</nvidia_smi_log>")
    }

    @Test func aTableWithoutItsEndGivesWayToTheNext() {
        let table = "Thu Mar 15 01:32:42 2018\n+-----+\n| NVIDIA-SMI 390.42 |\n|---+---|\n+---+---+\n"
        let documents = Self.split(table + table + "\n" + table)
        #expect(documents.map(\.line) == [1, 6, 12])
        #expect(documents.allSatisfy { $0.warnings.isEmpty })
        #expect(documents.allSatisfy { String(decoding: $0.bytes, as: UTF8.self).split(separator: "\n").count == 5 })
    }

    @Test func complaintsAboutOneGPUAreWarnings() {
        let complaint = "Unable to determine the device handle for GPU1: 0000:34:00.0: Unknown Error\n"
        let documents = Self.split(complaint + "Thu Aug 27 18:05:38 2026       \n+---+\n| NVIDIA-SMI 610.57.04 |\n")
        #expect(documents.map(\.kind) == [.smiTable])
        #expect(documents[0].warnings.map(\.line) == [1])
        #expect(Self.split(complaint + "No devices were found\n").map(\.kind) == [.smiError])
        #expect(Self.split("No devices were found\n| NVIDIA-SMI 1 |\n").map(\.kind) == [.smiError, .smiTable])
    }

    @Test func documentsWithoutAnEndSaySo() {
        let documents = Self.split(
            "<nvidia_smi_log>\n<gpu>\n<?xml?>\n<nvidia_smi_log></nvidia_smi_log>\n{\"gpu_probe\": 1,\n")
        #expect(documents.map(\.kind) == [.smiXML, .smiXML, .gpuProbe])
        #expect(documents.map(\.isCut) == [true, false, true])
    }

    @Test func rowsOfALoopComeAtOnce() {
        var splitter = DocumentSplitter(rows: true)
        #expect(splitter.push("junk\nindex, power.draw [W]\n".utf8).isEmpty)
        let row = splitter.push("0, 3 W\n".utf8)
        #expect(row.map { String(decoding: $0.bytes, as: UTF8.self) } == ["index, power.draw [W]\n0, 3 W\n"])
        #expect(row.map(\.line) == [3] && row.map(\.lineOffset) == [1] && row.map(\.warnings.count) == [1])
        #expect(splitter.push("1, 4 W\n".utf8).map(\.lineOffset) == [2])
        #expect(splitter.finish().isEmpty)
        splitter = DocumentSplitter(rows: true)
        let heading = "# gpu    pwr\n# Idx      W\n"
        #expect(
            splitter.push("\(heading)    0     3\n    1     4\n\(heading)    0     5\n".utf8).map {
                String(decoding: $0.bytes, as: UTF8.self)
            } == ["\(heading)    0     3\n", "\(heading)    1     4\n", "\(heading)    0     5\n"])
    }

    /// What is held is what is needed.
    @Test func anEndlessStreamNeedsNoMemory() {
        var splitter = DocumentSplitter()
        for _ in 0..<10_000 { _ = splitter.push("+---+\n+---+\nThu Mar 15 01:32:42 2018\n".utf8) }
        #expect(splitter.held < 4096)
        let table = "+--+\n| NVIDIA-SMI 390.42 |\n| Processes: |\n|==|\n+--+\n"
        for _ in 0..<10_000 { #expect(splitter.push(table.utf8).count == 1) }
        #expect(splitter.held < 4096)
    }

    @Test func theCorpusIsRecognised() throws {
        let kinds: [(String, OutputKind)] = [
            ("smi-xml", .smiXML), ("smi-q", .smiText), ("smi-table", .smiTable), ("smi-csv", .smiCSV),
            ("smi-csv-apps", .smiCSV), ("devicequery", .deviceQuery), ("devicequery-fail", .deviceQuery),
            ("bandwidthtest", .bandwidthTest), ("nvbandwidth", .nvbandwidth), ("lspci", .lspci),
        ]
        for (folder, kind) in kinds {
            for (name, bytes) in try Fixtures.recordings(folder) {
                var splitter = DocumentSplitter()
                let documents = splitter.push(bytes) + splitter.finish()
                let several = name.contains("2runs") || name.contains("bugreport") && kind == .smiText
                #expect(Set(documents.map(\.kind)) == [kind] && documents.count == (several ? 2 : 1), "\(name)")
            }
        }
        for (name, bytes) in try Fixtures.recordings("devicequery-like") {
            var splitter = DocumentSplitter()
            #expect((splitter.push(bytes) + splitter.finish()).isEmpty, "\(name)")
        }
    }
}
