import KernelRewrites

/// The changes of many results, by what was changed and where, and how many of them the check saw.
struct TamperingCount: Sendable {
    struct Key: Hashable, Comparable, Sendable {
        var kind: Change.Kind
        /// A ``Change/Place``, or the name of a profile.
        var column: String

        static func < (left: Key, right: Key) -> Bool {
            (left.kind.rawValue, left.column) < (right.kind.rawValue, right.column)
        }
    }

    struct Row: Hashable, Sendable {
        /// The changes that are wrong results.
        var made = 0
        /// Those with a finding that no known fault explains.
        var found = 0
        /// Those that are only not understood.
        var gaps = 0
        /// Those whose findings are all attributed to known faults.
        var hidden = 0
        /// Those that the check passes.
        var unseen: Int { made - found - gaps - hidden }

        static func += (left: inout Row, right: Row) {
            left.made += right.made
            left.found += right.found
            left.gaps += right.gaps
            left.hidden += right.hidden
        }
    }

    /// The verdict on one changed result.
    enum Verdict: Sendable { case found, gap, hidden, unseen, equivalent }

    private(set) var places: [Key: Row] = [:]
    private(set) var profiles: [Key: Row] = [:]
    /// The changes in rows of ``Unseeable/all``, which are in no other count.
    private(set) var unseeable: [Key: Row] = [:]
    /// Unseen changes that do the same as the right result.
    private(set) var equivalent = 0
    /// A few unseen changes of each kind and place, in words.
    private(set) var examples: [Key: [String]] = [:]
    /// The programs whose results were changed, and those that were left out since their right result has a finding.
    var programs = 0
    var leftOut = 0

    static let mostExamples = 4

    mutating func add(
        _ verdict: Verdict, _ change: Change, _ profile: ProgramProfile, _ text: @autoclosure () -> String
    ) {
        if verdict == .equivalent {
            equivalent += 1
            return
        }
        let row = Row(
            made: 1, found: verdict == .found ? 1 : 0, gaps: verdict == .gap ? 1 : 0, hidden: verdict == .hidden ? 1 : 0
        )
        if let number = Unseeable.all.firstIndex(where: { $0.covers(change) }) {
            unseeable[Key(kind: change.kind, column: Unseeable.all[number].name), default: Row()] += row
            return
        }
        let key = Key(kind: change.kind, column: change.place.rawValue)
        places[key, default: Row()] += row
        profiles[Key(kind: change.kind, column: profile.rawValue), default: Row()] += row
        if (verdict == .unseen || verdict == .hidden) && examples[key, default: []].count < Self.mostExamples {
            examples[key, default: []].append((verdict == .hidden ? "hidden: " : "") + text())
        }
    }

    static func += (left: inout TamperingCount, right: TamperingCount) {
        for (key, row) in right.places { left.places[key, default: Row()] += row }
        for (key, row) in right.profiles { left.profiles[key, default: Row()] += row }
        for (key, row) in right.unseeable { left.unseeable[key, default: Row()] += row }
        for (key, texts) in right.examples {
            left.examples[key] = Array((left.examples[key, default: []] + texts).prefix(mostExamples))
        }
        left.equivalent += right.equivalent
        left.programs += right.programs
        left.leftOut += right.leftOut
    }

    /// All changes of a kind.
    func total(_ kind: Change.Kind) -> Row {
        places.filter { $0.key.kind == kind }.values.reduce(into: Row()) { $0 += $1 }
    }

    // MARK: Text

    private static func share(_ part: Int, _ whole: Int) -> String {
        let hundredths = whole == 0 ? 0 : part * 10_000 / whole
        let rest = hundredths % 100
        return "\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)"
    }

    private static func line(_ cells: [String]) -> String {
        var text = ""
        for (number, cell) in cells.enumerated() {
            let width = number == 0 ? 12 : number == 1 ? 16 : 11
            let pad = String(repeating: " ", count: max(width - cell.count, 1))
            text += number < 2 ? cell + pad : pad + cell
        }
        return text
    }

    private static func table(_ rows: [Key: Row], _ column: String) -> String {
        var lines = [line(["change", column, "made", "seen %", "finding %", "gap", "hidden", "unseen"])]
        for (key, row) in rows.sorted(by: { $0.key < $1.key }) {
            lines.append(
                line([
                    key.kind.rawValue, key.column, "\(row.made)", share(row.found + row.gaps, row.made),
                    share(row.found, row.made), "\(row.gaps)", "\(row.hidden)", "\(row.unseen)",
                ]))
        }
        return lines.joined(separator: "\n")
    }

    /// The tables, and examples of what was not seen.
    var text: String {
        var all: [Key: Row] = [:]
        for kind in Change.Kind.allCases where total(kind).made > 0 {
            all[Key(kind: kind, column: "all")] = total(kind)
        }
        let unseen = profiles.filter { $0.value.unseen + $0.value.hidden > 0 }
        var text = "\(programs) results changed, \(leftOut) left out, \(equivalent) changes that do the same\n\n"
        text +=
            Self.table(all, "") + "\n\n" + Self.table(places, "place") + "\n\n" + Self.table(unseen, "profile") + "\n"
        for (key, texts) in examples.sorted(by: { $0.key < $1.key }) {
            text += "\n\(key.kind.rawValue), \(key.column):\n" + texts.map { "  \($0)\n" }.joined()
        }
        return text
    }
}
