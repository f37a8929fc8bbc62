import BPF

/// Memory for one pass, reused from case to case.
public final class PassBuffer {
    @usableFromInline
    struct Memory: ~Copyable {
        @usableFromInline var edits = RowStorage<EditRecord>()
        @usableFromInline var patches = RowStorage<Instruction>()
        @usableFromInline var refs = RowStorage<Ref>()
        @usableFromInline var editCount = 0
        @usableFromInline var patchCount = 0
        @usableFromInline var refCount = 0

        @usableFromInline
        init() {}
    }

    @usableFromInline let memory = Cell(Memory())

    /// Makes an empty buffer.
    public init() {}

    /// How many edits are in use.
    @inlinable
    public var editCount: Int { memory.value.editCount }
    /// How many slots of the pool of patch instructions are in use.
    @inlinable
    public var patchCount: Int { memory.value.patchCount }
    /// How many refs are in use.
    @inlinable
    public var refCount: Int { memory.value.refCount }

    /// The contents; valid until something is added.
    @inlinable
    public var image: PassImage {
        PassImage(
            edits: memory.value.edits.row(), patches: memory.value.patches.row(), refs: memory.value.refs.row(),
            editCount: memory.value.editCount, patchSlots: memory.value.patchCount)
    }

    /// Takes all edits out.
    @inlinable
    public func removeAll() {
        memory.value.editCount = 0
        memory.value.patchCount = 0
        memory.value.refCount = 0
    }

    /// Starts an edit without a patch and makes it the last.
    ///
    /// - Complexity: O(1), amortised
    @inlinable
    public func addEdit(off: InputIndex, remove: UInt32, skip: Bool = false) {
        let count = memory.value.editCount
        memory.value.edits.reserve(count + 1, keeping: count)
        memory.value.edits.row(as: TableIndex.self)[TableIndex(count)] = EditRecord(
            off: off, remove: remove, patchStart: PoolIndex(patchCount), patchCount: 0,
            refStart: TableIndex(refCount), skip: skip)
        memory.value.editCount = count + 1
    }

    /// Puts an instruction at the end of the last edit's patch and says where it stands there.
    ///
    /// - Complexity: O(1), amortised
    @discardableResult @inlinable
    public func addPatch(_ insn: Instruction) -> PatchIndex {
        let count = memory.value.patchCount
        memory.value.patches.reserve(count + 1, keeping: count)
        memory.value.patches.row(as: PoolIndex.self)[PoolIndex(count)] = insn
        memory.value.patchCount = count + 1
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
        let edits = memory.value.edits.row(as: TableIndex.self)
        let last = TableIndex(editCount - 1)
        var edit = edits[last]
        change(&edit)
        edits[last] = edit
    }

    /// The last edit.
    @inlinable
    public var lastEdit: EditRecord { memory.value.edits.row()[TableIndex(editCount - 1)] }

    /// Takes the last edit out again, with its patch and refs.
    ///
    /// - Complexity: O(1)
    @inlinable
    public func removeLast() {
        let edit = lastEdit
        memory.value.editCount -= 1
        memory.value.patchCount = edit.patchStart.position
        memory.value.refCount = edit.refStart.position
    }

    /// Takes some edits out, with their patches and refs.
    ///
    /// - Complexity: O(edits + patch slots + refs)
    public func removeEdits(where isUnwanted: (EditRecord) -> Bool) {
        let old = image
        removeAll()
        for number in 0..<old.editCount {
            // Nothing is written past what has been read: the image stays whole from here on.
            var edit = old.edits[TableIndex(number)]
            if isUnwanted(edit) { continue }
            let (patch, ref) = (edit.patchStart, edit.refStart)
            edit.patchStart = PoolIndex(patchCount)
            edit.refStart = TableIndex(refCount)
            for slot in 0..<Int(edit.patchCount) { old.patches[edit.patchStart + slot] = old.patches[patch + slot] }
            for slot in 0..<Int(edit.refCount) { old.refs[edit.refStart + slot] = old.refs[ref + slot] }
            old.edits[TableIndex(editCount)] = edit
            memory.value.editCount += 1
            memory.value.patchCount += Int(edit.patchCount)
            memory.value.refCount += Int(edit.refCount)
        }
    }

    /// Adds a ref to the last edit.
    ///
    /// - Complexity: O(1), amortised
    @inlinable
    public func addRef(_ ref: Ref) {
        let count = memory.value.refCount
        memory.value.refs.reserve(count + 1, keeping: count)
        memory.value.refs.row(as: TableIndex.self)[TableIndex(count)] = ref
        memory.value.refCount = count + 1
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
            // The number that stands for no keep is as far outside of any patch as the one below it.
            if let keep = edit.keep { updateLast { $0.keep = min(keep.rawValue, EditRecord.noKeep - 1) } }
        }
    }

    /// Replaces the contents by a copy of a pass in another buffer.
    ///
    /// - Complexity: O(edits + patch slots + refs)
    public func load(_ source: PassBuffer) {
        let image = source.image
        memory.value.edits.reserve(source.editCount)
        memory.value.patches.reserve(source.patchCount)
        memory.value.refs.reserve(source.refCount)
        memory.value.editCount = source.editCount
        memory.value.patchCount = source.patchCount
        memory.value.refCount = source.refCount
        let own = self.image
        own.edits.copy(editCount, from: image.edits, at: TableIndex(0), to: TableIndex(0))
        own.patches.copy(patchCount, from: image.patches, at: PoolIndex(0), to: PoolIndex(0))
        own.refs.copy(refCount, from: image.refs, at: TableIndex(0), to: TableIndex(0))
    }
}

extension Pass {
    /// Copies an image out of its buffer; placeholders become zeros.
    ///
    /// - Complexity: O(patch slots × refs of their edit)
    public init(_ image: PassImage) {
        edits = (0..<image.editCount).map { number in
            let record = image.edits[TableIndex(number)]
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
    /// The same edit with zeros wherever SEMANTICS calls the content a placeholder.
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
