import KernelRewrites

extension CampaignReport {
    /// Why the kernel refused programs, and how often.
    package struct Refused: Codable, Sendable, Hashable {
        package var reason: String
        package var count: UInt64
    }

    /// How often a jump of a kind was at a border of what was rewritten.
    package struct Coverage: Codable, Sendable, Hashable {
        package var rewrite: String
        package var border: String
        package var jump: String
        package var count: UInt64
    }

    /// A kind of programs that could not be made, and what the kernel lacks for it.
    package struct LeftOut: Codable, Sendable, Hashable {
        package var profile: String
        package var lacks: [String]

        /// The profile and why there is none, in words.
        package var text: String {
            let settings = lacks.compactMap { KernelFeature(rawValue: $0)?.setting }
            let others = lacks.filter { KernelFeature(rawValue: $0)?.setting == nil }
            let rest = others.isEmpty ? [] : ["the kernel lacks \(others.joined(separator: ", "))"]
            return "\(profile): " + (settings + rest).joined(separator: "; ")
        }
    }
}
