/// The rowid of a GPU's minute or hour: the GPU's number above, the minutes since 1970 in the lower 32 bits, so that a range of
/// time of a GPU is a range of rows.
enum StoreRow {
    static func id(_ gpu: Int64, _ start: Int64) -> Int64 {
        gpu << 32 | min(max(start, 0), Int64(UInt32.max))
    }

    static func start(_ id: Int64) -> Int64 { id & Int64(UInt32.max) }
}
