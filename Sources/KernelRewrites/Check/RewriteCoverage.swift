/// How often each rewrite met each border by each kind of jump.
///
/// - Shape: one counter for each combination, in the order of `allCases`; none at all as long as nothing is counted
package struct RewriteCoverage: Hashable, Sendable {
    private(set) var counts: [UInt64] = []

    /// Makes an empty table.
    package init() {}

    static let courses = JumpCourse.allCases.count
    static let borders = RewriteBorder.allCases.count
    /// How many combinations there are.
    static let size = Rewrite.allCases.count * borders * courses

    /// The number of a combination.
    @inline(__always)
    static func number(_ rewrite: Int, _ border: Int, _ course: Int) -> Int {
        (rewrite &* borders &+ border) &* courses &+ course
    }

    /// How often a combination was seen.
    ///
    /// - Complexity: O(1)
    package subscript(rewrite: Rewrite, border: RewriteBorder, course: JumpCourse) -> UInt64 {
        let number = Self.number(rewrite.number, border.number, course.number)
        return counts.isEmpty ? 0 : counts[number]
    }

    /// How often a rewrite was seen at all.
    ///
    /// - Complexity: O(1)
    package func total(_ rewrite: Rewrite) -> UInt64 { self[rewrite, .none, .none] }

    /// Counts combinations by their numbers.
    mutating func add(_ numbers: some Sequence<UInt32>) {
        if counts.isEmpty { counts = Array(repeating: 0, count: Self.size) }
        for number in numbers { counts[Int(number)] += 1 }
    }

    /// Adds what another table counted.
    ///
    /// - Complexity: O(combinations)
    package static func += (left: inout RewriteCoverage, right: RewriteCoverage) {
        if right.counts.isEmpty { return }
        if left.counts.isEmpty {
            left.counts = right.counts
            return
        }
        for number in 0..<size { left.counts[number] &+= right.counts[number] }
    }

    /// Whether nothing was counted.
    package var isEmpty: Bool { counts.isEmpty }

    /// One combination that was seen.
    package struct Entry: Hashable, Sendable {
        package var rewrite: Rewrite
        package var border: RewriteBorder
        package var course: JumpCourse
        package var count: UInt64
    }

    /// All combinations that were seen, in the order of the cases.
    ///
    /// - Complexity: O(combinations)
    package var entries: [Entry] {
        var entries: [Entry] = []
        if counts.isEmpty { return entries }
        for rewrite in Rewrite.allCases {
            for border in RewriteBorder.allCases {
                for course in JumpCourse.allCases {
                    let count = self[rewrite, border, course]
                    if count == 0 { continue }
                    entries.append(Entry(rewrite: rewrite, border: border, course: course, count: count))
                }
            }
        }
        return entries
    }
}

/// Written by the names of what was counted, so that a table outlives a change of the cases.
extension RewriteCoverage: Codable {
    package init(from decoder: any Decoder) throws {
        let named = try [String: UInt64](from: decoder)
        for (name, count) in named {
            let parts = name.split(separator: "/").map(String.init)
            guard parts.count == 3, let rewrite = Rewrite(rawValue: parts[0]),
                let border = RewriteBorder(rawValue: parts[1]), let course = JumpCourse(rawValue: parts[2])
            else { continue }
            if counts.isEmpty { counts = Array(repeating: 0, count: Self.size) }
            counts[Self.number(rewrite.number, border.number, course.number)] = count
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var named: [String: UInt64] = [:]
        for entry in entries {
            named["\(entry.rewrite.rawValue)/\(entry.border.rawValue)/\(entry.course.rawValue)"] = entry.count
        }
        try named.encode(to: encoder)
    }
}

// An enumeration without values is stored as the number of its case, in the order of declaration.
extension Rewrite {
    /// The place of the case among all.
    @inline(__always)
    var number: Int { Int(unsafe unsafeBitCast(self, to: UInt8.self)) }
}

extension RewriteBorder {
    /// The place of the case among all.
    @inline(__always)
    var number: Int { Int(unsafe unsafeBitCast(self, to: UInt8.self)) }
}

extension JumpCourse {
    /// The place of the case among all.
    @inline(__always)
    var number: Int { Int(unsafe unsafeBitCast(self, to: UInt8.self)) }
}
