import BPF

/// One edit in preallocated memory: an ``Edit`` with its patch and refs in the pools of a ``PassImage``.
///
/// - Shape: eight 32-bit words, no padding
/// - Units: slots
@frozen
public struct EditRecord: Hashable, Sendable, BitwiseCopyable {
    /// The value of ``keep`` for a patch that keeps nothing.
    @inlinable
    public static var noKeep: UInt32 { UInt32.max }

    public var off: InputIndex
    public var remove: UInt32
    /// The start of the patch in the pool of patches.
    public var patchStart: PoolIndex
    public var patchCount: UInt32
    /// The place in the patch of the kept instruction, or ``noKeep``.
    public var keep: UInt32
    /// The start of the refs in the pool of refs.
    public var refStart: TableIndex
    public var refCount: UInt32
    /// 1 if jumps to `off` skip the inserted code, else 0.
    public var skipFlag: UInt32

    @inlinable
    public init(
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
    public var skip: Bool { skipFlag != 0 }

    /// The input index after the removed range.
    @inlinable @inline(__always)
    public var end: InputIndex { off + Int(remove) }

    /// True if the edit removes nothing.
    @inlinable @inline(__always)
    public var isInsertion: Bool { remove == 0 }

    /// True if the last slot of the patch inherits the aux word of the first removed slot: the patch keeps nothing.
    @inlinable @inline(__always)
    public var passesWordOn: Bool { remove > 0 && patchCount > 0 && keep == EditRecord.noKeep }

    /// True if the edit has no patch.
    @inlinable @inline(__always)
    public var isDeletion: Bool { patchCount == 0 }

    /// The growth of the program by this edit; negative if it shrinks.
    @inlinable @inline(__always)
    public var growth: Int { Int(patchCount) - Int(remove) }

    /// Returns true if a patch slot belongs to the kept instruction.
    @inlinable @inline(__always)
    public func keeps(_ index: PatchIndex) -> Bool {
        index.rawValue &- keep < remove && keep != EditRecord.noKeep
    }
}

/// A view of one pass in preallocated memory. An image does not own its memory.
///
/// - Shape: no two edits share slots of the pool; a ``PassBuffer`` has the patches in order, other owners may not
/// - Units: `editCount` in edits, `patchSlots` in slots
@frozen
public struct PassImage: BitwiseCopyable {
    public var edits: UnsafeTypedBuffer<TableIndex, EditRecord>
    public var patches: UnsafeTypedBuffer<PoolIndex, Instruction>
    public var refs: UnsafeTypedBuffer<TableIndex, Ref>
    public var editCount: Int
    /// The number of used slots of the pool: an upper limit for the total length of all patches.
    public var patchSlots: Int

    @inlinable
    public init(
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
    public func edit(_ number: Int) -> EditRecord {
        precondition(number >= 0 && number < editCount)
        return unsafe edits[TableIndex(number)]
    }

    /// The patch of an edit.
    @inlinable @inline(__always)
    public func patch(of edit: EditRecord) -> UnsafeTypedBuffer<PatchIndex, Instruction> {
        patches.suffix(from: edit.patchStart, as: PatchIndex.self)
    }

    /// The ref of a patch instruction, or `nil`.
    ///
    /// - Complexity: O(refs of the edit)
    @inlinable @inline(__always)
    public func target(of index: PatchIndex, in edit: EditRecord) -> InputIndex? {
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
    public func prefix(_ count: Int) -> PassImage {
        var shorter = self
        shorter.editCount = min(count, editCount)
        return shorter
    }
}
