import BPF
import CIndexMap
import Glibc
import Patching

/// The index map in plain C as a ``Patching/Patcher``. C works on the memory of the buffers, without conversion.
@safe
package final class CIndexMapPatcher: Patcher {
    package let name = "c-index-map"
    private let map = unsafe UncheckedBox(index_map())

    package init() {}

    deinit { unsafe index_map_free(&map.value) }

    package func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        output.reserve(
            insns: input.insnCount + pass.patchSlots, subprograms: input.subprogramCount, lines: input.lineCount)
        var edits = unsafe index_map_pass(
            edits: Self.cast(pass.edits), patches: Self.cast(pass.patches), refs: Self.cast(pass.refs),
            edit_cnt: pass.editCount)
        var source = unsafe Self.cImage(input)
        var result = unsafe Self.cImage(output.image(as: OutputIndex.self))
        let status = unsafe index_map_apply(&map.value, &edits, &source, &result)
        output.insnCount = unsafe Int(result.insn_cnt)
        output.subprogramCount = unsafe Int(result.subprog_cnt)
        output.lineCount = unsafe Int(result.line_cnt)
        switch status {
        case 0: return .accepted
        case -EINVAL: return .einval
        case -ERANGE: return .erange
        default: fatalError("index_map_apply: \(status)")
        }
    }

    @inline(__always)
    private static func cImage<Index>(_ image: ProgramImage<Index>) -> bpf_patcher_image {
        unsafe bpf_patcher_image(
            insns: cast(image.insns), aux: cast(image.aux), insn_cnt: UInt32(image.insnCount),
            insn_cap: UInt32(min(image.insns.capacity, image.aux.capacity)), subprogs: cast(image.subprograms),
            subprog_cnt: UInt32(image.subprogramCount), subprog_cap: UInt32(image.subprograms.capacity),
            lines: cast(image.lines), line_cnt: UInt32(image.lineCount), line_cap: UInt32(image.lines.capacity))
    }

    /// The memory of a buffer as a C pointer.
    @inline(__always)
    private static func cast<Index, Element, Result>(_ row: UnsafeTypedBuffer<Index, Element>) -> UnsafeMutablePointer<
        Result
    > {
        assert(MemoryLayout<Element>.stride == MemoryLayout<Result>.stride)
        return unsafe UnsafeMutableRawPointer(row.baseAddress).assumingMemoryBound(to: Result.self)
    }
}
