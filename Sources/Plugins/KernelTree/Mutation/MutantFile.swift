import UserFiles

/// A plug-in with mutants, and copies of it in which one is chosen.
package struct MutantFile: Sendable {
    private var bytes: [UInt8]
    /// The place of the number.
    private let place: Int

    /// Reads a plug-in with mutants.
    ///
    /// - Throws: ``PluginError`` if it cannot be read, or has none
    package init(_ path: String) throws(PluginError) {
        bytes = try onFiles { () throws(FileError) in try FileReader.bytes(of: path) }
        let mark = Array(MutatedFunctions.mark.utf8)
        guard let end = bytes.firstRange(of: mark)?.upperBound, end + 4 <= bytes.count else {
            throw PluginError("\(path): has no mutants")
        }
        place = end
    }

    /// Writes a copy in which a mutant is chosen; 0 is the unchanged code.
    ///
    /// - Throws: ``PluginError`` if it cannot be written
    package mutating func write(_ number: Int, to path: String) throws(PluginError) {
        for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: number >> (8 * byte)) }
        let bytes = bytes
        try onFiles { () throws(FileError) in try OutputFile.write(bytes, to: path, mode: 0o777) }
    }
}
