import BPF

/// The arguments with which libbpf is about to load one program.
///
/// - Units: all positions in slots
package struct LoadedCode: Sendable {
    package var name: String
    package var section: String
    package var insns: [Instruction]
    /// `insn_off` of each `func_info` record; empty without BTF.
    package var functionStarts: [UInt32]
    /// `insn_off` of each `line_info` record; empty without BTF.
    package var lineStarts: [UInt32]
    /// The names in the `func_info` and `line_info` records, in the order of the starts.
    package var names = RecordNames()

    package init(
        name: String = "", section: String = "", insns: [Instruction], functionStarts: [UInt32] = [],
        lineStarts: [UInt32] = []
    ) {
        self.name = name
        self.section = section
        self.insns = insns
        self.functionStarts = functionStarts
        self.lineStarts = lineStarts
    }
}

extension Program {
    /// Makes the base for fuzzing out of what libbpf would load.
    ///
    /// Subprograms start at 0, at each `func_info` record and at the target of each call; both they and the lines are
    /// numbered from 1. A line record at an index that has one already, or on a second slot, is left out. The word
    /// beside slot `i` is `i + 1`, so that each tells which slot it came with.
    ///
    /// - Complexity: O(n log n) in slots, records and calls
    package init(_ code: LoadedCode) {
        let insns = code.insns
        var starts: Set<UInt32> = [0]
        starts.formUnion(code.functionStarts)
        for (index, insn) in insns.enumerated() where insn.jumpKind.isCall {
            let target = index + 1 + insn.jumpOffset(insn.jumpKind)
            // A target outside is left for fault() to name, at the call that has it.
            if insns.indices.contains(target) { starts.insert(UInt32(target)) }
        }
        var places: [UInt32] = []
        for place in code.lineStarts.sorted() where place != places.last {
            let before = Int(place) - 1
            if insns.indices.contains(before) && insns[before].isWide { continue }
            places.append(place)
        }
        self.init(
            insns: insns, aux: insns.indices.map { UInt32($0 + 1) },
            subprograms: starts.sorted().enumerated().map { Subprogram(start: $1, id: UInt32($0 + 1)) },
            lines: places.enumerated().map { LineRecord(insnOff: $1, id: UInt32($0 + 1)) })
    }
}
