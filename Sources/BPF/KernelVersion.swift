/// The major and minor version of a kernel, which decide the instructions that exist.
public struct KernelVersion: Hashable, Comparable, Sendable, Codable {
    public var major: Int
    public var minor: Int

    public init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads the first two numbers of a release like `6.12.48-rc1`.
    public init?(_ text: String) {
        let words = text.split(separator: ".", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count >= 2, let major = Int(words[0]), let minor = Int(words[1].prefix { $0.isNumber }) else {
            return nil
        }
        self.init(major, minor)
    }

    public static func < (left: KernelVersion, right: KernelVersion) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }
}

extension KernelVersion: CustomStringConvertible {
    /// Both numbers, as in `6.18`.
    public var description: String { "\(major).\(minor)" }
}
