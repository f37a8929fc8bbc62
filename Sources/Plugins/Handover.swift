import BPF
import CBPFPatcher
import Patching

/// A pass in the form of the C ABI, in memory where a plug-in can do little harm.
///
/// Programs, edits and results stand at the end of guarded pages (``GuardedArea``), the result with a mark in front of each
/// array and holding what no plug-in would leave there.
@safe
struct Handover: ~Copyable {
    /// What a plug-in exports to be called.
    typealias Apply =
        @convention(c) (
            UnsafePointer<bpf_patcher_image>?, UnsafePointer<bpf_patcher_edit>?, UInt32,
            UnsafeMutablePointer<bpf_patcher_image>?
        ) -> Int32

    /// What stands in a result before a plug-in has written it.
    enum Garbage: UInt64 {
        case first = 0xa5a5_a5a5_a5a5_a5a5
        case second = 0x5b5b_5b5b_5b5b_5b5b
    }

    typealias Mark = SIMD8<UInt64>
    private static var mark: Mark { Mark(repeating: 0x6e61_7279_6361_6e61) }
    private static var markBytes: Int { MemoryLayout<Mark>.size }
    private static var imageBytes: Int { unsafe MemoryLayout<bpf_patcher_image>.stride }
    private static var editBytes: Int { unsafe MemoryLayout<bpf_patcher_edit>.stride }

    private var input: GuardedArea
    private var output: GuardedArea
    private let forks: UnsafeMutablePointer<Int>
    private var knownForks: Int
    /// The room of this pass.
    private var insnRoom = 0
    private var subprogramRoom = 0
    private var lineRoom = 0
    private var editCount = 0
    private var insnCount = 0

    init() {
        unsafe forks = PluginMemory.forks.address
        unsafe knownForks = forks.pointee
        input = Self.makeInput(insns: 4096, subprograms: 512, lines: 4096, edits: 512, patches: 4096, refs: 512)
        output = Self.makeOutput(insns: 8192, subprograms: 512, lines: 4096)
    }

    private static func makeInput(
        insns: Int, subprograms: Int, lines: Int, edits: Int, patches: Int, refs: Int
    ) -> GuardedArea {
        GuardedArea(
            [
                .insns: insns * 8, .aux: insns * 4, .subprograms: subprograms * 8, .lines: lines * 8,
                .image: imageBytes, .edits: edits * editBytes,
                .patches: patches * 8, .refs: refs * 8,
            ], isReadOnly: true)
    }

    private static func makeOutput(insns: Int, subprograms: Int, lines: Int) -> GuardedArea {
        GuardedArea(
            [
                .insns: insns * 8 + markBytes, .aux: insns * 4 + markBytes, .subprograms: subprograms * 8 + markBytes,
                .lines: lines * 8 + markBytes, .image: imageBytes + markBytes,
            ], isReadOnly: false)
    }

    // MARK: In

