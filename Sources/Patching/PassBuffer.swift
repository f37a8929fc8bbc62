import BPF

/// Memory for one pass, reused from case to case.
public final class PassBuffer {
    private var editStorage: RowStorage<EditRecord>
    private var patchStorage: RowStorage<Instruction>
    private var refStorage: RowStorage<Ref>
    /// How many edits are in use.
    public private(set) var editCount = 0
    /// How many slots of the pool of patch instructions are in use.
    public private(set) var patchCount = 0
    /// How many refs are in use.
    public private(set) var refCount = 0

    /// Makes an empty buffer.
    public init() {
        editStorage = RowStorage()
        patchStorage = RowStorage()
        refStorage = RowStorage()
    }

    /// The contents; valid until something is added.
    public var image: PassImage {
        PassImage(
            edits: editStorage.row(), patches: patchStorage.row(), refs: refStorage.row(), editCount: editCount)
    }

    /// Takes all edits out.
    public func removeAll() {
        editCount = 0
        patchCount = 0
        refCount = 0
    }

    /// Starts an edit without a patch and makes it the last.
    ///
    /// - Complexity: O(1), amortised
    public func addEdit(off: InputIndex, remove: UInt32, skip: Bool = false) {
        editStorage.reserve(editCount + 1, keeping: editCount)
        let edits = editStorage.row(as: TableIndex.self)
        edits[TableIndex(editCount)] = EditRecord(
            off: off, remove: remove, patchStart: PoolIndex(patchCount), patchCount: 0,
            refStart: TableIndex(refCount), skip: skip)
        editCount += 1
    }

    /// Puts an instruction at the end of the last edit's patch and says where it stands there.
    ///
    /// - Complexity: O(1), amortised
    @discardableResult
    public func addPatch(_ insn: Instruction) -> PatchIndex {
        patchStorage.reserve(patchCount + 1, keeping: patchCount)
        patchStorage.row(as: PoolIndex.self)[PoolIndex(patchCount)] = insn
        patchCount += 1
        let edits = editStorage.row(as: TableIndex.self)
        let last = TableIndex(editCount - 1)
        var edit = edits[last]
        edit.patchCount += 1
        edits[last] = edit
        return PatchIndex(rawValue: edit.patchCount - 1)
    }

    /// Changes the last edit.
    public func updateLast(_ change: (inout EditRecord) -> Void) {
        let edits = editStorage.row(as: TableIndex.self)
        var edit = edits[TableIndex(editCount - 1)]
        change(&edit)
        edits[TableIndex(editCount - 1)] = edit
    }

    /// Adds a ref to the last edit.
    ///
    /// - Complexity: O(1), amortised
    public func addRef(_ ref: Ref) {
        refStorage.reserve(refCount + 1, keeping: refCount)
        refStorage.row(as: TableIndex.self)[TableIndex(refCount)] = ref
        refCount += 1
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
            if let keep = edit.keep { updateLast { $0.keep = keep.rawValue } }
        }
    }

    /// Replaces the contents by a copy of a pass in another buffer.
    ///
    /// - Complexity: O(edits + patch slots + refs)
    public func load(_ source: PassBuffer) {
        let image = source.image
        editStorage.reserve(source.editCount)
        patchStorage.reserve(source.patchCount)
        refStorage.reserve(source.refCount)
        editCount = source.editCount
        patchCount = source.patchCount
        refCount = source.refCount
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
