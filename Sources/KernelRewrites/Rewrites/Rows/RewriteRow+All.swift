import BPF
import KernelModel

extension RewriteRow {
    /// All rows: where several fit, the first in this order is tried first.
    package static let all: [RewriteRow] = [
        divisions, packetLoads, guardedLoads, maskedPointers, jumps, mapLookups, helpers, tracing, kernelFunctions,
        borders,
    ].flatMap { $0 }

    static let fixups = "verifier.c: do_misc_fixups"
    static let arrayMap = "arraymap.c: array_map_gen_lookup"
    static let hashMap = "hashtab.c: htab_map_gen_lookup"

    /// One row for an instruction.
    static func row(
        _ rewrite: Rewrite, _ insn: String, _ expansion: String, source: String = fixups,
        since: KernelVersion? = nil, before: KernelVersion? = nil, necessity: Necessity = .never
    ) -> RewriteRow {
        RewriteRow(
            rewrite: rewrite, source: source, since: since, before: before, insn: insn, expansion: expansion,
            necessity: necessity)
    }

    /// A row for a call of a helper.
    static func helper(
        _ rewrite: Rewrite, _ number: Int32, _ expansion: String, source: String = fixups,
        since: KernelVersion? = nil, before: KernelVersion? = nil, necessity: Necessity = .never
    ) -> RewriteRow {
        row(
            rewrite, "call \(number)", expansion, source: source, since: since, before: before, necessity: necessity)
    }
}
