import BPF

/// Writes patches to their place in a result, for designs that do so before they know where jumps land.
///
/// A jump from one slot of a patch to another, or to what stands right behind the patch, is right as it is written: both
/// ends move alike. So no slot of a patch is looked at but those of refs; see ``LeavingJumps`` for the exceptions.
struct PatchWriter {
    /// How many slots are written at once, whether or not all of them are the patch's.
    static let stride = 4

    let pass: PassImage
    let input: ProgramImage<InputIndex>
    let result: ProgramImage<OutputIndex>
    /// The last place in the pool of patch instructions from which a stride can be read.
    private let lastStride: Int

    /// - Parameter output: gets room for any result of the pass and a stride
    @inline(__always)
    init(pass: PassImage, input: ProgramImage<InputIndex>, output: ProgramBuffer) {
        output.reserve(
            insns: input.insnCount + pass.patchSlots + PatchWriter.stride, subprograms: input.subprogramCount,
            lines: input.lineCount)
        self.pass = pass
        self.input = input
        result = output.image()
        lastStride = pass.patches.capacity - PatchWriter.stride
    }

    /// The jumps of patches that may have to be looked at.
    var leaving: LeavingJumps { LeavingJumps(pass: pass, input: input) }

    /// One more than there can be jumps in the result.
    var jumpRoom: Int { input.insnCount + pass.patchSlots + 1 }

    /// Writes a patch as it stands in the pass, and zeros for its words.
    ///
    /// - Complexity: O(patch slots)
    @inline(__always)
    func write(_ edit: TableIndex, at start: OutputIndex) {
        let place = pass.edits[edit].patchStart
        let patch = pass.patches.suffix(from: place, as: PatchIndex.self)
        let insns = result.insns.suffix(from: start, as: PatchIndex.self)
        let aux = result.aux.suffix(from: start, as: PatchIndex.self)
        let count = pass.edits[edit].patchCount
        var slot = PatchIndex(rawValue: 0)
        // Most patches are short, and a loop of as good as random length ends with a mispredicted branch.
        if place.position <= lastStride {
            let first = patch[PatchIndex(rawValue: 0)]
            let second = patch[PatchIndex(rawValue: 1)]
            let third = patch[PatchIndex(rawValue: 2)]
            let fourth = patch[PatchIndex(rawValue: 3)]
            insns[PatchIndex(rawValue: 0)] = first
            insns[PatchIndex(rawValue: 1)] = second
            insns[PatchIndex(rawValue: 2)] = third
            insns[PatchIndex(rawValue: 3)] = fourth
            aux[PatchIndex(rawValue: 0)] = 0
            aux[PatchIndex(rawValue: 1)] = 0
            aux[PatchIndex(rawValue: 2)] = 0
            aux[PatchIndex(rawValue: 3)] = 0
            slot = PatchIndex(rawValue: UInt32(PatchWriter.stride))
        }
        while slot.rawValue < count {
            insns[slot] = patch[slot]
            aux[slot] = 0
            slot = slot + 1
        }
    }

    /// Writes the first slot of the instruction that a patch keeps, with its word, and says where it stands.
    @inline(__always)
    func writeKept(_ edit: TableIndex, at start: OutputIndex) -> OutputIndex {
        let place = start + Int(pass.edits[edit].keep)
        let kept = pass.edits[edit].off
        result.insns[place] = input.insns[kept]
        result.aux[place] = input.aux[kept]
        return place
    }

    /// Writes the second slot of the wide load that a patch keeps, if it keeps anything; the edit removes more than one slot.
    @inline(__always)
    func writeSecondKept(_ edit: TableIndex, at start: OutputIndex) {
        if pass.edits[edit].keep == EditRecord.noKeep { return }
        let place = start + (Int(pass.edits[edit].keep) &+ 1)
        let kept = pass.edits[edit].off + 1
        result.insns[place] = input.insns[kept]
        result.aux[place] = input.aux[kept]
    }

    /// Gives the last slot of a patch the word of the first slot that it replaces.
    @inline(__always)
    func writeWord(_ edit: TableIndex, at start: OutputIndex) {
        result.aux[start + (Int(pass.edits[edit].patchCount) &- 1)] = input.aux[pass.edits[edit].off]
    }
}
