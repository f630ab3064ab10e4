import Contract
import Host

/// What the user asked for.
public enum AcceleratorRequest: String, Codable, Sendable, CaseIterable {
    /// KVM where it works, else TCG.
    case auto
    case kvm
    case tcg
}

/// What will run the guest, and why.
public struct AcceleratorChoice: Sendable, Equatable {
    public var accelerator: Accelerator
    /// One clause for the report: "KVM works", "/dev/kvm: Permission denied".
    public var reason: String

    public init(accelerator: Accelerator, reason: String) {
        self.accelerator = accelerator
        self.reason = reason
    }
}

/// Chooses what runs the guest, by looking at this host.
///
/// KVM is chosen only where it is proven: /dev/kvm can be there and still not run a guest (facts: "Host"), so the
/// processor's flags are read and a VM is created and thrown away. Throws a ``Failure`` with
/// ``FailureCode/optionInvalid`` where KVM was asked for and does not work.
public func chooseAccelerator(_ request: AcceleratorRequest) throws -> AcceleratorChoice {
    try chooseAccelerator(request, obstacle: request == .tcg ? nil : obstacleToKVM(LiveHost()))
}

/// The pure part: `obstacle` says why KVM cannot be used; nil where it can.
func chooseAccelerator(_ request: AcceleratorRequest, obstacle: String?) throws -> AcceleratorChoice {
    switch (request, obstacle) {
    case (.tcg, _):
        return AcceleratorChoice(accelerator: .tcg, reason: "asked for")
    case (.auto, nil), (.kvm, nil):
        return AcceleratorChoice(accelerator: .kvm, reason: "KVM works")
    case (.auto, let obstacle?):
        return AcceleratorChoice(accelerator: .tcg, reason: obstacle)
    case (.kvm, let obstacle?):
        throw Failure(
            .optionInvalid, operation: "use KVM", message: "KVM does not work on this host: \(obstacle).",
            evidence: [obstacle],
            remedy: "Switch virtualization (VT-x, AMD-V, or nesting) on, give this user access to /dev/kvm (group kvm),"
                + " or leave the choice to the tool; TCG works everywhere and is slow.", side: .host)
    }
}

/// Whether /proc/cpuinfo tells of hardware virtualization.
func hasVirtualizationFlag(cpuinfo: String) -> Bool {
    cpuinfo.split(separator: "\n").lazy.filter { $0.hasPrefix("flags") }
        .contains { $0.split(whereSeparator: \.isWhitespace).contains { $0 == "vmx" || $0 == "svm" } }
}

private func obstacleToKVM(_ host: LiveHost) -> String? {
    let status = LiveHost.createAndDropVM()
    guard hasVirtualizationFlag(cpuinfo: host.text("/proc/cpuinfo") ?? "") else {
        return host.exists("/dev/kvm")
            ? "/dev/kvm is there, but /proc/cpuinfo shows neither vmx nor svm" : "/dev/kvm: \(errorText(status))"
    }
    return status == 0 ? nil : "KVM_CREATE_VM: \(errorText(status))"
}
