import KernelRewrites

extension CampaignReport {
    /// Why the kernel refused programs, and how often.
    public struct Refused: Codable, Sendable, Hashable {
        public var reason: String
        public var count: UInt64
    }

    /// How often a jump of a kind was at a border of what was rewritten.
    public struct Coverage: Codable, Sendable, Hashable {
        public var rewrite: String
        public var border: String
        public var jump: String
        public var count: UInt64
    }

    /// A kind of programs that could not be made, and what the kernel lacks for it.
    public struct LeftOut: Codable, Sendable, Hashable {
        public var profile: String
        public var lacks: [String]

        /// The profile and why there is none, in words.
        public var text: String {
            let settings = lacks.compactMap { KernelFeature(rawValue: $0)?.setting }
            let others = lacks.filter { KernelFeature(rawValue: $0)?.setting == nil }
            let rest = others.isEmpty ? [] : ["the kernel lacks \(others.joined(separator: ", "))"]
            return "\(profile): " + (settings + rest).joined(separator: "; ")
        }
    }
}
