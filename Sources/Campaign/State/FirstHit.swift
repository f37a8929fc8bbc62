/// The lowest index of a seed at which a bucket was seen.
public struct FirstHit: Codable, Sendable, Hashable {
    public var seed: UInt64
    public var index: UInt64
}
