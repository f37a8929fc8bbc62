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
    @inlinable
    public func fault() -> ProgramFault? {
        // One compiled body serves every kind of index.
        ProgramImage<Slot>(
            insns: insns.reindexed(as: Slot.self), aux: aux.reindexed(as: Slot.self), subprograms: subprograms,
            lines: lines, insnCount: insnCount, subprogramCount: subprogramCount, lineCount: lineCount
        ).firstFault()
    }
}

extension ProgramImage<Slot> {
    @usableFromInline
    func firstFault() -> ProgramFault? {
        if insnCount == 0 { return ProgramFault(.empty, at: 0) }
        return tableOrderFault() ?? slotFault() ?? tablePlaceFault()
    }

    /// The first fault that tables show by themselves, so that the other checks can trust their order.
    private func tableOrderFault() -> ProgramFault? {
        if subprogramCount == 0 || subprograms[TableIndex(0)].start != 0 {
            return ProgramFault(.firstSubprogram, at: 0)
        }
        for number in 1..<max(subprogramCount, 1)
        where subprograms[TableIndex(number)].start <= subprograms[TableIndex(number - 1)].start {
            return ProgramFault(.subprogramOrder, at: number)
        }
        if Int(subprograms[TableIndex(subprogramCount - 1)].start) >= insnCount {
            return ProgramFault(.subprogramStart, at: subprogramCount - 1)
        }
        for number in 1..<max(lineCount, 1)
        where lines[TableIndex(number)].insnOff <= lines[TableIndex(number - 1)].insnOff {
            return ProgramFault(.lineOrder, at: number)
        }
        if lineCount > 0 && Int(lines[TableIndex(lineCount - 1)].insnOff) >= insnCount {
            return ProgramFault(.linePlace, at: lineCount - 1)
        }
        return nil
    }

    /// The first table entry on the second slot of a wide load.
    private func tablePlaceFault() -> ProgramFault? {
        for number in 0..<subprogramCount
        where isSecondSlot(Slot(rawValue: subprograms[TableIndex(number)].start)) {
            return ProgramFault(.subprogramStart, at: number)
        }
        for number in 0..<lineCount where isSecondSlot(Slot(rawValue: lines[TableIndex(number)].insnOff)) {
            return ProgramFault(.linePlace, at: number)
        }
        return nil
    }

    /// The first wide load that is not whole, or jump or call that lands where it may not.
    private func slotFault() -> ProgramFault? {
        var number = 0
        var low = 0
        var high = end(of: TableIndex(0))
        var at = 0
        while at < insnCount {
            if at >= high {
                number += 1
                low = high
                high = end(of: TableIndex(number))
            }
            let insn = insns[Slot(at)]
            let kind = insn.jumpKind
            if kind.isJump {
                let target = at &+ 1 &+ insn.jumpOffset(kind)
                if target < low || target >= high { return ProgramFault(.targetOutside, at: at) }
                if isSecondSlot(Slot(target)) { return ProgramFault(.targetSecondSlot, at: at) }
            } else if kind.isCall {
                let target = at &+ 1 &+ insn.jumpOffset(kind)
                if target < 0 || target >= insnCount
                    || Int(subprograms[subprogram(holding: Slot(target))].start) != target
                {
                    return ProgramFault(.callTarget, at: at)
                }
            }
            if insn.isWide {
                at += 1
                if at >= insnCount || insns[Slot(at)].code != 0 { return ProgramFault(.brokenWideLoad, at: at - 1) }
            }
            at += 1
        }
        return nil
    }
}
