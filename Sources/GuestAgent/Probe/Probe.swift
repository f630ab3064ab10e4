/// gpu-probe.c, compiled in the guest: a program that was built elsewhere would need that machine's C library.
public enum Probe {
    /// Its source.
    public static var source: String { String(decoding: PackageResources.gpu_probe_c, as: UTF8.self) }
}
