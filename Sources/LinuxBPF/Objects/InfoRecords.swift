/// The records of a `func_info` or `line_info` table, copied.
///
/// The size of a record is that of whoever made the table; what a newer one has behind the words known here is passed over.
///
/// - Source: `include/uapi/linux/bpf.h`, `struct bpf_func_info`, `struct bpf_line_info`
struct InfoRecords {
    /// The whole table.
    private var words: [UInt32]
    /// How many words one record has.
    private var stride: Int
    /// How many records there are.
    var count: Int { stride == 0 ? 0 : words.count / stride }

    /// Copies a table; `size` in bytes.
    init(_ records: UnsafeRawPointer?, count: UInt32, size: UInt32) {
        stride = Int(size) / 4
        guard let records = unsafe records else {
            words = []
            return
        }
        words = (0..<Int(count) * stride).map { number in
            unsafe records.loadUnaligned(fromByteOffset: number * 4, as: UInt32.self)
        }
    }

    /// One word of each record; 0 where records are too short to have it.
    func words(at place: Int) -> [UInt32] {
        (0..<count).map { place < stride ? words[$0 * stride + place] : 0 }
    }
}