    /// Writes a pass down, and gives a number that is a function of its edits and of the length of its input alone.
    ///
    /// - Complexity: O(slots + patch slots + edits + refs + subprograms + lines)
    mutating func load(_ pass: PassImage, _ program: ProgramImage<InputIndex>) -> UInt64 {
        var patchTotal = 0
        var refCount = 0
        for number in 0..<pass.editCount {
            let edit = pass.edit(number)
            patchTotal &+= Int(edit.patchCount)
            refCount = max(refCount, edit.refStart.position &+ Int(edit.refCount))
        }
        insnCount = program.insnCount
        editCount = pass.editCount
        insnRoom = program.insnCount &+ patchTotal
        subprogramRoom = program.subprogramCount
        lineRoom = program.lineCount
        reserve(patches: pass.patchSlots, refs: refCount)
        let (first, top) = (InputIndex(0), TableIndex(0))
        unsafe input[.insns].buffer(insnCount, as: InputIndex.self)
            .copy(insnCount, from: program.insns, at: first, to: first)
        unsafe input[.aux].buffer(insnCount, as: InputIndex.self).copy(
            insnCount, from: program.aux, at: first, to: first)
        unsafe input[.subprograms].buffer(subprogramRoom, as: TableIndex.self)
            .copy(subprogramRoom, from: program.subprograms, at: top, to: top)
        unsafe input[.lines].buffer(lineRoom, as: TableIndex.self).copy(lineRoom, from: program.lines, at: top, to: top)
        unsafe input[.patches].buffer(pass.patchSlots, as: PoolIndex.self)
            .copy(pass.patchSlots, from: pass.patches, at: PoolIndex(0), to: PoolIndex(0))
        unsafe input[.refs].buffer(refCount, as: TableIndex.self).copy(refCount, from: pass.refs, at: top, to: top)
        unsafe input[.image].buffer(1, as: TableIndex.self)[top] = bpf_patcher_image(
            insns: input[.insns].address(insnCount), aux: input[.aux].address(insnCount), insn_cnt: UInt32(insnCount),
            insn_cap: UInt32(insnCount), subprogs: input[.subprograms].address(subprogramRoom),
            subprog_cnt: UInt32(subprogramRoom), subprog_cap: UInt32(subprogramRoom),
            lines: input[.lines].address(lineRoom), line_cnt: UInt32(lineRoom), line_cap: UInt32(lineRoom))
        return loadEdits(pass, refCount: refCount)
    }

    private func loadEdits(_ pass: PassImage, refCount: Int) -> UInt64 {
        let edits: UnsafeTypedBuffer<TableIndex, bpf_patcher_edit> = unsafe input[.edits].buffer(editCount)
        let patches = unsafe UnsafePointer(input[.patches].address(pass.patchSlots, of: bpf_insn.self))
        let refs = unsafe UnsafePointer(input[.refs].address(refCount, of: bpf_patcher_ref.self))
        // What an edit does not have is at an address that cannot be read.
        let noPatch = unsafe UnsafePointer(input[.patches].address(0, of: bpf_insn.self))
        let noRefs = unsafe UnsafePointer(input[.refs].address(0, of: bpf_patcher_ref.self))
        var hash = UInt64(insnCount) &* 0x9e37_79b9_7f4a_7c15
        for number in 0..<editCount {
            let edit = pass.edit(number)
            unsafe edits[TableIndex(number)] = bpf_patcher_edit(
                off: edit.off.rawValue, remove_cnt: edit.remove,
                patch: edit.patchCount == 0 ? noPatch : patches + edit.patchStart.position, patch_len: edit.patchCount,
                keep: edit.keep, refs: edit.refCount == 0 ? noRefs : refs + edit.refStart.position,
                ref_cnt: edit.refCount, flags: edit.skipFlag)
            let place = UInt64(edit.off.rawValue) << 32 | UInt64(edit.remove)
            let form = UInt64(edit.patchCount) << 32 ^ UInt64(edit.keep) << 8 ^ UInt64(edit.refCount) << 1
            hash = (hash ^ place) &* 0xff51_afd7_ed55_8ccd
            hash = (hash ^ hash >> 29 ^ form ^ UInt64(edit.skipFlag)) &* 0xc4ce_b9fe_1a85_ec53
        }
        return hash ^ hash >> 32
    }

    /// Makes room for the pass, in memory of this process alone.
    @inline(__always)
    private mutating func reserve(patches: Int, refs: Int) {
        let isTooSmall =
            insnCount * 8 > input[.insns].room || insnCount * 4 > input[.aux].room
            || subprogramRoom * 8 > input[.subprograms].room || lineRoom * 8 > input[.lines].room
            || editCount * Handover.editBytes > input[.edits].room
            || patches * 8 > input[.patches].room || refs * 8 > input[.refs].room
            || insnRoom * 8 + Handover.markBytes > output[.insns].room
            || insnRoom * 4 + Handover.markBytes > output[.aux].room
            || subprogramRoom * 8 + Handover.markBytes > output[.subprograms].room
            || lineRoom * 8 + Handover.markBytes > output[.lines].room
        let isForked = unsafe forks.pointee != knownForks
        if isTooSmall || isForked { renew(patches: patches, refs: refs) }
    }

