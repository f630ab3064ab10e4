/// Where a document of nvidia-smi's begins in a text that may have something before it.
enum XMLStart {
    private static let beginnings = ["<?xml", "<!DOCTYPE", "<nvidia_smi_log"].map { Array($0.utf8) }
    /// How much of a text's end may be the first bytes of a document.
    static let longest = 15

    /// The first beginning in `bytes`. One that is cut by the end of `bytes` counts where something follows.
    static func find(in bytes: ArraySlice<UInt8>, isLast: Bool) -> Int? {
        var index = bytes.startIndex
        while let start = bytes[index...].firstIndex(of: UInt8(ascii: "<")) {
            let rest = bytes[start...]
            for beginning in beginnings {
                if rest.starts(with: beginning) { return start }
                if !isLast, rest.count < beginning.count, beginning.starts(with: rest) { return start }
            }
            index = start + 1
        }
        return nil
    }
}
