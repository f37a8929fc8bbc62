import BPF

/// Memory for one pass, reused from case to case.
public final class PassBuffer {
    @usableFromInline
    struct Memory: ~Copyable {
        @usableFromInline var edits = Scratch<EditRecord>()
        @usableFromInline var patches = Scratch<Instruction>()
        @usableFromInline var refs = Scratch<Ref>()
        @usableFromInline var editCount = 0
        @usableFromInline var patchCount = 0
        @usableFromInline var refCount = 0

        @usableFromInline
        init() {}
    }

    @usableFromInline let memory = UncheckedBox(Memory())

    /// Makes an empty buffer.
    public init() {}

    /// The number of edits.
    @inlinable
    public var editCount: Int { unsafe memory.value.editCount }
    /// The number of slots in the pool of patches.
    @inlinable
    public var patchCount: Int { unsafe memory.value.patchCount }
    /// The number of refs.
    @inlinable
    public var refCount: Int { unsafe memory.value.refCount }

    /// A view of the contents; valid until an edit, instruction or ref is added.
    @inlinable
    public var image: PassImage {
        unsafe PassImage(
            edits: memory.value.edits.buffer(), patches: memory.value.patches.buffer(),
            refs: memory.value.refs.buffer(),
            editCount: memory.value.editCount, patchSlots: memory.value.patchCount)
    }

    /// Removes all edits.
    @inlinable
    public func removeAll() {
        unsafe memory.value.editCount = 0
        unsafe memory.value.patchCount = 0
        unsafe memory.value.refCount = 0
    }

    /// Adds an edit without a patch.
    ///
    /// - Complexity: O(1), amortised
    @inlinable
    public func addEdit(off: InputIndex, remove: UInt32, skip: Bool = false) {
        let count = unsafe memory.value.editCount
        unsafe memory.value.edits.reserve(count + 1, keeping: count)
        unsafe memory.value.edits.buffer(as: TableIndex.self)[TableIndex(count)] = EditRecord(
            off: off, remove: remove, patchStart: PoolIndex(patchCount), patchCount: 0,
            refStart: TableIndex(refCount), skip: skip)
        unsafe memory.value.editCount = count + 1
    }

    /// Adds an instruction to the patch of the last edit, and returns its index in the patch.
    ///
    /// - Complexity: O(1), amortised
    @discardableResult @inlinable
    public func addPatch(_ insn: Instruction) -> PatchIndex {
        let count = unsafe memory.value.patchCount
        unsafe memory.value.patches.reserve(count + 1, keeping: count)
        unsafe memory.value.patches.buffer(as: PoolIndex.self)[PoolIndex(count)] = insn
        unsafe memory.value.patchCount = count + 1
        var place: UInt32 = 0
        updateLast { edit in
            place = edit.patchCount
            edit.patchCount += 1
        }
        return PatchIndex(rawValue: place)
    }

    /// Changes the last edit.
    @inlinable @inline(__always)
    public func updateLast(_ change: (inout EditRecord) -> Void) {
        let edits = unsafe memory.value.edits.buffer(as: TableIndex.self)
        let last = TableIndex(editCount - 1)
        var edit = unsafe edits[last]
        change(&edit)
        unsafe edits[last] = edit
    }

    /// The last edit.
    @inlinable
    public var lastEdit: EditRecord { unsafe memory.value.edits.buffer()[TableIndex(editCount - 1)] }

    /// Removes the last edit with its patch and refs.
    ///
    /// - Complexity: O(1)
    @inlinable
    public func removeLast() {
        let edit = lastEdit
        unsafe memory.value.editCount -= 1
        unsafe memory.value.patchCount = edit.patchStart.position
        unsafe memory.value.refCount = edit.refStart.position
    }

