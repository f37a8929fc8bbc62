/// Changes a little-endian ELF file: numbers in place, and new sections and names at its end.
struct ELFEditor {
    private(set) var bytes: [UInt8]
    private let file: ELFFile
    /// The names of all sections, with new ones at the end.
    private var names: [UInt8]
    /// The headers of new sections.
    private var headers: [UInt8] = []
    private var newCount = 0

    /// - Units: bytes
    private static let headerSize = 64

    init(_ file: ELFFile) {
        self.file = file
        bytes = file.reader.bytes
        names = Array(bytes[file.sections[file.namesIndex].bytes])
    }

    /// Writes a number at an offset, which must be within the file.
    mutating func set<Number: FixedWidthInteger>(_ number: Number, at offset: Int) {
        for byte in 0..<MemoryLayout<Number>.size {
            bytes[offset + byte] = UInt8(truncatingIfNeeded: number >> Number(byte * 8))
        }
    }

    /// Renames a section.
    mutating func rename(_ section: ELFFile.Section, to name: String) { set(add(name: name), at: section.header) }

    /// Replaces the contents of a section.
    mutating func replace(_ section: ELFFile.Section, with contents: [UInt8]) {
        set(UInt64(append(contents)), at: section.header + 24)
        set(UInt64(contents.count), at: section.header + 32)
    }

    /// Adds a section with contents that no other part of the file refers to yet; returns its index.
    ///
    /// - Parameter flags: `SHF_…`
    mutating func addSection(_ name: String, flags: UInt64 = 0, _ contents: [UInt8]) -> Int {
        let start = headers.count
        let (name, offset) = (add(name: name), append(contents))
        headers += Array(repeating: 0, count: Self.headerSize)
        func put(_ number: UInt64, at place: Int, bytes count: Int, into headers: inout [UInt8]) {
            for byte in 0..<count {
                headers[start + place + byte] = UInt8(truncatingIfNeeded: number >> UInt64(byte * 8))
            }
        }
        put(UInt64(name), at: 0, bytes: 4, into: &headers)
        put(1, at: 4, bytes: 4, into: &headers)
        put(flags, at: 8, bytes: 8, into: &headers)
        put(UInt64(offset), at: 24, bytes: 8, into: &headers)
        put(UInt64(contents.count), at: 32, bytes: 8, into: &headers)
        put(8, at: 48, bytes: 8, into: &headers)
        newCount += 1
        return file.sections.count + newCount - 1
    }

    /// The changed file.
    mutating func finish() -> [UInt8] {
        replace(file.sections[file.namesIndex], with: names)
        // The headers are copied last, since other changes write to them.
        var table: [UInt8] = []
        for section in file.sections { table += bytes[section.header..<section.header + Self.headerSize] }
        set(UInt64(append(table + headers)), at: 40)
        set(UInt16(Self.headerSize), at: 58)
        set(UInt16(file.sections.count + newCount), at: 60)
        return bytes
    }

    private mutating func add(name: String) -> UInt32 {
        names += Array(name.utf8) + [0]
        return UInt32(names.count - name.utf8.count - 1)
    }

    private mutating func append(_ contents: [UInt8]) -> Int {
        bytes += Array(repeating: 0, count: (8 - bytes.count % 8) % 8)
        bytes += contents
        return bytes.count - contents.count
    }
}
