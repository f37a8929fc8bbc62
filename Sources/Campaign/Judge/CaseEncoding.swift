import BPF
import Foundation
import Fuzzing
import Patching

/// The form of a case between two processes: program and passes, placeholders included, the bucket, and failing
/// allocations.
///
/// - Shape: 64-bit words; a count before each row
struct CaseEncoding {
    private(set) var words: [UInt64] = []

    /// Encodes a case.
    ///
    /// - Complexity: O(slots)
    init(_ c: Case) {
        add(c.program.insns) { $0.bits }
        add(c.program.aux) { UInt64($0) }
        add(c.program.subprograms) { UInt64($0.start) << 32 | UInt64($0.id) }
        add(c.program.lines) { UInt64($0.insnOff) << 32 | UInt64($0.id) }
        words.append(UInt64(c.passes.count))
        for pass in c.passes {
            words.append(UInt64(pass.edits.count))
            for edit in pass.edits {
                words.append(UInt64(edit.off.rawValue) << 32 | UInt64(edit.remove))
                words.append((edit.keep.map { UInt64($0.rawValue) + 1 } ?? 0) << 1 | (edit.skip ? 1 : 0))
                add(edit.patch) { $0.bits }
                add(edit.refs) { UInt64($0.from.rawValue) << 32 | UInt64($0.to.rawValue) }
            }
        }
        let loading = c.loading.flatMap { try? JSONEncoder().encode($0) } ?? Data()
        add(Array(loading)) { UInt64($0) }
        add(c.liveSlots ?? []) { $0 ? 1 : 0 }
        add(Array((c.bucket ?? "").utf8)) { UInt64($0) }
        add(c.conditions.failures.map { [UInt64($0.oneIn), $0.seed] } ?? []) { $0 }
    }

    private mutating func add<Element>(_ row: [Element], _ word: (Element) -> UInt64) {
        words.append(UInt64(row.count))
        for element in row { words.append(word(element)) }
    }

    /// Decodes the words of ``init(_:)``.
    ///
    /// - Complexity: O(slots)
    static func unpack(_ words: ArraySlice<UInt64>) -> Case {
        var reader = Reader(words: words)
        let insns = reader.row { Instruction(bits: $0) }
        let aux = reader.row { UInt32(truncatingIfNeeded: $0) }
        let subprograms = reader.row { Subprogram(start: high($0), id: low($0)) }
        let lines = reader.row { LineRecord(insnOff: high($0), id: low($0)) }
        let program = Program(insns: insns, aux: aux, subprograms: subprograms, lines: lines)
        var passes: [Pass] = []
        for _ in 0..<reader.next() {
            var edits: [Edit] = []
            for _ in 0..<reader.next() {
                let place = reader.next()
                let flags = reader.next()
                let patch = reader.row { Instruction(bits: $0) }
                let refs = reader.row { Ref(from: PatchIndex(rawValue: high($0)), to: InputIndex(rawValue: low($0))) }
                edits.append(
                    Edit(
                        off: InputIndex(rawValue: high(place)), remove: low(place), patch: patch,
                        keep: flags >> 1 == 0 ? nil : PatchIndex(rawValue: UInt32(truncatingIfNeeded: flags >> 1 - 1)),
                        refs: refs, skip: flags & 1 != 0))
            }
            passes.append(Pass(edits: edits))
        }
        var c = Case(program: program, passes: passes)
        let loading = reader.row { UInt8(truncatingIfNeeded: $0) }
        c.loading = try? JSONDecoder().decode(Case.Loading.self, from: Data(loading))
        let live = reader.row { $0 != 0 }
        if !live.isEmpty { c.loading?.live = Case.Loading.LiveSlots(c.program, live) }
        let bucket = reader.row { UInt8(truncatingIfNeeded: $0) }
        if !bucket.isEmpty { c.bucket = String(decoding: bucket, as: UTF8.self) }
        let failures = reader.row { $0 }
        if failures.count == 2 {
            c.conditions.failAlloc = UInt32(truncatingIfNeeded: failures[0])
            c.conditions.failSeed = failures[1]
        }
        return c
    }

    private static func high(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word >> 32) }
    private static func low(_ word: UInt64) -> UInt32 { UInt32(truncatingIfNeeded: word) }

    private struct Reader {
        var words: ArraySlice<UInt64>

        mutating func next() -> UInt64 { words.popFirst() ?? 0 }

        mutating func row<Element>(_ make: (UInt64) -> Element) -> [Element] {
            let count = Int(next())
            defer { words = words.dropFirst(count) }
            return words.prefix(count).map(make)
        }
    }
}
