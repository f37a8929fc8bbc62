import BPF
import Patching

/// Finds the first rule that a result breaks, and its bucket.
///
/// Runs only if a result differs from the expected one.
struct Diagnosis {
    let target: String
    let passNumber: Int
    let words: CaseWords
    /// True if findings are only counted by bucket, so that sentences and details are not needed.
    private let isBrief: Bool
    private let status: PatchStatus
    private let refusal: Expectation.Refusal?
    private let expected: ProgramImage<OutputIndex>

    init(target: String, passNumber: Int, words: CaseWords, isBrief: Bool = false, expectation: borrowing Expectation) {
        self.target = target
        self.passNumber = passNumber
        self.words = words
        self.isBrief = isBrief
        status = expectation.status
        refusal = expectation.refusal
        expected = expectation.program.image()
    }

    /// The finding for a wrong status, or for a refusal with a wrong reason.
    func wrongStatus(_ found: PatchStatus, _ reason: Expectation.Refusal? = nil) -> Finding {
        let (wanted, got) = (Self.name(of: status), Self.name(of: found))
        return finding(
            .error, insn: wanted + "-became-" + got, edit: statusForm, at: 0,
            "expected \(wanted)\(refusal.map { " (\($0.rawValue))" } ?? ""), found \(got)"
                + (reason.map { " (\($0.rawValue))" } ?? ""),
            refusal.map { .refusal($0) })
    }

    /// A status in the words of a bucket.
    private static func name(of status: PatchStatus) -> String {
        switch status {
        case .accepted, .unusable: "accepted"
        case .einval: "einval"
        case .erange: "erange"
        }
    }

    /// The finding for a violation of the patcher interface.
    func unusable(_ violation: PatcherViolation) -> Finding {
        let rule: BrokenRule
        var what = violation.words
        switch violation.rule {
        case .wildWrite: rule = .wildWrite
        case .unsteady: rule = .unsteady
        case .badStatus: rule = .badStatus
        case .damage: rule = .error
        case .otherError:
            rule = .error
            what = "\(Self.name(of: status))-became-\(violation.words)"
        }
        return finding(rule, insn: what, edit: statusForm, at: 0, violation.detail)
    }

    /// The finding for a result with the right status but wrong contents, or `nil` if it is correct.
    func wrongResult(_ found: ProgramImage<OutputIndex>) -> Finding? {
        row(found) ?? aux(found) ?? subprograms(found) ?? lines(found)
    }

    /// The finding for a result that passes the marker check but differs in bytes from the others.
    func disagreement() -> Finding {
        finding(.disagreement, insn: "bytes", edit: .none, at: 0, "the bytes differ from those of the other patchers")
    }

    private func finding(
        _ rule: BrokenRule, insn: String, edit: EditKind, at place: Int, _ detail: @autoclosure () -> String,
        _ fact: @autoclosure () -> FindingFact? = nil
    ) -> Finding {
        let bucket = Bucket(target: target, rule: rule, insn: insn, edit: edit.rawValue)
        if isBrief { return Finding(bucketOnly: bucket, pass: passNumber, place: place) }
        return Finding(bucket, fact(), pass: passNumber, place: place, detail: detail())
    }

    /// The form of the edit to which a wrong status is attributed: the first deletion, else the first edit.
    private var statusForm: EditKind {
        if words.pass.editCount == 0 { return .none }
        return words.form(of: (0..<words.pass.editCount).first { words.pass.edit($0).isDeletion } ?? 0)
    }

    // MARK: Instructions

