/// What `nvidia-smi` without options said: the table for people.
///
/// Known to read the tables of 319 to 610, which are 79, 89 or 91 columns wide. Columns are found by their `|`, never by
/// position. It has less than the other outputs, and cuts names; where there is a choice, ask for `-q -x`.
public struct SMITableReading: Equatable, Sendable {
    /// The version of nvidia-smi itself; in containers it can be another than the driver's.
    public var smiVersion: String?
    /// "390.42"; from 610 on that of the kernel module.
    public var driverVersion: String?
    /// The newest CUDA that the driver can run, "11.4". Nil before 410.72.
    public var cudaVersion: String?
    /// The GPUs in the order of the table. ``GPUReading/processes`` has those whose row names the GPU.
    public var gpus: [GPUReading] = []
    /// The GPUs' numbers in the first column, in the order of ``gpus``.
    public var indices: [Int] = []

    /// Reads the table. Lines around it (prompts, errors about other GPUs) are ignored.
    ///
    /// - Parameter text: the output.
    /// - Throws: ``ReadingError`` where there is neither the line with the versions nor a GPU.
    public init(parsing text: String) throws(ReadingError) {
        let lines = Lines(text)
        var section = Section.gpus
        var recognised = false
        var hasInstances = false
        var hasTypes = false
        for (_, line) in lines {
            let line = line.trimmed
            guard line.hasPrefix("|") else { continue }
            let cells = line.split(separator: "|").map(\.trimmed)
            if line.has("NVIDIA-SMI") {
                readVersions(cells.first ?? "")
                section = .gpus
                recognised = true
            } else if line.has("MIG devices:") {
                section = .other
            } else if line.has("Processes:") || line.has("Compute processes:") {
                section = .processes
            } else if section == .gpus {
                readGPULine(cells)
            } else if section == .processes, let cell = cells.first {
                if cell.hasPrefix("GPU") {
                    hasInstances = cell.words.contains("GI")
                    hasTypes = cell.words.contains("Type")
                } else {
                    readProcess(cell, hasInstances: hasInstances, hasTypes: hasTypes)
                }
            }
        }
        guard recognised || !gpus.isEmpty else {
            let first = lines.firstSaid
            throw ReadingError(
                "nvidia-smi's table", line: first.number, seen: first.text,
                problem: "there is neither a line with its version nor a GPU")
        }
    }

    private enum Section { case gpus, processes, other }

    /// "NVIDIA-SMI 470.57.02    Driver Version: 470.57.02    CUDA Version: 11.4"
    private mutating func readVersions(_ line: Substring) {
        func version(after label: String) -> String? {
            guard let (_, rest) = line.halves(at: label), let word = rest.words.first, Absence(text: word) == nil
            else { return nil }
            return String(word)
        }
        smiVersion = version(after: "NVIDIA-SMI ")
        driverVersion = version(after: "KMD Version:") ?? version(after: "Driver Version:")
        cudaVersion = version(after: "CUDA UMD Version:") ?? version(after: "CUDA Version:")
    }

    /// A GPU has a line with its address, then one with its memory, from 450 on a third with its MIG mode.
    private mutating func readGPULine(_ cells: [Substring]) {
        guard cells.count == 3 else { return }
        if let address = cells[1].words.first, Self.isAddress(address),
            let index = cells[0].words.first.flatMap({ Int($0) })
        {
            var gpu = GPUReading()
            gpu.busID = .value(String(address))
            // Between number and persistence mode ("On", "Off", on Windows "WDDM" or "TCC").
            let name = cells[0].words.dropFirst().dropLast().joined(separator: " ")
            gpu.nameIsCut = name.hasSuffix("...")
            gpu.name = Quantity.text(gpu.nameIsCut ? String(name.dropLast(3)) : name)
            gpus.append(gpu)
            indices.append(index)
        } else if var gpu = gpus.last, gpu.performanceState == .absent(.missing) {
            guard readFigures(cells, into: &gpu) else { return }
            gpus[gpus.count - 1] = gpu
        } else if var gpu = gpus.last, gpu.migMode == .absent(.missing), cells[0].isEmpty {
            gpu.migMode = Quantity.text(cells[2])
            gpus[gpus.count - 1] = gpu
        }
    }

    /// "40%   32C    P0    N/A / 100W", "0MiB /  4040MiB", "0%      Default"
    private func readFigures(_ cells: [Substring], into gpu: inout GPUReading) -> Bool {
        let words = cells[0].words
        guard words.count >= 4, let (_, limit) = cells[0].halves(at: " / ") ?? cells[0].halves(at: "/ ") else {
            return false
        }
        gpu.fanPercent = Quantity.whole(words[0], units: ["%"])
        gpu.temperatureCelsius = Quantity.whole(words[1], units: ["C"])
        gpu.performanceState = Quantity.text(words[2])
        gpu.powerDrawWatts = Quantity.decimal(words[3], units: ["W"])
        gpu.powerLimitWatts = Quantity.decimal(limit, units: ["W"])
        if let (used, total) = cells[1].halves(at: " / ") {
            gpu.memoryUsedBytes = Quantity.bytes(used)
            gpu.memoryTotalBytes = Quantity.bytes(total)
        } else {
            // "Not Supported" on integrated GPUs, whose memory is the machine's.
            gpu.memoryUsedBytes = Quantity.bytes(cells[1])
            gpu.memoryTotalBytes = gpu.memoryUsedBytes
        }
        if let utilization = cells[2].words.first {
            gpu.utilizationGPUPercent = Quantity.whole(utilization, units: ["%"])
            gpu.computeMode = Quantity.text(cells[2].words.dropFirst().joined(separator: " "))
        }
        return true
    }

    /// "0   N/A  N/A      1647      G   /usr/lib/xorg/Xorg                235MiB": number of the GPU, from 450 on the MIG
    /// instances, pid, from 352 on the type, command, memory.
    private mutating func readProcess(_ cell: Substring, hasInstances: Bool, hasTypes: Bool) {
        var words = cell.words[...]
        guard let index = words.popFirst().flatMap({ Int($0) }), let position = indices.firstIndex(of: index) else {
            return
        }
        if hasInstances { words = words.dropFirst(2) }
        var process = GPUProcessReading()
        guard let pid = words.popFirst().flatMap({ Int($0) }) else { return }
        process.pid = .value(pid)
        if hasTypes, let type = words.popFirst() { process.type = Quantity.text(type) }
        if let last = words.last, last.hasSuffix("B") || Absence(text: last) != nil {
            process.usedMemoryBytes = Quantity.bytes(last)
            words = words.dropLast()
        }
        process.name = Quantity.text(words.joined(separator: " "))
        gpus[position].processes.append(process)
    }

    /// "00000000:00:16.0", before 384 "0000:42:00.0".
    private static func isAddress(_ word: Substring) -> Bool {
        let parts = word.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 3 && parts[0].count >= 4 && parts[0].allSatisfy(\.isHexDigit) && parts[2].has(".")
    }
}
