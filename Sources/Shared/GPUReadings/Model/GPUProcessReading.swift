/// A program that uses a GPU, or used it.
public struct GPUProcessReading: FactReading {
    public var facts = FactStore()

    /// Nothing is known of it.
    public init() {}

    init(_ facts: FactStore) { self.facts = facts }
}

extension GPUProcessReading {
    /// In the name space of nvidia-smi.
    public var pid: Reading<Int> {
        get { facts.whole(.pid) }
        set { facts.set(.pid, newValue) }
    }

    /// The command; empty or missing in a container. The table cuts it at the left.
    public var name: Reading<String> {
        get { facts.text(.name) }
        set { facts.set(.name, newValue) }
    }

    /// "C" computes, "G" draws, "C+G" does both; missing up to 340.
    public var type: Reading<String> {
        get { facts.text(.type) }
        set { facts.set(.type, newValue) }
    }

    /// Memory of the GPU that it holds. Not applicable on Windows.
    public var usedMemoryBytes: Reading<Int64> {
        get { facts.integer(.usedMemoryBytes) }
        set { facts.set(.usedMemoryBytes, newValue) }
    }

    /// The MIG GPU instance in which it runs.
    public var gpuInstanceID: Reading<Int> {
        get { facts.whole(.gpuInstanceID) }
        set { facts.set(.gpuInstanceID, newValue) }
    }

    /// The MIG compute instance in which it runs.
    public var computeInstanceID: Reading<Int> {
        get { facts.whole(.computeInstanceID) }
        set { facts.set(.computeInstanceID, newValue) }
    }
}
