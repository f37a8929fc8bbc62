import BPF

/// One edit in preallocated memory: an ``Edit`` with its patch and refs in the pools of a ``PassImage``.
///
/// - Shape: eight 32-bit words, no padding
/// - Units: slots
package struct EditRecord: Hashable, Sendable, BitwiseCopyable {
    /// The value of ``keep`` for a patch that keeps nothing.
    @inlinable
    package static var noKeep: UInt32 { UInt32.max }

    package var off: InputIndex
    package var remove: UInt32
    /// The start of the patch in the pool of patches.
    package var patchStart: PoolIndex
    package var patchCount: UInt32
    /// The place in the patch of the kept instruction, or ``noKeep``.
    package var keep: UInt32
    /// The start of the refs in the pool of refs.
    package var refStart: TableIndex
    package var refCount: UInt32
    /// 1 if jumps to `off` skip the inserted code, else 0.
    package var skipFlag: UInt32

    @inlinable
    package init(
        off: InputIndex, remove: UInt32, patchStart: PoolIndex, patchCount: UInt32, keep: UInt32 = noKeep,
        refStart: TableIndex, refCount: UInt32 = 0, skip: Bool = false
    ) {
        self.off = off
        self.remove = remove
        self.patchStart = patchStart
        self.patchCount = patchCount
        self.keep = keep
        self.refStart = refStart
        self.refCount = refCount
        self.skipFlag = skip ? 1 : 0
    }

    /// True if jumps to `off` skip the inserted code.
    @inlinable @inline(__always)
    package var skip: Bool { skipFlag != 0 }

    /// The input index after the removed range.
    @inlinable @inline(__always)
    package var end: InputIndex { off + Int(remove) }

    /// True if the edit removes nothing.
    @inlinable @inline(__always)
    package var isInsertion: Bool { remove == 0 }

    /// True if the last slot of the patch inherits the aux word of the first removed slot: the patch keeps nothing.
    @inlinable @inline(__always)
    package var passesWordOn: Bool { remove > 0 && patchCount > 0 && keep == EditRecord.noKeep }

    /// True if the edit has no patch.
    @inlinable @inline(__always)
    package var isDeletion: Bool { patchCount == 0 }

    /// The growth of the program by this edit; negative if it shrinks.
    @inlinable @inline(__always)
    package var growth: Int { Int(patchCount) - Int(remove) }

    /// Returns true if a patch slot belongs to the kept instruction.
    @inlinable @inline(__always)
    package func keeps(_ index: PatchIndex) -> Bool {
        index.rawValue &- keep < remove && keep != EditRecord.noKeep
    }
}

/// A view of one pass in preallocated memory. An image does not own its memory.
///
/// - Shape: no two edits share slots of the pool; a ``PassBuffer`` has the patches in order, other owners may not
/// - Units: `editCount` in edits, `patchSlots` in slots
package struct PassImage: BitwiseCopyable {
    package var edits: UnsafeTypedBuffer<TableIndex, EditRecord>
    package var patches: UnsafeTypedBuffer<PoolIndex, Instruction>
    package var refs: UnsafeTypedBuffer<TableIndex, Ref>
    package var editCount: Int
    /// The number of used slots of the pool: an upper limit for the total length of all patches.
    package var patchSlots: Int

    @inlinable
    package init(
        edits: UnsafeTypedBuffer<TableIndex, EditRecord>, patches: UnsafeTypedBuffer<PoolIndex, Instruction>,
        refs: UnsafeTypedBuffer<TableIndex, Ref>,
        editCount: Int, patchSlots: Int
    ) {
        self.edits = edits
        self.patches = patches
        self.refs = refs
        self.editCount = editCount
        self.patchSlots = patchSlots
    }

    /// The edit with a number below ``editCount``.
    ///
    /// - Complexity: O(1)
    @inlinable @inline(__always)
    package func edit(_ number: Int) -> EditRecord {
        precondition(number >= 0 && number < editCount)
        return unsafe edits[TableIndex(number)]
    }

    /// The patch of an edit.
    @inlinable @inline(__always)
    package func patch(of edit: EditRecord) -> UnsafeTypedBuffer<PatchIndex, Instruction> {
        patches.suffix(from: edit.patchStart, as: PatchIndex.self)
    }

    /// The ref of a patch instruction, or `nil`.
    ///
    /// - Complexity: O(refs of the edit)
    @inlinable @inline(__always)
    package func target(of index: PatchIndex, in edit: EditRecord) -> InputIndex? {
        var at = edit.refStart
        let end = edit.refStart + Int(edit.refCount)
        precondition(end.position <= refs.capacity)
        while at < end {
            let ref = unsafe refs[at]
            if ref.from == index { return ref.to }
            at = at + 1
        }
        return nil
    }

    /// The first edits of the pass, as a separate pass.
    @inlinable
    package func prefix(_ count: Int) -> PassImage {
        var shorter = self
        shorter.editCount = min(count, editCount)
        return shorter
    }
}