    /// Removes edits with their patches and refs.
    ///
    /// - Complexity: O(edits + patch slots + refs)
    public func removeEdits(where isUnwanted: (EditRecord) -> Bool) {
        let old = image
        removeAll()
        for number in 0..<old.editCount {
            // Writing never overtakes reading, so the rest of the image stays intact.
            var edit = old.edit(number)
            if isUnwanted(edit) { continue }
            let (patch, ref) = (edit.patchStart, edit.refStart)
            edit.patchStart = PoolIndex(patchCount)
            edit.refStart = TableIndex(refCount)
            for slot in 0..<Int(edit.patchCount) {
                unsafe old.patches[edit.patchStart + slot] = old.patches[patch + slot]
            }
            for slot in 0..<Int(edit.refCount) { unsafe old.refs[edit.refStart + slot] = old.refs[ref + slot] }
            unsafe old.edits[TableIndex(editCount)] = edit
            unsafe memory.value.editCount += 1
            unsafe memory.value.patchCount += Int(edit.patchCount)
            unsafe memory.value.refCount += Int(edit.refCount)
        }
    }

    /// Adds a ref to the last edit.
    ///
    /// - Complexity: O(1), amortised
    @inlinable
    public func addRef(_ ref: Ref) {
        let count = unsafe memory.value.refCount
        unsafe memory.value.refs.reserve(count + 1, keeping: count)
        unsafe memory.value.refs.buffer(as: TableIndex.self)[TableIndex(count)] = ref
        unsafe memory.value.refCount = count + 1
        updateLast { $0.refCount += 1 }
    }

    /// Replaces the contents by a copy of a pass.
    ///
    /// - Complexity: O(edits + patch slots + refs)
    public func load(_ pass: Pass) {
        removeAll()
        for edit in pass.edits {
            addEdit(off: edit.off, remove: edit.remove, skip: edit.skip)
            for insn in edit.patch { addPatch(insn) }
            for ref in edit.refs { addRef(ref) }
            // `noKeep` as an index is as malformed as the number below it.
            if let keep = edit.keep { updateLast { $0.keep = min(keep.rawValue, EditRecord.noKeep - 1) } }
        }
    }

    /// Replaces the contents by a copy of a pass in another buffer.
    ///
    /// - Complexity: O(edits + patch slots + refs)
    public func load(_ source: PassBuffer) {
        let image = source.image
        unsafe memory.value.edits.reserve(source.editCount)
        unsafe memory.value.patches.reserve(source.patchCount)
        unsafe memory.value.refs.reserve(source.refCount)
        unsafe memory.value.editCount = source.editCount
        unsafe memory.value.patchCount = source.patchCount
        unsafe memory.value.refCount = source.refCount
        let own = self.image
        unsafe own.edits.copy(editCount, from: image.edits, at: TableIndex(0), to: TableIndex(0))
        unsafe own.patches.copy(patchCount, from: image.patches, at: PoolIndex(0), to: PoolIndex(0))
        unsafe own.refs.copy(refCount, from: image.refs, at: TableIndex(0), to: TableIndex(0))
    }
}

extension Pass {
    /// Copies a pass out of preallocated memory; placeholders become zeros.
    ///
    /// - Complexity: O(patch slots × refs of their edit)
    public init(_ image: PassImage) {
        edits = (0..<image.editCount).map { number in
            let record = image.edit(number)
            let patch = image.patch(of: record)
            let refs = image.refs.suffix(from: record.refStart, as: TableIndex.self).array(count: Int(record.refCount))
            return Edit(
                off: record.off, remove: record.remove, patch: patch.array(count: Int(record.patchCount)),
                keep: record.keep == EditRecord.noKeep ? nil : PatchIndex(rawValue: record.keep), refs: refs,
                skip: record.skip
            ).withPlaceholdersCleared()
        }
    }
}

extension Edit {
    /// The same edit with zeros as placeholders.
    ///
    /// - Complexity: O(patch slots + refs)
    public func withPlaceholdersCleared() -> Edit {
        var copy = self
        if let keep, remove <= 2 {
            for slot in keep.position..<(keep.position + Int(remove)) where slot < patch.count {
                copy.patch[slot] = .zero
            }
        }
        for ref in refs where ref.from.position < patch.count {
            let kind = copy.patch[ref.from.position].jumpKind
            _ = copy.patch[ref.from.position].setJumpOffset(0, kind)
        }
        return copy
    }
}
