/// What bounds the talk between sampler and host. The agent keeps to them; the host enforces them.
public enum TelemetryLimits {
    /// The longest line, in bytes, without its newline.
    public static let line = 256 << 10
    /// GPUs in a sample.
    public static let gpus = 32
    /// Programs of a GPU in a sample, and MIG devices.
    public static let processes = 32
    /// Characters of a text: a name, a reason.
    public static let text = 200
    /// A guest says something at least this often.
    public static let heartbeatSeconds = 5.0
    /// The virtio-serial port of QEMU, and /dev/virtio-ports/… in the guest.
    public static let portName = "org.provision-gpu-vm.telemetry"
}
