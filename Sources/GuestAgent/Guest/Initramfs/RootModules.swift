/// The modules between the kernel and its root file system on this machine, by sysfs and mountinfo: the file system's own,
/// and the driver of each device from the disk up to its bus.
struct RootModules {
    let names: Set<String>

    init(_ root: SystemRoot) {
        var names: Set<String> = []
        if let mount = RootFilesystem.rootMount(root.textIfReadable("/proc/self/mountinfo") ?? "") {
            names.insert(mount.type)
            let name = mount.source.split(separator: "/").last.map { String($0) } ?? ""
            if let target =
                root.linkTarget("/sys/dev/block/\(mount.number)") ?? root.linkTarget("/sys/class/block/\(name)")
            {
                Self.collect(Self.device(target), root, &names, depth: 0)
            }
        }
        self.names = names
    }

    /// `../../devices/pci0000:00/…/block/vda/vda1` → the folder of sysfs.
    private static func device(_ target: String) -> String {
        "/sys/" + target.split(separator: "/").drop { $0 == ".." }.joined(separator: "/")
    }

    private static func collect(_ device: String, _ root: SystemRoot, _ names: inout Set<String>, depth: Int) {
        guard depth < 8 else { return }
        // LVM, encryption, RAID: what lies below.
        for slave in root.list(device + "/slaves") {
            names.insert("dm_mod")
            if let target = root.linkTarget("/sys/class/block/\(slave)") {
                collect(Self.device(target), root, &names, depth: depth + 1)
            }
        }
        var folder = device
        while folder.hasPrefix("/sys/devices/") {
            for link in [folder + "/driver/module", folder + "/driver"] {
                guard let name = root.linkTarget(link)?.split(separator: "/").last else { continue }
                names.insert(String(name.map { $0 == "-" ? "_" : $0 }))
            }
            guard let slash = folder.lastIndex(of: "/") else { break }
            folder = String(folder[..<slash])
        }
    }
}
