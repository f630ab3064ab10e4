import Contract
import GPUReadings
package import Telemetry

/// What nvidia-smi said outside of its documents, as a sampler's state and detail.
package struct SamplerWords: Equatable, Sendable {
    package var state: SamplerState
    /// Empty where it said nothing.
    package var detail: String

    package init(state: SamplerState, detail: String) {
        self.state = state
        self.detail = detail
    }

    /// Reads the last of what it printed.
    package init(lastOutput: [UInt8]) {
        var text = String(decoding: lastOutput, as: UTF8.self)[...]
        while let end = text.firstRange(of: "</nvidia_smi_log>") { text = text[end.upperBound...] }
        if let failure = SMIFailure(parsing: String(text)) {
            self.init(state: failure == .noDevices ? .noGPU : .failing, detail: failure.words)
        } else {
            let line = Printable.lines(text).last ?? ""
            self.init(state: .failing, detail: line.isEmpty ? "" : "nvidia-smi: " + String(line.prefix(150)))
        }
    }
}

extension SMIFailure {
    /// The failure for people, in a line.
    var words: String {
        switch self {
        case .couldNotCommunicate: "nvidia-smi cannot talk to the driver"
        case .noDevices: "nvidia-smi finds no devices"
        case .versionMismatch(let library):
            "the loaded driver is of another version than its libraries\(library.map { " (\($0))" } ?? ""): reboot"
        case .unknownNVMLError: "NVML: unknown error; access to the devices may be lost"
        case .insufficientPermissions: "nvidia-smi may not use the GPU: insufficient permissions"
        case .nvml(let reason): "NVML: \(Printable.line(reason, limit: 100))"
        case .libraryMissing: "libnvidia-ml.so is missing"
        case .deviceHandle(let gpu, let reason):
            "GPU \(Printable.line(gpu, limit: 40)): \(Printable.line(reason, limit: 100))"
        }
    }
}
