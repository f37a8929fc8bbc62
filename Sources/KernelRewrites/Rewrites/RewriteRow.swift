import BPF
import KernelModel

/// One row of the table of rewrites: an instruction and the code that a kernel puts in its place, as assembler text.
///
/// Placeholders in the text:
///
/// | word | meaning |
/// |---|---|
/// | `rD` `wD`, `rS` `wS` | `dst` and `src` of the instruction |
/// | `rR` | the register that the instruction defines |
/// | `rA` | one argument register of the kernel's choice |
/// | `IMM`, `OFF` | any `imm` or `off` of the instruction, and the same in the expansion |
/// | `NONZERO` | the same, where it is not 0 |
/// | `$name`, `$name+8` | a value that the kernel chooses: see ``ChosenValue`` |
/// | `KEEP` | the instruction itself; a call has an address of the kernel's choice |
/// | `TARGET`, `CALLBACK` | the target of the jump; the subprogram that `bpf_loop` calls |
package struct RewriteRow: Sendable {
    /// The place of the expansion.
    package enum Place: Int, Sendable, CaseIterable {
        /// In place of ``RewriteRow/insn``.
        case instruction
        /// Before the first instruction of a subprogram with `may_goto`.
        case counterStart
        /// Before the first instruction of the program.
        case programStart
        /// After the last instruction of the program.
        case programEnd
        /// Around an instruction that is itself unchanged, or is an expansion.
        case around
    }

    /// The releases that never leave the instruction as it was.
    package enum Necessity: Sendable {
        case never
        case always
        case since(KernelVersion)
        /// All, if they compile programs for the processor.
        case compiled
    }

    package var rewrite: Rewrite
    /// The kernel function of the rewrite, with its file.
    package var source: String
    /// The releases that have the row: from the first on, and before the second.
    package var since: KernelVersion?
    package var before: KernelVersion?
    package var place = Place.instruction
    package var insn: String
    /// A statement a line.
    package var expansion: String
    /// The kernel functions whose calls the row is for; empty for those of no other row.
    package var functions: [String]?
    package var necessity = Necessity.never

    /// The releases in words: `6.9-`, `-6.11`; empty for all.
    package var releases: String {
        if since == nil && before == nil { return "" }
        return (since?.description ?? "") + " to " + (before.map { "before \($0)" } ?? "now")
    }

    /// Returns true if a release has the row; an unknown release may have every row.
    func holds(in version: KernelVersion) -> Bool {
        version == KernelVersion(0, 0) || since.map { version >= $0 } ?? true && before.map { version < $0 } ?? true
    }

    /// Returns true if a kernel never leaves the instruction as it was.
    func isNecessary(in version: KernelVersion, isCompiled: Bool) -> Bool {
        switch necessity {
        case .never: false
        case .always: true
        case .since(let first): version >= first
        case .compiled: isCompiled
        }
    }

    /// Rows for both widths: `x` before a register becomes `r`, then `w`.
    static func widths(
        _ rewrite: Rewrite, _ insn: String, _ expansion: String, since: KernelVersion? = nil,
        before: KernelVersion? = nil, necessity: Necessity
    ) -> [RewriteRow] {
        ["r", "w"].map { width in
            func text(_ text: String) -> String {
                RowText.words(text).map { word in
                    let isRegister =
                        word.first == "x" && word.count > 1 && !word.dropFirst().contains { $0.isLowercase }
                    return isRegister ? width + word.dropFirst() : word
                }.joined()
            }
            return RewriteRow(
                rewrite: rewrite, source: fixups, since: since, before: before, insn: text(insn),
                expansion: text(expansion), necessity: necessity)
        }
    }
}

/// A value in an expansion that does not follow from the instruction alone, and what the check requires of it.
package enum ChosenValue: String, Sendable, CaseIterable {
    /// The stack slot of the counter of `may_goto`: the same in the whole subprogram, beyond its own stack.
    case counter
    /// The stack slot in which an inlined `bpf_loop` saves `r6`, with two more above it: beyond the own stack.
    case saved
    /// The number of entries of the map.
    case entries
    /// The mask of an index: the next power of two of the entries, less 1.
    case mask
    /// The size of an element of the map, rounded up to 8, or its binary logarithm.
    case size, shift
    /// The offset of the values in the structure of a map: the same for all maps of a kind.
    case values, elements, references, sockets
    /// The upper half of the lowest address of the kernel: the same everywhere.
    case userLimit
    /// The offset of a per-cpu variable: the same for all calls of one helper.
    case percpu
    /// The address of a kernel function: the same for all calls of it, and for no other.
    case function
    /// The address of data: the same for all calls of one function, where it is the kernel's own.
    case address, structure
    /// The size of an allocated structure, or the offset of a node in it.
    case objectSize, nodeOffset
    /// Any number: random, or a property of what the verifier knows.
    case random, limit, flags, verdict, cloned
}

/// The words of the text of a row.
enum RowText {
    /// Splits text into runs of letters, digits and `$`, and single other characters.
    static func words(_ text: String) -> [String] {
        var words: [String] = []
        for character in text {
            let isWord = character.isLetter || character.isNumber || character == "$"
            if isWord, let last = words.last?.last, last.isLetter || last.isNumber || last == "$" {
                words[words.count - 1].append(character)
            } else {
                words.append(String(character))
            }
        }
        return words
    }
}
