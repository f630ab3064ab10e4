import Contract

/// The ports of 127.0.0.1 that a machine's QEMU listens on. QEMU alone knows whether it gets one: a port that is free now may be
/// another's a moment later. So it is tried, and what it did not get is chosen anew.
struct LoopbackPorts {
    /// That must be these and no others: somebody named them.
    let fixed: Set<UInt16>
    /// A port that is free now, chosen by the kernel.
    var free: () throws -> UInt16 = freeLoopbackPort
    /// Whether nobody listens on it now.
    var isFree: (UInt16) -> Bool = isLoopbackPortFree

    /// `spec` with a port for each forward that has none. Throws ``FailureCode/portUnavailable``.
    func chosen(_ spec: MachineSpecification) throws -> MachineSpecification {
        var spec = spec
        for index in (spec.forwards ?? []).indices where spec.forwards?[index].host == nil {
            let port = try unused(in: spec)
            spec.forwards?[index].host = port
        }
        return spec
    }

    /// `spec` with other ports in place of those that are taken now; nil where one of them may be no other. Who had it may have
    /// let go of it meanwhile: then `spec` as it is, to be tried again.
    func replaced(_ spec: MachineSpecification) throws -> MachineSpecification? {
        var spec = spec
        let taken = Set(([spec.sshPort] + (spec.forwards ?? []).compactMap(\.host)).filter { !isFree($0) })
        guard taken.isDisjoint(with: fixed) else { return nil }
        if taken.contains(spec.sshPort) {
            let other = try unused(in: spec)
            spec.sshPort = other
        }
        for index in (spec.forwards ?? []).indices {
            guard let port = spec.forwards?[index].host, taken.contains(port) else { continue }
            let other = try unused(in: spec)
            spec.forwards?[index].host = other
        }
        return spec
    }

    /// The kernel may offer again what it offered a moment ago, since nobody has bound it.
    private func unused(in spec: MachineSpecification) throws -> UInt16 {
        let used = fixed.union([spec.sshPort]).union((spec.forwards ?? []).compactMap(\.host))
        for _ in 0..<64 {
            let port = try free()
            if !used.contains(port) { return port }
        }
        throw Failure(
            .portUnavailable, operation: "find a free port", message: "The kernel offers no port that is not in use.",
            remedy: "Name ports with --ssh-port and --forward.", retryable: true, side: .host)
    }
}
