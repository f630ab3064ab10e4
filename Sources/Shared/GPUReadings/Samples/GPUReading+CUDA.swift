extension GPUReading {
    private static let ofCUDA = FactStore(for: [
        .busID, .migMode, .name, .uuid, .computeCapability, .eccMode, .computeMode, .driverModel,
    ])

    /// What a CUDA program told, as far as the common model has it.
    ///
    /// Memory and clocks are left out: CUDA's total is what programs can use, and its clock the base's, neither of which
    /// nvidia-smi prints. Of a MIG device only the GPU's address and mode are the GPU's own.
    init(_ device: CUDADevice) {
        self.init()
        facts = FactStore(like: Self.ofCUDA, text: 128)
        func set(_ fact: GPUFact, _ value: String?) {
            if let value { self[fact] = .value(.text(value)) }
        }
        set(.busID, device.busID)
        guard device.isMIG != true else {
            set(.migMode, "Enabled")
            var instance = MIGDeviceReading()
            if let uuid = device.uuid { instance.uuid = .value(uuid) }
            migDevices = [instance]
            return
        }
        set(.name, device.name)
        set(.uuid, device.uuid)
        set(.computeCapability, device.computeCapability)
        set(.eccMode, device.eccEnabled.map { $0 ? "Enabled" : "Disabled" })
        set(.computeMode, device.computeMode.map(Self.computeMode))
        set(.driverModel, device.driverMode)
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
