/// What the first MiB of a disk tells of how it boots. Pure.
public struct DiskLayout: Equatable, Sendable {
    /// GUID partition table ("EFI PART" in the second sector).
    public var hasGPT: Bool
    /// There is code in the first 440 bytes: a BIOS finds something to run.
    public var hasBootCode: Bool
    /// An EFI system partition: MBR type ef, or its GPT type.
    public var hasESP: Bool

    /// Reads a disk's first bytes (512-byte sectors); nil where there is no partition table: then it is no disk.
    public init?(firstBytes bytes: [UInt8]) {
        guard bytes.count >= 512, bytes[510] == 0x55, bytes[511] == 0xaa else { return nil }
        hasBootCode = bytes[..<440].contains { $0 != 0 }
        let mbrTypes = (0..<4).map { bytes[446 + 16 * $0 + 4] }
        hasGPT = bytes.count >= 1024 && bytes[512..<520].elementsEqual("EFI PART".utf8)
        hasESP = mbrTypes.contains(0xef)
        if hasGPT {
            hasESP = hasESP || Self.partitionTypes(bytes).contains(Self.systemPartition)
        } else if !mbrTypes.contains(where: { $0 != 0 }) {
            // A boot sector of a file system, or a text that happens to end so: no partition is described.
            return nil
        }
    }

    /// Which firmware starts it. Both present: BIOS, which every machine type has.
    public var firmware: FirmwareNeed {
        if hasBootCode { return .bios }
        return hasESP ? .uefi : .unknown
    }

    /// C12A7328-F81F-11D2-BA4B-00A0C93EC93B as it lies on disk (the first three fields little-endian).
    private static let systemPartition: [UInt8] = [
        0x28, 0x73, 0x2a, 0xc1, 0x1f, 0xf8, 0xd2, 0x11, 0xba, 0x4b, 0x00, 0xa0, 0xc9, 0x3e, 0xc9, 0x3b,
    ]

    /// Types of the GPT's entries. The header's numbers come from the image and are bounded here.
    private static func partitionTypes(_ bytes: [UInt8]) -> [[UInt8]] {
        func number(at offset: Int, bytes count: Int) -> Int? {
            let value = bytes[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            return Int(exactly: value)
        }
        guard let firstSector = number(at: 512 + 72, bytes: 8), firstSector < 2048,
            let count = number(at: 512 + 80, bytes: 4), let size = number(at: 512 + 84, bytes: 4), size >= 128,
            size <= 4096
        else { return [] }
        return (0..<min(count, 256)).compactMap { index in
            let offset = firstSector * 512 + index * size
            return offset + 16 <= bytes.count ? Array(bytes[offset..<offset + 16]) : nil
        }
    }
}

/// The firmware that an image needs.
public enum FirmwareNeed: String, Codable, Sendable {
    case bios
    /// An EFI system partition and no boot code: SeaBIOS would find nothing.
    case uefi
    /// Neither boot code nor an EFI system partition.
    case unknown
}

/// Looks at the image's first MiB, as the guest would see it.
///
/// - Parameters:
///   - imagePath: Any format that qemu-img reads; the image is not locked.
///   - format: As ``QemuImg/info(_:)`` said.
/// - Returns: What its partition table and boot code say; ``FirmwareNeed/unknown`` without either.
/// - Throws: As ``QemuImg`` does.
public func bootFirmware(of imagePath: String, format: String) async throws -> FirmwareNeed {
    let bytes = try await QemuImg.firstBytes(of: imagePath, format: format)
    return DiskLayout(firstBytes: bytes)?.firmware ?? .unknown
}
