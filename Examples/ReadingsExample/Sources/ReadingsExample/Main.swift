import GPUReadings

/// Prints the GPUs of whatever it is given on standard input: nvidia-smi's table, `-q`, `-q -x`, CSV, deviceQuery, lspci …
///
///     nvidia-smi -q -x | readings-example
@main
struct ReadingsExample {
    static func main() {
        var parser = OutputParser()
        while let line = readLine(strippingNewline: false) { show(parser.push(Array(line.utf8))) }
        show(parser.finish())
        if !parser.hasRecognised { print("nothing was recognised: \(parser.unrecognisedDescription)") }
    }

    static func show(_ outputs: [ParsedOutput]) {
        for output in outputs {
            for gpu in output.gpus { print("\(output.kind.rawValue): \(describe(gpu))") }
            for warning in output.warnings { print("line \(warning.line): \(warning.problem)") }
        }
    }

    static func describe(_ gpu: GPUReading) -> String {
        var parts = [gpu.name.value ?? "a GPU without a name"]
        if let address = gpu.pciAddress { parts.append("at \(address)") }
        switch gpu.temperatureCelsius {
        case .value(let degrees): parts.append("\(degrees) °C")
        // Why there is no temperature is a value too.
        case .absent(.missing): break
        case .absent(let absence): parts.append("no temperature: \(absence)")
        }
        if let used = gpu.memoryUsedBytes.value, let total = gpu.memoryTotalBytes.value {
            parts.append("\(used >> 20) of \(total >> 20) MiB")
        }
        return parts.joined(separator: ", ")
    }
}
