/// Headers in the layouts that the packers write, made for the tests.
enum Headers {
    /// NVIDIA's makeself 1.6.0-nv2: sums over line 4 to the end, the archive from line `skip` on.
    static func driver(
        version: String = "390.42", label: String? = nil, folder: String? = nil, architecture: String = "x86_64",
        crc: String = "135947311", md5: String = "16b6c939e15c2d201daa5decc95c7cb1",
        script: String = "./nvidia-installer", archive: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0]
    ) -> [UInt8] {
        let lines = [
            "#! /bin/sh", "CRCsum=\(crc)", "MD5=\(md5)", "skip=16", "skip_decompress=0", "size_decompress=0",
            "label=\"\(label ?? "NVIDIA Accelerated Graphics Driver for Linux-\(architecture) \(version)")\"",
            "version_string=\(version)", "pkg_version=0", "script=\(script)",
            "targetdir=\(folder ?? "NVIDIA-Linux-\(architecture)-\(version)")", "TARGET_OS=\"Linux\"",
            "TARGET_ARCH=\"\(architecture)\"", "version_string=overwritten", "exit 0",
        ]
        return Array((lines.joined(separator: "\n") + "\n").utf8) + archive
    }

    /// Upstream makeself, as it was with CUDA 9.1 (`style` before 2.4.3) and as it is now.
    static func makeself(
        modern: Bool, label: String = "CUDA", sizes: [Int] = [20], crc: String = "1679344230",
        md5: String = "F3C4A3A4AAE65F88A4A3BEE165D42306", sha: String? = nil, payload: [UInt8]? = nil
    ) -> [UInt8] {
        let list = sizes.map(String.init).joined(separator: " ")
        var lines = [
            "#!/bin/sh", "# This script was generated using Makeself 2.1.4", "", "CRCsum=\"\(crc)\"", "MD5=\"\(md5)\"",
        ]
        if let sha { lines.append("SHA=\"\(sha)\"") }
        lines += ["", "label=\"\(label)\"", "script=\"./installer\"", "targetdir=\"x\"", "filesizes=\"\(list)\""]
        if modern { lines.append("totalsize=\"\(sizes.reduce(0, +))\"") }
        let count = lines.count + 3
        lines +=
            modern
            ? ["skip=\"\(count)\"", "    offset=`head -n \"$skip\" \"$1\" | wc -c | tr -d \" \"`", "eval $finish"]
            : ["keep=y", "    offset=`head -n \(count) \"$1\" | wc -c | tr -d \" \"`", "eval $finish"]
        let archive: [UInt8] = payload ?? [0x1f, 0x8b] + Array(repeating: 7, count: max(0, sizes.reduce(0, +) - 2))
        return Array((lines.joined(separator: "\n") + "\n").utf8) + archive
    }
}
