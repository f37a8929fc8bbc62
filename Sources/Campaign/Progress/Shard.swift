/// One of several equal parts of a campaign: every `count`-th block of indices.
///
/// All parts together are the campaign, whichever machine each of them runs on.
package struct Shard: Hashable, Sendable, Codable, LosslessStringConvertible {
    /// The number of the part, counted from 1.
    package let number: UInt64
    /// The number of parts.
    package let count: UInt64

    /// The whole campaign.
    package static let whole = Shard(number: 1, count: 1)

    private init(number: UInt64, count: UInt64) {
        self.number = number
        self.count = count
    }

    /// Reads `I/N` with I from 1 to N; `nil` if it has another form.
    package init?(_ description: String) {
        let words = description.split(separator: "/", omittingEmptySubsequences: false)
        guard words.count == 2, let number = UInt64(words[0]), let count = UInt64(words[1]),
            number >= 1, number <= count, count <= UInt64(UInt32.max)
        else { return nil }
        self.init(number: number, count: count)
    }

    private enum CodingKeys: String, CodingKey { case number, count }

    /// Reads a part from a file.
    ///
    /// - Throws: `DecodingError` if there is no such part
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        let number = try container.decode(UInt64.self, forKey: .number)
        let count = try container.decode(UInt64.self, forKey: .count)
        guard let shard = Shard("\(number)/\(count)") else {
            throw DecodingError.dataCorruptedError(
                forKey: .number, in: container, debugDescription: "there is no part \(number) of \(count)")
        }
        self = shard
    }

    /// The part in the form of the command line.
    package var description: String { "\(number)/\(count)" }

    /// The indices of one block of the part, below a limit; empty after the last.
    ///
    /// - Parameter block: counted from 0 within the part
    func indices(ofBlock block: UInt64, limit: UInt64) -> Range<UInt64> {
        let (start, overflows) = (block &* count &+ (number - 1)).multipliedReportingOverflow(by: Shard.blockSize)
        if overflows || start >= limit { return limit..<limit }
        return start..<(start + min(Shard.blockSize, limit - start))
    }

    /// The number of indices of the part below a limit.
    func count(below limit: UInt64) -> UInt64 {
        let blocks = limit / Shard.blockSize + (limit % Shard.blockSize == 0 ? 0 : 1)
        if blocks < number { return 0 }
        let own = (blocks - number) / count + 1
        let isCut = (blocks - number) % count == 0 && limit % Shard.blockSize != 0
        return isCut ? (own - 1) * Shard.blockSize + limit % Shard.blockSize : own * Shard.blockSize
    }

    /// The number of indices in a block; small, since a worker ends only between blocks.
    static let blockSize: UInt64 = 128
}
