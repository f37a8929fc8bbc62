import BPF
import CBPFPatcher
import Patching

/// One call of a plug-in's `apply`: a pass in the form of the C ABI and the buffers of its result.
///
/// All arrays end at guard pages (``GuardedBuffer``). A canary precedes each array of the result, and the array itself is
/// filled with poison before the call.
@safe
struct PluginCall: ~Copyable {
    /// The function that applies a pass.
    typealias Apply =
        @convention(c) (
            UnsafePointer<bpf_patcher_image>?, UnsafePointer<bpf_patcher_edit>?, UInt32,
            UnsafeMutablePointer<bpf_patcher_image>?
        ) -> Int32

    /// The content of the result before the call. The second run of a pass gets the second value.
    enum Poison: UInt64 {
        case first = 0xa5a5_a5a5_a5a5_a5a5
        case second = 0x5b5b_5b5b_5b5b_5b5b
    }

    typealias Canary = SIMD8<UInt64>
    private static var canary: Canary { Canary(repeating: 0x6e61_7279_6361_6e61) }
    private static var canaryBytes: Int { MemoryLayout<Canary>.size }
    private static var imageBytes: Int { unsafe MemoryLayout<bpf_patcher_image>.stride }
    private static var editBytes: Int { unsafe MemoryLayout<bpf_patcher_edit>.stride }

