/// Which of the files that processes have open this tool looks at, and a recording keeps: what else they have open is
/// nobody's business.
public enum ProcessFiles {
    /// Whether a path is a node through which a GPU is used: NVIDIA's, VFIO's, or of the kernel's display drivers.
    public static func isGPUNode(_ path: String) -> Bool {
        ["/dev/nvidia", "/dev/vfio/", "/dev/dri/"].contains { path.hasPrefix($0) }
    }

    /// The process of "/proc/PID/fd" and what lies in it.
    static func isOpenFiles(_ path: String) -> Bool {
        let names = path.split(separator: "/")
        return names.count >= 3 && names[0] == "proc" && names[2] == "fd"
    }
}
