extension GPUReading {
    /// What a CUDA program told, as far as the common model has it.
    ///
    /// Memory and clocks are left out: CUDA's total is what programs can use, and its clock the base's, which nvidia-smi
    /// does not print.
    init(_ device: CUDADevice, cudaVersion: String? = nil) {
        self.init()
        func set<Value>(_ value: Value?, _ path: WritableKeyPath<GPUReading, Reading<Value>>) {
            if let value { self[keyPath: path] = .value(value) }
        }
        set(device.name, \.name)
        set(device.uuid, \.uuid)
        set(device.busID, \.busID)
        set(device.eccEnabled.map { $0 ? "Enabled" : "Disabled" }, \.eccMode)
        set(device.computeMode.map(Self.computeMode), \.computeMode)
    }

    /// As nvidia-smi spells it.
    private static func computeMode(_ spelled: String) -> String {
        switch spelled.lowercased() {
        case "default": "Default"
        case "prohibited": "Prohibited"
        case "exclusive process", "exclusive-process": "Exclusive_Process"
        case "exclusive": "Exclusive_Thread"
        default: spelled
        }
    }
}