    @inline(never)
    private mutating func renew(patches: Int, refs: Int) {
        unsafe knownForks = forks.pointee
        let insns = max(2 * insnCount, 4096)
        let lines = max(2 * lineRoom, 4096)
        let subprograms = max(2 * subprogramRoom, 512)
        input = Self.makeInput(
            insns: insns, subprograms: subprograms, lines: lines, edits: max(2 * editCount, 512),
            patches: max(2 * patches, 4096), refs: max(2 * refs, 512))
        output = Self.makeOutput(insns: max(2 * insnRoom, 8192), subprograms: subprograms, lines: lines)
    }

    // MARK: Out

    /// Fills the memory for the result with garbage.
    @inline(__always)
    func spoil(_ garbage: Garbage) {
        prepare(.insns, insnRoom, UInt64.self, garbage.rawValue)
        prepare(.aux, insnRoom, UInt32.self, UInt32(truncatingIfNeeded: garbage.rawValue))
        prepare(.subprograms, subprogramRoom, UInt64.self, garbage.rawValue)
        prepare(.lines, lineRoom, UInt64.self, garbage.rawValue)
        let count = UInt32(truncatingIfNeeded: garbage.rawValue)
        unsafe prepare(
            .image, 1, bpf_patcher_image.self,
            bpf_patcher_image(
                insns: output[.insns].address(insnRoom), aux: output[.aux].address(insnRoom), insn_cnt: count,
                insn_cap: UInt32(insnRoom), subprogs: output[.subprograms].address(subprogramRoom), subprog_cnt: count,
                subprog_cap: UInt32(subprogramRoom), lines: output[.lines].address(lineRoom), line_cnt: count,
                line_cap: UInt32(lineRoom)))
    }

    /// Lets a plug-in carry out the pass that was written down last.
    @inline(__always)
    func call(_ apply: Apply) -> Int32 {
        unsafe apply(
            UnsafePointer(input[.image].address(1)), UnsafePointer(input[.edits].address(editCount)), UInt32(editCount),
            output[.image].address(1))
    }

    /// Fills an array of the result and puts the mark in front of it.
    @inline(__always)
    private func prepare<Element: BitwiseCopyable>(
        _ part: PluginMemory.Part, _ count: Int, _: Element.Type, _ value: Element
    ) {
        let array = output[part]
        unsafe array.buffer(count, as: TableIndex.self).fill(count, from: TableIndex(0), with: value)
        unsafe UnsafeMutableRawPointer(array.address(count, of: Element.self)).advanced(by: -Handover.markBytes)
            .storeBytes(of: Handover.mark, as: Mark.self)
    }

    /// What the plug-in wrote that it must not, in the words of a bucket, or `nil`.
    ///
    /// - Parameter isAccepted: whether it says that there is a result
    @inline(__always)
    func wildWrite(isAccepted: Bool, _ capabilities: PatcherCapabilities) -> PatcherMisconduct? {
        var broken = difference(.insns, insnRoom * 8) | difference(.aux, insnRoom * 4)
        broken |= difference(.subprograms, subprogramRoom * 8) | difference(.lines, lineRoom * 8)
        broken |= difference(.image, Handover.imageBytes)
        let found = unsafe result
        var isWrong = broken.lowHalf | broken.highHalf != SIMD4()
        if isAccepted {
            isWrong = unsafe isWrong || found.insns != output[.insns].address(insnRoom)
            isWrong = unsafe isWrong || found.aux != output[.aux].address(insnRoom)
            isWrong = unsafe isWrong || found.subprogs != output[.subprograms].address(subprogramRoom)
            isWrong = unsafe isWrong || found.lines != output[.lines].address(lineRoom)
            isWrong = unsafe isWrong || Int(found.insn_cnt) > insnRoom
            isWrong = unsafe isWrong || (capabilities.contains(.subprograms) && Int(found.subprog_cnt) > subprogramRoom)
            isWrong = unsafe isWrong || (capabilities.contains(.lines) && Int(found.line_cnt) > lineRoom)
        }
        return isWrong ? describe(capabilities) : nil
    }