    private func row(_ found: ProgramImage<OutputIndex>) -> Finding? {
        var encoding: Finding?
        var landing: Finding?
        for place in 0..<max(expected.insnCount, found.insnCount) {
            let at = OutputIndex(place)
            guard place < expected.insnCount, place < found.insnCount else {
                let extra = place < found.insnCount
                return unsafe finding(
                    .layout, insn: words.name(of: (extra ? found : expected).insns[at], offset: nil),
                    edit: words.form(near: place), at: place,
                    "\(found.insnCount) slots instead of \(expected.insnCount)", extra ? .tooLong : .tooShort)
            }
            let wanted = unsafe expected.insns[at]
            let got = unsafe found.insns[at]
            if wanted == got { continue }
            let isSecond = unsafe place > 0 && expected.insns[at + -1].code == 0x18
            let field = isSecond ? .none : words.fields[wanted]
            if got.withoutOffset(field) == wanted.withoutOffset(field) {
                landing = landing ?? wrongLanding(wanted, got, field, at: place, in: found)
            } else if got.marker(field) == wanted.marker(field) && got.code == wanted.code {
                encoding =
                    encoding
                    ?? finding(
                        .encoding, insn: words.name(of: wanted, offset: nil), edit: words.form(near: place),
                        at: place, "expected \(wanted.hex), found \(got.hex)")
            } else {
                return finding(
                    .layout, insn: words.name(of: wanted, offset: nil), edit: words.form(near: place), at: place,
                    "expected \(wanted.hex), found \(got.hex)")
            }
        }
        return encoding ?? landing
    }

    private func wrongLanding(
        _ wanted: Instruction, _ got: Instruction, _ field: JumpReading.Field, at place: Int,
        in found: ProgramImage<OutputIndex>
    ) -> Finding? {
        guard let origin = words.origin(of: place) else { return nil }
        var target = 0
        var role: JumpRole?
        switch origin {
        case .input(let slot, let keeper):
            target = unsafe slot.position + 1 + words.input.insns[slot].offset(in: field)
            if keeper != nil { role = .kept }
        case .patch(let number, let index):
            let edit = words.pass.edit(number)
            let insn = unsafe words.pass.patch(of: edit)[index]
            if let ref = words.pass.target(of: index, in: edit) {
                target = ref.position
                role = .ref
            } else if index.position + 1 + insn.offset(in: field) == Int(edit.patchCount) {
                target = edit.end.position
                role = .leaving
            } else {
                target = edit.off.position
                role = .inPatch
            }
        }
        let offset = wanted.offset(in: field)
        func describe(_ offset: Int, _ image: ProgramImage<OutputIndex>) -> String {
            let landing = place + 1 + offset
            guard landing >= 0 && landing < image.insnCount else { return "\(landing), outside the program" }
            let insn = unsafe image.insns[OutputIndex(landing)]
            return "\(landing) (marker \(insn.marker(words.fields[insn])))"
        }
        let edit = words.edit(from: origin, to: target)
        let reached = place + 1 + got.offset(in: field)
        func landing() -> FindingFact {
            .landing(
                FindingFact.Landing(
                    relation: edit?.relation ?? .own,
                    site: site(of: reached, expected: place + 1 + offset, edit),
                    isUnchanged: isUnchanged(got.offset(in: field), field, origin)))
        }
        return finding(
            .wrongLanding,
            insn: words.name(of: wanted, offset: offset) + (role.map { "-" + $0.rawValue } ?? ""),
            edit: edit.map { words.form(of: $0.number) } ?? .none, at: place,
            "slot \(place) must reach \(describe(offset, expected)), reaches \(describe(got.offset(in: field), found))",
            landing())
    }

    /// The landing of a jump in relation to its nearest edit.
    private func site(
        of reached: Int, expected wanted: Int, _ edit: (number: Int, relation: FindingFact.Landing.Relation)?
    ) -> FindingFact.Site {
        if reached < 0 || reached >= expected.insnCount { return .outside }
        if unsafe reached > 0 && expected.insns[OutputIndex(reached - 1)].code == Opcode.loadImmediate64 {
            return .secondSlot
        }
        let isReached = edit?.relation == .target
        return FindingFact.Site(
            reached, expected: wanted, patch: isReached ? edit.map { words.places(ofPatch: $0.number) } : nil)
    }

