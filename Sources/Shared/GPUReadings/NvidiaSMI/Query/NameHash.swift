/// A name as a number: eight bytes at a time, since each element of a document is looked up by it.
enum NameHash {
    /// As with ``FactStore/hash(_:_:)``, 64 bits stand for the name: who makes two names collide could as well have written
    /// the other one.
    static func of(_ name: UnsafeRawBufferPointer) -> UInt64 {
        let count = name.count
        var hash = UInt64(truncatingIfNeeded: count)
        guard count >= 8 else {
            for byte in name { hash = hash << 8 | UInt64(byte) }
            return mixed(hash)
        }
        var index = 0
        while index + 8 < count {
            hash = mixed(hash ^ name.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            index += 8
        }
        // The last eight, some of them for a second time.
        return mixed(hash ^ name.loadUnaligned(fromByteOffset: count - 8, as: UInt64.self))
    }

    private static func mixed(_ value: UInt64) -> UInt64 {
        let product = value &* 0x9e37_79b9_7f4a_7c15
        return product ^ product >> 32
    }
}
