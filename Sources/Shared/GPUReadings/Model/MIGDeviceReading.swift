/// A MIG device: a part of a GPU that is a GPU to programs.
public struct MIGDeviceReading: FactReading {
    public var facts = FactStore()
    /// What was printed of it under names that this version of the library does not know.
    public var other: [OtherField] = []
    /// "1g.10gb" and the like, where the output has it.
    public var profile: String?

    /// Nothing is known of it.
    public init() {}

    /// The facts by name.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: FactStore.Key.self)
        try facts.encode(to: &container)
        try container.encodeIfPresent(profile, forKey: .init("profile"))
        try container.encode(list: other, "other")
    }
}

extension MIGDeviceReading {
    /// Its number on its GPU.
    public var index: Reading<Int> {
        get { facts.whole(.index) }
        set { facts.set(.index, newValue) }
    }

    /// "MIG-…", where the output has it.
    public var uuid: Reading<String> {
        get { facts.text(.uuid) }
        set { facts.set(.uuid, newValue) }
    }

    /// Its GPU instance, which has memory of its own.
    public var gpuInstanceID: Reading<Int> {
        get { facts.whole(.gpuInstanceID) }
        set { facts.set(.gpuInstanceID, newValue) }
    }

    /// Its compute instance, which has multiprocessors of its own.
    public var computeInstanceID: Reading<Int> {
        get { facts.whole(.computeInstanceID) }
        set { facts.set(.computeInstanceID, newValue) }
    }

    /// Memory of its GPU instance.
    public var memoryTotalBytes: Reading<Int64> {
        get { facts.integer(.memoryTotalBytes) }
        set { facts.set(.memoryTotalBytes, newValue) }
    }

    /// Memory in use of its GPU instance.
    public var memoryUsedBytes: Reading<Int64> {
        get { facts.integer(.memoryUsedBytes) }
        set { facts.set(.memoryUsedBytes, newValue) }
    }

    /// Its multiprocessors.
    public var multiprocessorCount: Reading<Int> {
        get { facts.whole(.multiprocessorCount) }
        set { facts.set(.multiprocessorCount, newValue) }
    }
}
