/// The lowest index of a seed at which a bucket was seen.
package struct FirstHit: Codable, Sendable, Hashable {
    package var seed: UInt64
    package var index: UInt64
}
