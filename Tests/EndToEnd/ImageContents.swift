import FoundationEssentials
import Subprocess
import SystemPackage
import Testing

/// What an image holds in the places that provisioning touches, read without booting it: file types, modes, owners and
/// digests below /etc, /boot, /usr/local and /usr/lib/modules, and the versions of the installed packages. No time stamps.
struct ImageContents: Sendable {
    /// Path → "type mode owner" and the target of a link or the digest of a file; "package NAME" → its version.
    private(set) var entries: [String: String]

    /// Reads a disk image of Scripts/make-guest-image by debugfs: no mount and no boot, so that reading changes nothing.
    init(of image: String, in folder: String) async throws {
        let work = "\(folder)/contents-\(UUID().uuidString.prefix(8))"
        try FileManager.default.createDirectory(atPath: work, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: work) }
        let result = try await Subprocess.run(
            .name("bash"), arguments: ["-euo", "pipefail", "-c", Self.script, "contents", image, work],
            output: .string(limit: 32 << 20), error: .string(limit: 1 << 20))
        try #require(result.terminationStatus.isSuccess, "\(result.standardError)")
        let lines = result.standardOutput.split(separator: "\n")
        entries = Dictionary(
            lines.map { line in
                let parts = line.split(separator: "\t", maxSplits: 1).map { String($0) }
                return (parts[0], parts.count > 1 ? parts[1] : "")
            }, uniquingKeysWith: { $1 })
        try #require(entries["/etc/fstab"] != nil && entries.count > 1000, "\(image) could not be read")
    }

    /// An initramfs holds time stamps: what counts is the list of its entries with modes, sizes and sums.
    private static let script = #"""
        PATH=$PATH:/usr/sbin:/sbin
        image=$1 work=$2
        qemu-img convert -O raw "$image" "$work/disk.raw"
        # The last partition is the root file system, whatever the table.
        start=$(sfdisk --json "$work/disk.raw" | sed -n 's/.*"start": *\([0-9]*\).*/\1/p' | tail -n 1)
        mkdir "$work/root"
        disk="$work/disk.raw?offset=$((start * 512))"
        debugfs -f - "$disk" >"$work/debugfs.log" 2>&1 <<COMMANDS
        rdump /etc $work/root
        rdump /boot $work/root
        rdump /usr/local $work/root
        rdump /usr/lib/modules $work/root
        dump /var/lib/dpkg/status $work/status
        COMMANDS
        rm "$work/disk.raw"
        cd "$work/root"
        mkdir -p usr/lib
        mv local modules usr/
        mv usr/modules usr/lib/
        for initramfs in boot/initr*; do
            case $(head -c 4 "$initramfs" | od -An -tx1 | tr -d ' ') in
            28b52ffd) zstd -qdc "$initramfs" ;;
            1f8b*) gzip -dc "$initramfs" ;;
            *) continue ;;
            esac >"$work/cpio"
            perl -e 'binmode STDIN; undef $/; $_ = <STDIN>;
                for (my $at = 0; substr($_, $at, 6) eq "070701";) {
                    my @field = map { hex } unpack "x6 (A8)13", substr $_, $at, 110;
                    my ($mode, $size, $length) = @field[1, 6, 11];
                    my $name = substr $_, $at + 110, $length - 1;
                    $at = ($at + 110 + $length + 3) & ~3;
                    printf "%s %o %d %d\n", $name, $mode, $size, unpack "%32C*", substr $_, $at, $size;
                    $at = ($at + $size + 3) & ~3;
                    last if $name eq "TRAILER!!!";
                }' <"$work/cpio" | sort >"$initramfs.list"
            grep -q TRAILER "$initramfs.list"
            mv "$initramfs.list" "$initramfs"
        done
        find . -type f -printf '%P\0' | xargs -0 sha256sum | sed -E 's/^([0-9a-f]{64})  /\1\t/' >"$work/sums"
        awk -F '\t' -v OFS='\t' 'NR == FNR { sum[$2] = $1; next } { $2 = $2 ($1 in sum ? " " sum[$1] : ""); print "/" $0 }' \
            "$work/sums" <(find . -mindepth 1 -printf '%P\t%y %m %U:%G %l\n')
        awk '/^Package: / { name = $2 } /^Status: / { status = $4 } /^Version: / { print "package " name "\t" status " " $2 }' \
            "$work/status"
        """#

    /// One line for each entry in which two images differ, sorted; entries for which `allowed` holds are left out.
    func differences(from other: ImageContents, except allowed: (String) -> Bool) -> [String] {
        Set(entries.keys).union(other.entries.keys).sorted().filter { entries[$0] != other.entries[$0] && !allowed($0) }
            .map { "\($0): \(other.entries[$0] ?? "not there") → \(entries[$0] ?? "not there")" }
    }

    /// What two boots of one image never have in common.
    static func isMadeAtFirstBoot(_ path: String) -> Bool {
        path == "/etc/machine-id" || path.hasPrefix("/etc/ssh/ssh_host_") || path.hasPrefix("/etc/.pwd.lock")
    }
}
