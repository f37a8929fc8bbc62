/// The time of one patcher for a number of patches.
package struct ScaleRow: Encodable, Hashable, Sendable {
    /// The number of patches, one for each instruction of the program.
    package var patches: Int
    package var patcher: String
    package var seconds: Double
    /// The time of copying the result, measured in the same rounds.
    ///
    /// - Units: seconds
    package var copy: Double
    /// True if the time is a forecast from fewer patches.
    package var isExtrapolated: Bool

    /// - Units: nanoseconds
    package var timeAPatch: Double { seconds * 1e9 / Double(patches) }
    package var ratioToCopy: Double { seconds / copy }

    package init(patches: Int, patcher: String, seconds: Double, copy: Double, isExtrapolated: Bool) {
        self.patches = patches
        self.patcher = patcher
        self.seconds = seconds
        self.copy = copy
        self.isExtrapolated = isExtrapolated
    }

    private enum Keys: String, CodingKey {
        case patches, patcher, seconds
        case timeAPatch = "ns_per_patch"
        case ratioToCopy = "ratio_to_copy"
        case isExtrapolated = "extrapolated"
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Keys.self)
        try container.encode(patches, forKey: .patches)
        try container.encode(patcher, forKey: .patcher)
        try container.encode(seconds, forKey: .seconds)
        try container.encode(timeAPatch, forKey: .timeAPatch)
        try container.encode(ratioToCopy, forKey: .ratioToCopy)
        try container.encode(isExtrapolated, forKey: .isExtrapolated)
    }
}