    private var input: GuardedBuffer
    private var output: GuardedBuffer
    private let forks: UnsafeMutablePointer<Int>
    private var knownForks: Int
    /// The capacities of the result of this pass.
    private var insnCapacity = 0
    private var subprogramCapacity = 0
    private var lineCapacity = 0
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
    ) -> GuardedBuffer {
        GuardedBuffer(
            [
                .insns: insns * 8, .aux: insns * 4, .subprograms: subprograms * 8, .lines: lines * 8,
                .image: imageBytes, .edits: edits * editBytes,
                .patches: patches * 8, .refs: refs * 8,
            ], isReadOnly: true)
    }

    private static func makeOutput(insns: Int, subprograms: Int, lines: Int) -> GuardedBuffer {
        GuardedBuffer(
            [
                .insns: insns * 8 + canaryBytes, .aux: insns * 4 + canaryBytes,
                .subprograms: subprograms * 8 + canaryBytes,
                .lines: lines * 8 + canaryBytes, .image: imageBytes + canaryBytes,
            ], isReadOnly: false)
    }

    // MARK: Input

    /// Writes a pass into the input buffer.
    ///
    /// - Returns: a hash of the edits and of the input length; it depends on nothing else
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
        insnCapacity = program.insnCount &+ patchTotal
        subprogramCapacity = program.subprogramCount
        lineCapacity = program.lineCount
        reserve(patches: pass.patchSlots, refs: refCount)
        let (first, top) = (InputIndex(0), TableIndex(0))
        unsafe input[.insns].buffer(insnCount, as: InputIndex.self)
            .copy(insnCount, from: program.insns, at: first, to: first)
        unsafe input[.aux].buffer(insnCount, as: InputIndex.self).copy(
            insnCount, from: program.aux, at: first, to: first)
        unsafe input[.subprograms].buffer(subprogramCapacity, as: TableIndex.self)
            .copy(subprogramCapacity, from: program.subprograms, at: top, to: top)
        unsafe input[.lines].buffer(lineCapacity, as: TableIndex.self).copy(
            lineCapacity, from: program.lines, at: top, to: top)
        unsafe input[.patches].buffer(pass.patchSlots, as: PoolIndex.self)
            .copy(pass.patchSlots, from: pass.patches, at: PoolIndex(0), to: PoolIndex(0))
        unsafe input[.refs].buffer(refCount, as: TableIndex.self).copy(refCount, from: pass.refs, at: top, to: top)
        unsafe input[.image].buffer(1, as: TableIndex.self)[top] = bpf_patcher_image(
            insns: input[.insns].address(insnCount), aux: input[.aux].address(insnCount), insn_cnt: UInt32(insnCount),
            insn_cap: UInt32(insnCount), subprogs: input[.subprograms].address(subprogramCapacity),
            subprog_cnt: UInt32(subprogramCapacity), subprog_cap: UInt32(subprogramCapacity),
            lines: input[.lines].address(lineCapacity), line_cnt: UInt32(lineCapacity), line_cap: UInt32(lineCapacity))
        return loadEdits(pass, refCount: refCount)
    }

    private func loadEdits(_ pass: PassImage, refCount: Int) -> UInt64 {
        let edits: UnsafeTypedBuffer<TableIndex, bpf_patcher_edit> = unsafe input[.edits].buffer(editCount)
        let patches = unsafe UnsafePointer(input[.patches].address(pass.patchSlots, of: bpf_insn.self))
        let refs = unsafe UnsafePointer(input[.refs].address(refCount, of: bpf_patcher_ref.self))
        // A missing patch or ref list points to a guard page.
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

    /// Grows the buffers for the pass, and replaces them after a fork, since the mappings are shared with the parent.
    @inline(__always)
    private mutating func reserve(patches: Int, refs: Int) {
        let isTooSmall =
            insnCount * 8 > input[.insns].capacity || insnCount * 4 > input[.aux].capacity
            || subprogramCapacity * 8 > input[.subprograms].capacity || lineCapacity * 8 > input[.lines].capacity
            || editCount * PluginCall.editBytes > input[.edits].capacity
            || patches * 8 > input[.patches].capacity || refs * 8 > input[.refs].capacity
            || insnCapacity * 8 + PluginCall.canaryBytes > output[.insns].capacity
            || insnCapacity * 4 + PluginCall.canaryBytes > output[.aux].capacity
            || subprogramCapacity * 8 + PluginCall.canaryBytes > output[.subprograms].capacity
            || lineCapacity * 8 + PluginCall.canaryBytes > output[.lines].capacity
        let isForked = unsafe forks.pointee != knownForks
        if isTooSmall || isForked { renew(patches: patches, refs: refs) }
    }

    @inline(never)
    private mutating func renew(patches: Int, refs: Int) {
        unsafe knownForks = forks.pointee
        let insns = max(2 * insnCount, 4096)
        let lines = max(2 * lineCapacity, 4096)
        let subprograms = max(2 * subprogramCapacity, 512)
        input = Self.makeInput(
            insns: insns, subprograms: subprograms, lines: lines, edits: max(2 * editCount, 512),
            patches: max(2 * patches, 4096), refs: max(2 * refs, 512))
        output = Self.makeOutput(insns: max(2 * insnCapacity, 8192), subprograms: subprograms, lines: lines)
    }

    // MARK: Out

    /// Fills the buffers of the result with poison.
    @inline(__always)
    func poison(with poison: Poison) {
        fill(.insns, insnCapacity, UInt64.self, poison.rawValue)
        fill(.aux, insnCapacity, UInt32.self, UInt32(truncatingIfNeeded: poison.rawValue))
        fill(.subprograms, subprogramCapacity, UInt64.self, poison.rawValue)
        fill(.lines, lineCapacity, UInt64.self, poison.rawValue)
        let count = UInt32(truncatingIfNeeded: poison.rawValue)
        unsafe fill(
            .image, 1, bpf_patcher_image.self,
            bpf_patcher_image(
                insns: output[.insns].address(insnCapacity), aux: output[.aux].address(insnCapacity), insn_cnt: count,
                insn_cap: UInt32(insnCapacity), subprogs: output[.subprograms].address(subprogramCapacity),
                subprog_cnt: count,
                subprog_cap: UInt32(subprogramCapacity), lines: output[.lines].address(lineCapacity), line_cnt: count,
                line_cap: UInt32(lineCapacity)))
    }

    /// Runs a plug-in on the loaded pass.
    @inline(__always)
    func call(_ apply: Apply) -> Int32 {
        unsafe apply(
            UnsafePointer(input[.image].address(1)), UnsafePointer(input[.edits].address(editCount)), UInt32(editCount),
            output[.image].address(1))
    }

    /// Fills an array of the result and writes the canary before it.
    @inline(__always)
    private func fill<Element: BitwiseCopyable>(
        _ part: PluginMemory.Part, _ count: Int, _: Element.Type, _ value: Element
    ) {
        let array = output[part]
        unsafe array.buffer(count, as: TableIndex.self).fill(count, from: TableIndex(0), with: value)
        unsafe UnsafeMutableRawPointer(array.address(count, of: Element.self)).advanced(by: -PluginCall.canaryBytes)
            .storeBytes(of: PluginCall.canary, as: Canary.self)
    }

    /// The first violation in the result buffers, or `nil`: a broken canary, a count above its capacity, a replaced array.
    ///
    /// - Parameter isAccepted: true if the plug-in returned 0; only then the counts and pointers are checked
    @inline(__always)
    func wildWrite(isAccepted: Bool, _ capabilities: PatcherCapabilities) -> PatcherViolation? {
        var broken = difference(.insns, insnCapacity * 8) | difference(.aux, insnCapacity * 4)
        broken |= difference(.subprograms, subprogramCapacity * 8) | difference(.lines, lineCapacity * 8)
        broken |= difference(.image, PluginCall.imageBytes)
        let found = unsafe result
        var isWrong = broken.lowHalf | broken.highHalf != SIMD4()
        if isAccepted {
            isWrong = unsafe isWrong || found.insns != output[.insns].address(insnCapacity)
            isWrong = unsafe isWrong || found.aux != output[.aux].address(insnCapacity)
            isWrong = unsafe isWrong || found.subprogs != output[.subprograms].address(subprogramCapacity)
            isWrong = unsafe isWrong || found.lines != output[.lines].address(lineCapacity)
            isWrong = unsafe isWrong || Int(found.insn_cnt) > insnCapacity
            isWrong =
                unsafe isWrong || (capabilities.contains(.subprograms) && Int(found.subprog_cnt) > subprogramCapacity)
            isWrong = unsafe isWrong || (capabilities.contains(.lines) && Int(found.line_cnt) > lineCapacity)
        }
        return isWrong ? describe(capabilities) : nil
    }

    /// The changed bits of the canary before an array.
    @inline(__always)
    private func difference(_ part: PluginMemory.Part, _ bytes: Int) -> Canary {
        unsafe UnsafeRawPointer(output[part].pluginEnd - bytes - PluginCall.canaryBytes)
            .loadUnaligned(as: Canary.self)
            ^ PluginCall.canary
    }

    /// The result struct that the plug-in has filled in.
    @inline(__always)
    private var result: bpf_patcher_image { unsafe output[.image].buffer(1, as: TableIndex.self)[TableIndex(0)] }

    @inline(never)
    private func describe(_ capabilities: PatcherCapabilities) -> PatcherViolation {
        let arrays: [(PluginMemory.Part, Int)] = [
            (.insns, insnCapacity * 8), (.aux, insnCapacity * 4), (.subprograms, subprogramCapacity * 8),
            (.lines, lineCapacity * 8),
            (.image, PluginCall.imageBytes),
        ]
        for (part, bytes) in arrays where difference(part, bytes) != Canary() {
            return PatcherViolation(
                .wildWrite, "before-\(part.name)", "memory before the result's \(part.name) was written")
        }
        let found = unsafe result
        let counts = unsafe [
            ("insn-cnt", Int(found.insn_cnt), insnCapacity),
            ("subprog-cnt", Int(found.subprog_cnt), subprogramCapacity),
            ("line-cnt", Int(found.line_cnt), lineCapacity),
        ]
        let isChecked = [true, capabilities.contains(.subprograms), capabilities.contains(.lines)]
        for ((name, count, capacity), isChecked) in zip(counts, isChecked) where isChecked && count > capacity {
            return PatcherViolation(
                .wildWrite, name + "-above-room", "\(name) is \(count), above its capacity of \(capacity)")
        }
        return PatcherViolation(.wildWrite, "array-replaced", "an array of the result was replaced by another")
    }

    /// The result of a call without a wild write, in the plug-in's buffers.
    func image(_ capabilities: PatcherCapabilities) -> ProgramImage<OutputIndex> {
        let found = unsafe result
        return unsafe ProgramImage(
            insns: output[.insns].buffer(insnCapacity), aux: output[.aux].buffer(insnCapacity),
            subprograms: output[.subprograms].buffer(subprogramCapacity), lines: output[.lines].buffer(lineCapacity),
            insnCount: Int(found.insn_cnt),
            subprogramCount: capabilities.contains(.subprograms) ? Int(found.subprog_cnt) : 0,
            lineCount: capabilities.contains(.lines) ? Int(found.line_cnt) : 0)
    }

    /// Copies the result of a call without a wild write to a buffer. Its capacity includes the parts that the plug-in omits.
    func copyResult(to buffer: ProgramBuffer, _ capabilities: PatcherCapabilities) {
        let found = image(capabilities)
        buffer.reserve(insns: insnCapacity, subprograms: subprogramCapacity, lines: lineCapacity)
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
