import Contract
import FoundationEssentials
import Host

/// What qemu-img says about a disk image.
public struct ImageInfo: Equatable, Sendable {
    /// "qcow2", "raw", "vmdk", "vdi", "vpc", "vhdx" …
    public var format: String
    /// The disk's size in the guest, bytes.
    public var virtualSize: Int64
    /// Bytes taken on the host's disk.
    public var actualSize: Int64
    /// The backing file as the image names it, resolved against the image's folder; nil for none.
    public var backingFile: String?
    /// The backing file's format, where the image says it.
    public var backingFormat: String?
    /// Not closed properly: its reference counts need a repair before it can be written.
    public var isDirty: Bool
    /// QEMU found its metadata broken and marked it; it can only be read.
    public var isCorrupt: Bool

    public init(
        format: String, virtualSize: Int64, actualSize: Int64, backingFile: String? = nil, backingFormat: String? = nil,
        isDirty: Bool = false, isCorrupt: Bool = false
    ) {
        self.format = format
        self.virtualSize = virtualSize
        self.actualSize = actualSize
        self.backingFile = backingFile
        self.backingFormat = backingFormat
        self.isDirty = isDirty
        self.isCorrupt = isCorrupt
    }
}

/// qemu-img, one function per command that the run needs.
///
/// Every function throws a ``Failure``: ``FailureCode/toolMissing``, ``FailureCode/imageUnreadable`` for an image that
/// cannot be understood, ``FailureCode/imageInUse`` where another process holds its lock, ``FailureCode/hostSpace`` for a
/// full disk, else ``FailureCode/commandFailed``.
public enum QemuImg {
    /// Looks at an image without locking it (`-U`), so that one in use can be looked at.
    ///
    /// qemu-img calls whatever it does not know "raw": a raw image must begin with a partition table, or it is refused.
    public static func info(_ path: String) async throws -> ImageInfo {
        let operation = "look at the image \(path)"
        let result = try await run(["info", "-U", "--output=json", "--", fileArgument(path)], operation, path: path)
        let info = try parse(info: result.output, of: path, operation: operation)
        if info.format == "raw" {
            let start = try await firstBytes(of: path, format: "raw")
            guard DiskLayout(firstBytes: start) != nil else {
                throw Failure(
                    .imageUnreadable, operation: operation,
                    message: "\(path) is no disk image: no known format, and neither an MBR nor a GPT at its start.",
                    remedy:
                        "Give the disk image itself (qcow2, raw, vmdk, vdi, vhdx), unpacked; an installation medium or"
                        + " an archive will not do.", side: .host)
            }
        }
        return info
    }

    /// Makes a qcow2 overlay: reads come from `backing`, writes go to `path`. `backing` is not written.
    ///
    /// - Parameters:
    ///   - path: The new file.
    ///   - backing: The image below; write it absolute, or relative to the folder of `path`.
    ///   - backingFormat: Its format as ``info(_:)`` said: never guessed, since a guest could write a header into a raw disk.
    ///   - size: Bytes, where the disk is to be larger than the image below.
    /// - Throws: As said above.
    public static func createOverlay(
        at path: String, backing: String, backingFormat: String, size: Int64? = nil
    ) async throws {
        let size = size.map { [String($0)] } ?? []
        _ = try await run(
            ["create", "-q", "-f", "qcow2", "-F", backingFormat, "-b", backing, "--", path] + size,
            "make an overlay of \(backing)", path: path)
    }

    /// Copies an image into another format; the copy has no backing file. An image that somebody writes to is refused
    /// (``FailureCode/imageInUse``): the copy would be torn.
    public static func convert(
        _ source: String, from sourceFormat: String, to path: String, as format: String = "qcow2",
        compressed: Bool = false
    ) async throws {
        let compression = compressed ? ["-c"] : []
        _ = try await run(
            ["convert", "-q", "-f", sourceFormat, "-O", format] + compression + [
                "--", fileArgument(source), path,
            ],
            "convert \(source) to \(format)", path: source)
    }

    /// Grows a qcow2 image to `size` bytes.
    public static func resize(_ path: String, to size: Int64) async throws {
        _ = try await run(
            ["resize", "-q", "-f", "qcow2", "--", path, String(size)], "grow \(path)", path: path)
    }

    /// Writes what the overlay holds into its backing file (`--in-place`) and leaves the overlay as it is: a commit that
    /// was interrupted can be done again.
    public static func commit(_ overlay: String) async throws {
        _ = try await run(
            ["commit", "-q", "-d", "-f", "qcow2", "--", overlay], "write the changes into the image", path: overlay)
    }

    /// Points an overlay at another place of the same backing image, without reading either (`rebase -u`): for an
    /// overlay that was renamed into another folder.
    public static func setBacking(of path: String, to backing: String, format: String) async throws {
        _ = try await run(
            ["rebase", "-q", "-u", "-f", "qcow2", "-F", format, "-b", backing, "--", path],
            "note the backing file of \(path)", path: path)
    }

    /// Checks a qcow2 image's metadata. Throws ``FailureCode/imageUnreadable`` where it has errors; leaked clusters only
    /// waste space and are no error.
    public static func check(_ path: String) async throws {
        let operation = "check \(path)"
        let result = try await runTool(
            "qemu-img", ["check", "-q", "-U", "-f", "qcow2", "--", path], package: package, operation: operation)
        // 0 good, 2 errors, 3 leaks only (qemu-img(1)).
        guard result.status == 0 || result.status == 3 else {
            throw failure(result, operation: operation, path: path, code: .imageUnreadable)
        }
    }

    /// Debian's name of the package that holds qemu-img.
    static let package = "qemu-utils"

    /// The first MiB of the guest's disk, less where the disk is shorter.
    static func firstBytes(of path: String, format: String) async throws -> [UInt8] {
        let operation = "read the start of \(path)"
        let copy = FileManager.default.temporaryDirectory.path() + "/provision-gpu-vm-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: copy) }
        _ = try await run(
            ["dd", "-U", "-f", format, "-O", "raw", "bs=1M", "count=1", "if=\(fileArgument(path))", "of=\(copy)"],
            operation, path: path)
        return FileManager.default.contents(atPath: copy).map { [UInt8]($0) } ?? []
    }

    /// A relative name such as "a:b.qcow2" would be read as a protocol.
    private static func fileArgument(_ path: String) -> String {
        path.hasPrefix("/") ? path : "./" + path
    }

    private static func run(_ arguments: [String], _ operation: String, path: String) async throws -> ToolResult {
        let result = try await runTool("qemu-img", arguments, package: package, operation: operation)
        guard result.status == 0 else { throw failure(result, operation: operation, path: path) }
        return result
    }
}