    /// The bits of the mark in front of an array that have changed.
    @inline(__always)
    private func difference(_ part: PluginMemory.Part, _ bytes: Int) -> Mark {
        unsafe UnsafeRawPointer(output[part].seen - bytes - Handover.markBytes)
            .loadUnaligned(as: Mark.self)
            ^ Handover.mark
    }

    /// The struct that the plug-in was given for the result.
    @inline(__always)
    private var result: bpf_patcher_image { unsafe output[.image].buffer(1, as: TableIndex.self)[TableIndex(0)] }

    @inline(never)
    private func describe(_ capabilities: PatcherCapabilities) -> PatcherMisconduct {
        let arrays: [(PluginMemory.Part, Int)] = [
            (.insns, insnRoom * 8), (.aux, insnRoom * 4), (.subprograms, subprogramRoom * 8), (.lines, lineRoom * 8),
            (.image, Handover.imageBytes),
        ]
        for (part, bytes) in arrays where difference(part, bytes) != Mark() {
            return PatcherMisconduct(
                .wildWrite, "before-\(part.name)", "memory in front of the result's \(part.name) was written")
        }
        let found = unsafe result
        let counts = unsafe [
            ("insn-cnt", Int(found.insn_cnt), insnRoom), ("subprog-cnt", Int(found.subprog_cnt), subprogramRoom),
            ("line-cnt", Int(found.line_cnt), lineRoom),
        ]
        let isLookedAt = [true, capabilities.contains(.subprograms), capabilities.contains(.lines)]
        for ((name, count, room), isLookedAt) in zip(counts, isLookedAt) where isLookedAt && count > room {
            return PatcherMisconduct(
                .wildWrite, name + "-above-room", "\(name) is \(count), with room for \(room)")
        }
        return PatcherMisconduct(.wildWrite, "array-replaced", "an array of the result was replaced by another")
    }

    /// The result of a call without a wild write, in the memory of the plug-in.
    func image(_ capabilities: PatcherCapabilities) -> ProgramImage<OutputIndex> {
        let found = unsafe result
        return unsafe ProgramImage(
            insns: output[.insns].buffer(insnRoom), aux: output[.aux].buffer(insnRoom),
            subprograms: output[.subprograms].buffer(subprogramRoom), lines: output[.lines].buffer(lineRoom),
            insnCount: Int(found.insn_cnt),
            subprogramCount: capabilities.contains(.subprograms) ? Int(found.subprog_cnt) : 0,
            lineCount: capabilities.contains(.lines) ? Int(found.line_cnt) : 0)
    }

    /// Copies the result of a call without a wild write to a buffer, with room for what the plug-in leaves out.
    func copyResult(to buffer: ProgramBuffer, _ capabilities: PatcherCapabilities) {
        let found = image(capabilities)
        buffer.reserve(insns: insnRoom, subprograms: subprogramRoom, lines: lineRoom)
        buffer.insnCount = found.insnCount
        buffer.subprogramCount = found.subprogramCount
        buffer.lineCount = found.lineCount
        let own = buffer.image(as: OutputIndex.self)
        let (first, top) = (OutputIndex(0), TableIndex(0))
        unsafe own.insns.copy(found.insnCount, from: found.insns, at: first, to: first)
        if capabilities.contains(.aux) { unsafe own.aux.copy(found.insnCount, from: found.aux, at: first, to: first) }
        unsafe own.subprograms.copy(found.subprogramCount, from: found.subprograms, at: top, to: top)
        unsafe own.lines.copy(found.lineCount, from: found.lines, at: top, to: top)
    }
}
