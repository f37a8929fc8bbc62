import BPF

/// Where the verifier writes; grown when a log does not fit.
struct LogBuffer: ~Copyable {
    /// How long a log may be.
    ///
    /// - Units: bytes
    /// - Source: `kernel/bpf/log.c`, `bpf_verifier_log_attr_valid`: less than 2^30
    static let limit = 1 << 30 - 1

    /// How long the end of a log is made to be before it is taken for enough.
    ///
    /// - Units: bytes
    static let longEnd = 1 << 21

    private var storage = RowStorage<UInt8>(capacity: 1 << 18)

    var row: Row<Slot, UInt8> { storage.row() }

    /// Forgets what was written.
    func clear() { row[Slot(0)] = 0 }

    /// Makes the buffer eight times as long; gives whether that was still allowed.
    mutating func grow() -> Bool {
        if row.capacity >= Self.limit { return false }
        storage.reserve(min(row.capacity * 8, Self.limit))
        return true
    }

    /// What was written, up to its end mark.
    ///
    /// - Complexity: O(bytes)
    var text: String {
        let row = row
        var length = 0
        while length < row.capacity && row[Slot(length)] != 0 { length += 1 }
        return String(decoding: row.array(count: length), as: UTF8.self)
    }
}
