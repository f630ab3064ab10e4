import Contract

/// The root file system, the partition it is on and the disk below.
public struct RootFilesystem: Sendable {
    private let guest: Guest

    /// The root file system of `guest`.
    public init(_ guest: Guest) {
        self.guest = guest
    }

    /// What is mounted at "/", as far as growing it goes.
    public struct Layout: Equatable, Sendable {
        /// "/dev/vda1"
        public var device: String
        /// "ext4", "xfs", "btrfs".
        public var type: String
        /// "vda", nil where the root is not a plain partition (LVM, RAID, a whole disk).
        public var disk: String?
        public var partition: Int?
        /// Bytes of the disk that lie behind the partition.
        public var bytesBehind: Int64
        /// Bytes of the partition, nil where the root is not a plain one.
        public var partitionBytes: Int64?
        /// Bytes of the file system, without what it needs for itself (inode tables, a journal).
        public var filesystemBytes: Int64

        /// How much of the partition the file system covers, in percent; 100 where that is not known.
        public var coverage: Int64 {
            guard let partitionBytes, partitionBytes > 0 else { return 100 }
            return filesystemBytes * 100 / partitionBytes
        }

        /// Below it the file system is grown: something between partx and resize2fs ended an earlier attempt. What a file
        /// system needs for itself is less than the rest; where it is not, growing it again changes nothing.
        public static let wantedCoverage: Int64 = 90
        /// Below it the file system cannot have been grown, however much it needs for itself.
        public static let leastCoverage: Int64 = 80

        /// Less than this is alignment and the backup GPT, not room.
        public static let worthGrowing: Int64 = 32 << 20
    }

    /// Finds it in /proc/self/mountinfo and sysfs.
    public func layout() throws -> Layout {
        let mounts = try guest.root.text("/proc/self/mountinfo")
        guard let mount = Self.rootMount(mounts) else {
            throw Failure.guest(
                .guestSpace, "grow the root file system", "No file system is mounted at /.",
                evidence: mounts.lines.lastLines(5), remedy: "Leave --disk-size out.")
        }
        var layout = Layout(
            device: mount.source, type: mount.type, disk: nil, partition: nil, bytesBehind: 0,
            partitionBytes: nil, filesystemBytes: try guest.root.filesystemBytes(at: "/"))
        // /sys/dev/block/254:1 → ../../devices/…/block/vda/vda1; btrfs has an anonymous number: go by the name then.
        let name = mount.source.split(separator: "/").last.map { String($0) } ?? ""
        let target =
            guest.root.linkTarget("/sys/dev/block/\(mount.number)") ?? guest.root.linkTarget("/sys/class/block/\(name)")
        let parts = (target ?? "").split(separator: "/").map { String($0) }
        guard parts.count >= 2, let partition = parts.last else { return layout }
        let disk = parts[parts.count - 2]
        let folder = "/sys/block/\(disk)"
        func number(_ path: String) -> Int64? { guest.root.attribute(path).flatMap { Int64($0) } }
        guard let index = number("\(folder)/\(partition)/partition"),
            let start = number("\(folder)/\(partition)/start"),
            let size = number("\(folder)/\(partition)/size"), let all = number("\(folder)/size")
        else { return layout }
        // A partition behind ours ends the room, wherever it is.
        let next = guest.root.list(folder).compactMap { number("\(folder)/\($0)/start") }.filter { $0 > start }.min()
        layout.device = "/dev/\(partition)"
        layout.disk = disk
        layout.partition = Int(index)
        layout.partitionBytes = size * 512
        layout.bytesBehind = ((next ?? all) - start - size) * 512
        return layout
    }

    static func rootMount(_ mountinfo: String) -> (number: String, type: String, source: String)? {
        // 22 1 254:1 / / rw,noatime shared:1 - ext4 /dev/vda1 rw
        for line in mountinfo.lines.reversed() {
            let words = line.words
            guard words.count > 8, words[4] == "/", let dash = words.firstIndex(of: "-"), words.count > dash + 2
            else { continue }
            return (words[2], words[dash + 1], words[dash + 2])
        }
        return nil
    }

    /// Grows partition and file system over the room behind. Throws ``FailureCode/guestSpace``.
    public func grow(_ layout: Layout) async throws {
        for command in try commands(for: layout) { try await run(command) }
    }

    /// What grows them. Throws ``FailureCode/guestSpace`` for a file system that is not grown.
    public func commands(for layout: Layout) throws -> [Command] {
        var commands: [Command] = []
        if let disk = layout.disk, let partition = layout.partition, layout.bytesBehind >= Layout.worthGrowing {
            // ",+" keeps the start and takes all the room; sfdisk moves the backup GPT itself. The disk is in use: the
            // kernel is told afterwards, by partx.
            commands.append(
                Command(
                    ["sfdisk", "--no-reread", "--no-tell-kernel", "--force", "-N", "\(partition)", "/dev/\(disk)"],
                    input: ",+\n"))
            commands.append(Command(["partx", "--update", "--nr", "\(partition)", "/dev/\(disk)"]))
        }
        switch layout.type {
        case "ext2", "ext3", "ext4": commands.append(Command(["resize2fs", layout.device], deadline: .seconds(600)))
        case "xfs": commands.append(Command(["xfs_growfs", "/"], deadline: .seconds(600)))
        case "btrfs":
            commands.append(Command(["btrfs", "filesystem", "resize", "max", "/"], deadline: .seconds(600)))
        default:
            throw Failure.guest(
                .guestSpace, "grow the root file system", "A root file system of type \(layout.type) is not grown.",
                remedy: "Grow it in the image and leave --disk-size out.")
        }
        return commands
    }

    private func run(_ command: Command) async throws {
        let result = try await guest.runner.run(command)
        guard result.succeeded else {
            throw Failure.command(
                command, result, code: .guestSpace, operation: "grow the root file system",
                remedy: "Grow partition and file system in the image, and leave --disk-size out.")
        }
    }
}
