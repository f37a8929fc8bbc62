import Glibc

/// Searches bytes with memchr(3). Headers have megabytes, and the generic search is slow in debug builds.
enum ByteSearch {
    /// The offset of the first occurrence at or after an offset, or `nil`.
    static func first(_ text: String, in bytes: [UInt8], from start: Int = 0) -> Int? {
        let wanted = Array(text.utf8)
        return unsafe bytes.withUnsafeBytes { all -> Int? in
            guard let base = all.baseAddress, let first = wanted.first else { return nil }
            var at = start
            while at + wanted.count <= all.count {
                guard let found = unsafe memchr(base + at, Int32(first), all.count - at - wanted.count + 1) else {
                    return nil
                }
                at = unsafe UnsafeRawPointer(found) - base
                if unsafe memcmp(base + at, wanted, wanted.count) == 0 { return at }
                at += 1
            }
            return nil
        }
    }

    /// All occurrences.
    static func all(_ text: String, in bytes: [UInt8]) -> [Int] {
        var found: [Int] = []
        var start = 0
        while let at = first(text, in: bytes, from: start) {
            found.append(at)
            start = at + 1
        }
        return found
    }
}
