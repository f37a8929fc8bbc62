/// What makes a program ill formed, and where.
///
/// - Source: SEMANTICS, "Program"
public struct ProgramFault: Hashable, Sendable, Error, CustomStringConvertible {
    /// The rules that a well-formed program obeys.
    public enum Rule: String, Sendable, CaseIterable {
        case empty = "the program is empty"
        case auxCount = "there is not one aux word for each slot"
        case brokenWideLoad = "a wide load has no second slot with code 0"
        case targetOutside = "a jump leaves its subprogram"
        case targetSecondSlot = "a jump or call lands on the second slot of a wide load"
        case callTarget = "a call lands on no start of a subprogram"
        case firstSubprogram = "the first subprogram does not start at 0"
        case subprogramOrder = "subprograms are not sorted by start"
        case subprogramStart = "a subprogram starts outside the program or on a second slot"
        case lineOrder = "line records are not sorted or two are at one index"
        case linePlace = "a line record is outside the program or on a second slot"
    }

    /// The broken rule.
    public var rule: Rule
    /// The slot, subprogram or record at which it is broken.
    public var index: Int

    public init(_ rule: Rule, at index: Int) {
        self.rule = rule
        self.index = index
    }

    public var description: String { "\(rule.rawValue) (at \(index))" }
}

extension ProgramImage {
    /// The first thing that makes this program ill formed, or `nil`.
    ///
    /// - Complexity: O(slots + calls × log subprograms)
    public func fault() -> ProgramFault? {
        if insnCount == 0 { return ProgramFault(.empty, at: 0) }
        var at = 0
        while at < insnCount {
            if insns[Index(at)].isWide {
                if at + 1 >= insnCount || insns[Index(at + 1)].code != 0 {
                    return ProgramFault(.brokenWideLoad, at: at)
                }
                at += 1
            }
            at += 1
        }
        return tableFault() ?? jumpFault()
    }

    /// The first fault in the tables of subprograms and lines.
    private func tableFault() -> ProgramFault? {
        if subprogramCount == 0 || subprograms[TableIndex(0)].start != 0 {
            return ProgramFault(.firstSubprogram, at: 0)
        }
        var before = -1
        for number in 0..<subprogramCount {
            let start = Int(subprograms[TableIndex(number)].start)
            if start <= before { return ProgramFault(.subprogramOrder, at: number) }
            if start >= insnCount || isSecondSlot(Index(start)) { return ProgramFault(.subprogramStart, at: number) }
            before = start
        }
        before = -1
        for number in 0..<lineCount {
            let place = Int(lines[TableIndex(number)].insnOff)
            if place <= before { return ProgramFault(.lineOrder, at: number) }
            if place >= insnCount || isSecondSlot(Index(place)) { return ProgramFault(.linePlace, at: number) }
            before = place
        }
        return nil
    }

    /// The first jump or call that lands where it may not.
    private func jumpFault() -> ProgramFault? {
        var number = 0
        var low = 0
        var high = end(of: TableIndex(0))
        for at in 0..<insnCount {
            if at == high {
                number += 1
                low = high
                high = end(of: TableIndex(number))
            }
            let insn = insns[Index(at)]
            let kind = insn.jumpKind
            if kind == .none { continue }
            let target = at + 1 + insn.jumpOffset(kind)
            if kind.isCall {
                if target < 0 || target >= insnCount
                    || Int(subprograms[subprogram(holding: Index(target))].start) != target
                {
                    return ProgramFault(.callTarget, at: at)
                }
            } else {
                if target < low || target >= high { return ProgramFault(.targetOutside, at: at) }
                if isSecondSlot(Index(target)) { return ProgramFault(.targetSecondSlot, at: at) }
            }
        }
        return nil
    }
}