    /// Returns true if a jump still has its offset in the input or, with a ref, in its patch.
    private func isUnchanged(_ offset: Int, _ field: JumpReading.Field, _ origin: CaseWords.Origin) -> Bool {
        switch origin {
        case .input(let slot, _): return unsafe words.input.insns[slot].offset(in: field) == offset
        case .patch(let number, let index):
            let edit = words.pass.edit(number)
            return unsafe words.pass.target(of: index, in: edit) != nil
                && words.pass.patch(of: edit)[index].offset(in: field) == offset
        }
    }

    // MARK: What travels along

    private func aux(_ found: ProgramImage<OutputIndex>) -> Finding? {
        for place in 0..<expected.insnCount {
            let at = OutputIndex(place)
            if unsafe expected.aux[at] == found.aux[at] { continue }
            let isSecond = unsafe place > 0 && expected.insns[at + -1].code == 0x18
            let name = unsafe isSecond ? "second-slot" : words.name(of: expected.insns[at], offset: nil)
            return finding(
                .aux, insn: name, edit: words.form(near: place), at: place,
                unsafe "word \(expected.aux[at]) of slot \(place) became \(found.aux[at])",
                unsafe found.aux[at] == 0 ? .lost : nil)
        }
        return nil
    }

    private func subprograms(_ found: ProgramImage<OutputIndex>) -> Finding? {
        let wanted = expected.subprograms.array(count: expected.subprogramCount)
        let got = found.subprograms.array(count: found.subprogramCount)
        guard let row = Self.firstDifference(wanted, got) else { return nil }
        let place = Int((row < wanted.count ? wanted[row] : got[row]).start)
        return finding(
            .subprogram, insn: row < wanted.count ? (row < got.count ? "start" : "missing") : "extra",
            edit: words.form(near: min(place, expected.insnCount - 1)), at: row,
            "subprogram \(row): expected \(Self.text(wanted, row)), found \(Self.text(got, row))",
            row < wanted.count && row < got.count && wanted[row].start == got[row].start ? .otherID : nil)
    }

    private func lines(_ found: ProgramImage<OutputIndex>) -> Finding? {
        let wanted = expected.lines.array(count: expected.lineCount)
        let got = found.lines.array(count: found.lineCount)
        guard let row = Self.firstDifference(wanted, got) else { return nil }
        let place = Int((row < wanted.count ? wanted[row] : got[row]).insnOff)
        return finding(
            .line, insn: row < wanted.count ? (row < got.count ? "record" : "missing") : "extra",
            edit: words.form(near: min(place, expected.insnCount - 1)), at: row,
            "record \(row): expected \(Self.text(wanted, row)), found \(Self.text(got, row))",
            row < wanted.count && row < got.count && wanted[row].insnOff == got[row].insnOff ? .otherID : nil)
    }

    private static func firstDifference<Row: Equatable>(_ wanted: [Row], _ got: [Row]) -> Int? {
        (0..<max(wanted.count, got.count)).first { row in
            row >= wanted.count || row >= got.count || wanted[row] != got[row]
        }
    }

    private static func text(_ rows: [Subprogram], _ row: Int) -> String {
        row < rows.count ? "id \(rows[row].id) at \(rows[row].start)" : "nothing"
    }

    private static func text(_ rows: [LineRecord], _ row: Int) -> String {
        row < rows.count ? "id \(rows[row].id) at \(rows[row].insnOff)" : "nothing"
    }
}

extension Instruction {
    /// The field that identifies an instruction: `imm`, or `off` if `imm` is an offset.
    func marker(_ field: JumpReading.Field) -> Int {
        field == .imm || field == .callee ? Int(off) : Int(imm)
    }

    /// The same instruction with the offset 0.
    func withoutOffset(_ field: JumpReading.Field) -> Instruction {
        field == .none ? self : reaching(0, in: field) ?? self
    }

    /// The eight bytes in memory order, in hex.
    var hex: String {
        (0..<8).map { byte in
            let value = UInt8(truncatingIfNeeded: bits >> UInt64(byte * 8))
            return String(value >> 4, radix: 16) + String(value & 15, radix: 16)
        }.joined()
    }
}
