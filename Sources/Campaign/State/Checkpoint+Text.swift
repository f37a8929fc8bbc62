import Foundation

extension Checkpoint {
    /// The form of the file and the meaning of its seeds: another number for every change that makes an older program misread
    /// the file, or makes other cases of the same seed and index. A state of another format is refused.
    ///
    /// Since 4 the generator draws by name, and a seed has other cases than before. Since 5 a state holds a configuration in
    /// place of a command line.
    static let format = 5

    private static let title = "bpf-patch-fuzz checkpoint "
    private static let seal = "fnv1a64 "

    /// Why a file is no checkpoint.
    enum Fault: Error, Equatable {
        /// It is of another format, which this program does not know.
        case format(String)
        /// It is not what was once written: cut off, or changed.
        case damage
    }

    /// Three lines: what it is and its format, JSON, and the fingerprint of the two.
    ///
    /// The first is read before all else, whatever the rest has become in another version.
    ///
    /// - Throws: what JSON cannot hold; nothing here is such
    func print() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var bytes = Data((Checkpoint.title + "\(Checkpoint.format)\n").utf8)
        bytes += try encoder.encode(self)
        bytes.append(10)
        return bytes + Data((Checkpoint.seal + "\(Fingerprint(bytes))\n").utf8)
    }

    /// Reads what ``print()`` has written, to the last byte.
    ///
    /// - Throws: ``Fault``
    static func parse(_ bytes: Data) throws(Fault) -> Checkpoint {
        let lines = bytes.split(separator: 10, omittingEmptySubsequences: false)
        let first = String(decoding: lines[0], as: UTF8.self)
        guard lines.count > 1, first.hasPrefix(title) else { throw .damage }
        let number = String(first.dropFirst(title.count))
        if number != String(format) { throw .format(number) }
        guard lines.count == 4, lines[3].isEmpty else { throw .damage }
        let body = bytes[lines[0].startIndex...lines[1].endIndex]
        guard lines[2] == Data((seal + "\(Fingerprint(body))").utf8),
            let found = try? JSONDecoder().decode(Checkpoint.self, from: Data(lines[1])), !found.parts.isEmpty,
            found.isSound
        else { throw .damage }
        return found
    }

    /// What a number in a checkpoint may be at most, so that sums of many of them are numbers.
    ///
    /// All cases of all seeds would not be run in the time that the sun has left.
    private static let most: UInt64 = 1 << 61

    /// Returns true if no number is one that this program never writes, and that it could not count with.
    private var isSound: Bool {
        var numbers = [next, epoch.end, tail?.block ?? 0, tail?.cases ?? 0]
        numbers += tail?.sightings.map(\.count) ?? []
        numbers += tail?.counts?.values.map { $0 } ?? []
        for part in parts {
            numbers.append(part.cases)
            numbers += part.counts?.values.map { $0 } ?? []
        }
        numbers += entries.map(\.sightings)
        return numbers.allSatisfy { $0 <= Self.most } && epoch.start <= epoch.end
            && parts.allSatisfy { (0...Double(Self.most)).contains($0.seconds) && $0.configuration.budget.jobs > 0 }
    }
}
