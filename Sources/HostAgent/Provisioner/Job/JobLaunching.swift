/// How a job's VM is launched.
extension Job {
    /// How often to try: a port that was taken meanwhile is replaced by the next free one, unless the user named it.
    var portAttempts: Int { sshPort == nil ? 5 : 1 }

    /// How long QEMU may take until it answers: a passed-through GPU pins all of the guest's memory before that; some GiB
    /// take a second.
    var launchDeadline: Duration {
        let isReal = if case .passthrough = gpu { true } else { false }
        let pinning = isReal || hugepages != nil ? memoryBytes >> 30 : 0
        return .seconds(60 + pinning)
    }
}
