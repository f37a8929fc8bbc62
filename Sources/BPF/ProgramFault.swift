/// A broken rule of well-formed programs, and the index at which it is broken.
///
/// - Source: SEMANTICS, "Program"
public struct ProgramFault: Hashable, Sendable, Codable, Error, CustomStringConvertible {
    /// The rules of well-formed programs.
    public enum Rule: String, Sendable, Codable, CaseIterable {
        case empty = "the program is empty"
        case auxCount = "there is not one aux word for each slot"
        case brokenWideLoad = "a wide load has no second slot with code 0"
        case targetOutside = "a jump leaves its subprogram"
        case targetSecondSlot = "a jump or call lands on the second slot of a wide load"
        case callTarget = "a call does not land on the start of a subprogram"
        case firstSubprogram = "the first subprogram does not start at 0"
        case subprogramOrder = "subprograms are not sorted by start"
        case subprogramStart = "a subprogram starts outside the program or on a second slot"
        case lineOrder = "line records are not sorted or two are at one index"
        case linePlace = "a line record is outside the program or on a second slot"
    }

    /// The broken rule.
    public var rule: Rule
    /// The index of the slot, subprogram or line record at which the rule is broken.
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
        // One compiled body serves all index types.
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

    /// The first fault in the order or range of the tables. The other checks rely on both.
    private func tableOrderFault() -> ProgramFault? {
        if unsafe subprogramCount == 0 || subprograms[TableIndex(0)].start != 0 {
            return ProgramFault(.firstSubprogram, at: 0)
        }
        for number in 1..<max(subprogramCount, 1)
        where unsafe subprograms[TableIndex(number)].start <= subprograms[TableIndex(number - 1)].start {
            return ProgramFault(.subprogramOrder, at: number)
        }
        if unsafe Int(subprograms[TableIndex(subprogramCount - 1)].start) >= insnCount {
            return ProgramFault(.subprogramStart, at: subprogramCount - 1)
        }
        for number in 1..<max(lineCount, 1)
        where unsafe lines[TableIndex(number)].insnOff <= lines[TableIndex(number - 1)].insnOff {
            return ProgramFault(.lineOrder, at: number)
        }
        if unsafe lineCount > 0 && Int(lines[TableIndex(lineCount - 1)].insnOff) >= insnCount {
            return ProgramFault(.linePlace, at: lineCount - 1)
        }
        return nil
    }

    /// The first table entry on the second slot of a wide load.
    private func tablePlaceFault() -> ProgramFault? {
        for number in 0..<subprogramCount
        where unsafe isSecondSlot(Slot(rawValue: subprograms[TableIndex(number)].start)) {
            return ProgramFault(.subprogramStart, at: number)
        }
        for number in 0..<lineCount where unsafe isSecondSlot(Slot(rawValue: lines[TableIndex(number)].insnOff)) {
            return ProgramFault(.linePlace, at: number)
        }
        return nil
    }

    /// The first wide load that is not whole, or jump or call with a forbidden target.
    ///
    /// The loop collects the jumps of 64 slots in a word before it checks them: a branch for each slot would be
    /// unpredictable.
    private func slotFault() -> ProgramFault? {
        let kinds = JumpKindTable.shared.view
        var home = Home(number: 0, low: 0, high: end(of: TableIndex(0)))
        var isAfterWide = false
        var start = 0
        while start < insnCount {
            let count = min(64, insnCount - start)
            if unsafe count == 64 && !isAfterWide && insns.areAlike(from: Slot(start))
                && isPlain(insns[Slot(start)], kinds)
            {
                start += count
                continue
            }
            // A bit for each slot that holds a jump or call, and for each that should be a second slot but has a code.
            var jumps: UInt64 = 0
            var broken: UInt64 = 0
            for bit in 0..<count {
                let insn = unsafe insns[Slot(start &+ bit)]
                jumps |= UInt64(kinds.count(insn)) &<< UInt64(truncatingIfNeeded: bit)
                broken |= (isAfterWide && insn.code != 0 ? 1 : 0) &<< UInt64(truncatingIfNeeded: bit)
                isAfterWide = insn.isWide
            }
            // The first broken wide load ends the search, so later jumps are not checked.
            if broken != 0 { jumps &= (broken & (0 &- broken)) &- 1 }
            while jumps != 0 {
                let at = start + jumps.trailingZeroBitCount
                if let rule = unsafe jumpFault(at, kinds.field(of: insns[Slot(at)]), &home) {
                    return ProgramFault(rule, at: at)
                }
                jumps &= jumps &- 1
            }
            if broken != 0 { return ProgramFault(.brokenWideLoad, at: start + broken.trailingZeroBitCount - 1) }
            start += count
        }
        return isAfterWide ? ProgramFault(.brokenWideLoad, at: insnCount - 1) : nil
    }

    /// True if an instruction is neither a jump or call nor a wide load.
    @inline(__always)
    private func isPlain(_ insn: Instruction, _ kinds: JumpKindTable.View) -> Bool {
        kinds.count(insn) == 0 && !insn.isWide
    }

    /// A subprogram and its range.
    private struct Home {
        var number: Int
        var low: Int
        var high: Int
    }

    /// The rule that the jump or call in a slot breaks, or `nil`.
    ///
    /// - Parameter home: a subprogram at or before that of the slot; on return, that of the slot
    @inline(__always)
    private func jumpFault(_ at: Int, _ field: OffsetField, _ home: inout Home) -> ProgramFault.Rule? {
        while at >= home.high {
            home.number += 1
            home.low = home.high
            home.high = end(of: TableIndex(home.number))
        }
        let target = unsafe at &+ 1 &+ field.offset(in: insns[Slot(at)])
        if field.isCall {
            let isStart =
                unsafe target >= 0 && target < insnCount
                && Int(subprograms[subprogram(holding: Slot(target))].start) == target
            return isStart ? nil : .callTarget
        }
        if target < home.low || target >= home.high { return .targetOutside }
        return isSecondSlot(Slot(target)) ? .targetSecondSlot : nil
    }
}
