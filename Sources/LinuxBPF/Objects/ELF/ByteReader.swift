/// Bytes read as numbers of one byte order; each read is checked.
struct ByteReader {
    let bytes: [UInt8]
    let isBigEndian: Bool

    /// The number at an offset.
    ///
    /// - Throws: ``ELFFault`` if it is not within the bytes
    func number<Number: FixedWidthInteger>(_ offset: Int, as type: Number.Type = Number.self) throws(ELFFault) -> Number
    {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<Number>.size else { throw .outside(offset) }
        let number = unsafe bytes.withUnsafeBytes { unsafe $0.loadUnaligned(fromByteOffset: offset, as: Number.self) }
        return isBigEndian ? Number(bigEndian: number) : Number(littleEndian: number)
    }

    /// A 64-bit number that must be an offset or size within memory.
    ///
    /// - Throws: ``ELFFault`` if it is larger than any file
    func size(_ offset: Int) throws(ELFFault) -> Int {
        let number = try number(offset, as: UInt64.self)
        guard number <= UInt64(Int32.max) else { throw .tooLarge(number, at: offset) }
        return Int(number)
    }

    /// The text that starts at an offset and ends with a 0 before a limit.
    ///
    /// - Throws: ``ELFFault`` if there is none
    func text(_ offset: Int, before limit: Int) throws(ELFFault) -> String {
        guard offset >= 0, offset < limit, limit <= bytes.count, let end = bytes[offset..<limit].firstIndex(of: 0)
        else {
            throw .outside(offset)
        }
        return String(decoding: bytes[offset..<end], as: UTF8.self)
    }
}

/// The reason why an ELF file cannot be read.
enum ELFFault: Error, CustomStringConvertible {
    /// A part of the file is not within it, or not within its section.
    case outside(Int)
    /// An offset or size is larger than any file.
    case tooLarge(UInt64, at: Int)
    /// A rule of the format is broken.
    case broken(String)

    var description: String {
        switch self {
        case .outside(let offset): "the file refers to byte \(offset), which is not there"
        case .tooLarge(let number, let offset): "the size at byte \(offset) is \(number)"
        case .broken(let text): text
        }
    }
}
