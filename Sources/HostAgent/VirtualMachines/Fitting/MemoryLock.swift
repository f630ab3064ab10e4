public import Contract
public import Host

/// Why this process cannot start a guest with a passed-through GPU of so much memory; nil where it can.
///
/// VFIO pins all of the guest's memory and counts it against RLIMIT_MEMLOCK, unless QEMU has CAP_IPC_LOCK
/// (vfio_lock_acct in drivers/vfio/vfio_iommu_type1.c of Linux). The soft limit is lifted for QEMU
/// (``MachineProcess/spawn(_:_:folder:log:liftingMemoryLock:)``); the hard one only CAP_SYS_RESOURCE lifts.
///
/// - Parameters:
///   - memoryBytes: The guest's memory.
///   - tree: The host (``HostProbe/memoryLock``, /proc/self/status). What it does not tell is taken to be well.
public func memoryLockProblem(memoryBytes: Int64, tree: some HostTree) async -> Failure? {
    guard let answer = await tree.answer(.memoryLock), answer.status == 0,
        let hard = answer.text.split(whereSeparator: \.isWhitespace).last, let limit = Int64(hard), limit < memoryBytes
    else { return nil }
    let ipcLock: UInt64 = 1 << 14
    let sysResource: UInt64 = 1 << 24
    let capabilities = statusField("CapEff", tree).flatMap { UInt64($0, radix: 16) }
    guard let capabilities, capabilities & (ipcLock | sysResource) == 0 else { return nil }
    return Failure(
        .hostMemory, operation: "pin the guest's memory",
        message: "A passed-through GPU pins the guest's \(memoryBytes >> 20) MiB of memory; this user may lock"
            + " \(limit >> 20) MiB.",
        evidence: ["ulimit -H -l: \(limit >> 10)", "CapEff has neither CAP_IPC_LOCK nor CAP_SYS_RESOURCE"],
        remedy: "As root: write `USER - memlock unlimited` (with this user's name) to"
            + " /etc/security/limits.d/provision-gpu-vm.conf, and log in anew; or give less with --memory.", side: .host
    )
}

/// A shell's words that lift the limit on locked memory as far as it goes and become the program given after them.
///
/// The limit must stand before QEMU begins, and only for QEMU: raised in this process it would be every child's, and set on the
/// running QEMU it might come too late.
let memoryLockLift = #"ulimit -l unlimited 2>/dev/null || ulimit -l "$(ulimit -H -l)"; exec "$@""#
