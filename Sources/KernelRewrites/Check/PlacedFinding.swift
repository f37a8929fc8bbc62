import BPF
import Fuzzing
import Patching

/// Gives a finding about the result without the code at subprogram starts its place, and its words, in the whole result.
struct PlacedFinding {
    /// What the passes must give, and what the kernel gave.
    let expected: ProgramImage<OutputIndex>
    let found: ProgramImage<OutputIndex>
    /// Where each slot of the result without that code is in the whole.
    let places: UnsafeTypedBuffer<InputIndex, Int32>

    /// The finding in the slots of the whole result; `nil` where nothing is wrong in the same place there.
    func place(_ finding: Finding) -> Finding? {
        var finding = finding
        switch finding.rule {
        case .subprogram:
            let (wanted, got) = (
                expected.subprograms.array(count: expected.subprogramCount),
                found.subprograms.array(count: found.subprogramCount)
            )
            guard let words = difference(wanted, got, finding.place, { "id \($0.id) at \($0.start)" }) else {
                return nil
            }
            finding.detail = "subprogram \(finding.place): \(words)"
        case .line:
            let (wanted, got) = (
                expected.lines.array(count: expected.lineCount), found.lines.array(count: found.lineCount)
            )
            guard let words = difference(wanted, got, finding.place, { "id \($0.id) at \($0.insnOff)" }) else {
                return nil
            }
            finding.detail = "record \(finding.place): \(words)"
        default:
            let at = unsafe OutputIndex(Int(places[InputIndex(finding.place)]))
            let (wanted, got) = unsafe (expected.insns[at], found.insns[at])
            if wanted == got { return nil }
            finding.place = at.position
            finding.detail = words(wanted, got, at.position)
        }
        return finding
    }

    private func difference<Record: Equatable>(
        _ wanted: [Record], _ got: [Record], _ row: Int, _ text: (Record) -> String
    ) -> String? {
        let (one, two) = (wanted.indices.contains(row) ? wanted[row] : nil, got.indices.contains(row) ? got[row] : nil)
        if one == two { return nil }
        return "expected \(one.map(text) ?? "nothing"), found \(two.map(text) ?? "nothing")"
    }

    private func words(_ wanted: Instruction, _ got: Instruction, _ place: Int) -> String {
        let kind = wanted.jumpKind
        guard kind != .none && kind == got.jumpKind else {
            return "slot \(place): expected `\(wanted)`, found `\(got)`"
        }
        func landing(_ insn: Instruction) -> String {
            let target = place + 1 + insn.jumpOffset(kind)
            return target >= 0 && target < found.insnCount ? "\(target)" : "\(target), outside the program"
        }
        return "slot \(place) must reach \(landing(wanted)), reaches \(landing(got))"
    }
}
