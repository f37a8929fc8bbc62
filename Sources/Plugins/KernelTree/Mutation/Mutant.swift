/// One small change of a function of a kernel tree, which a campaign must find.
package struct Mutant: Hashable, Sendable, Codable {
    /// The kind of a change.
    package enum Kind: String, Hashable, Sendable, Codable, CaseIterable {
        case comparison, condition
        case offByOne = "off-by-one"
        case adjustment, field, width, dropped, swapped
        case earlyReturn = "early-return"
        case loopEnd = "loop-end"
        /// A fault that Linux had; see ``HistoricalFault``.
        case historical
    }

    /// The number that selects the mutant in the plug-in, from 1.
    package var number: Int
    package var kind: Kind
    package var file: String
    /// The first changed line, from 1.
    package var line: Int
    package var function: String
    /// The changed lines, without the blanks around and between their words.
    package var before: String
    package var after: String

    /// The changes of the file.
    var edits: [TextEdit]

    /// The number of this mutant among those of its function with the same text, from 1.
    var occurrence = 1

    /// The mutant as a line of a list of equivalents: it does not depend on line numbers.
    package var identity: String {
        "\(function): \(before) => \(after)" + (occurrence > 1 ? " (\(occurrence))" : "")
    }

    /// A replaced part of a file.
    struct TextEdit: Hashable, Sendable, Codable {
        /// The byte range in the file.
        var range: Range<Int>
        var text: String
    }
}

/// A function that is not mutated, with the reason.
package struct UnmutatedFunction: Hashable, Sendable {
    package var name: String
    package var reason: String
}
