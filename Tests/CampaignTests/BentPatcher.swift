import BPF
import Fuzzing
import Patching

@testable import Campaign

/// A built-in patcher with corrupted results.
final class BentPatcher: Patcher {
    let name: String
    private let inner = RangeReplace()
    private let bend: (ProgramBuffer) -> Void

    init(_ name: String = "bent", _ bend: @escaping (ProgramBuffer) -> Void) {
        self.name = name
        self.bend = bend
    }

    func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus {
        let status = inner.apply(pass, to: input, into: output)
        if status == .accepted { bend(output) }
        return status
    }

    /// Changes the offset of the first jump.
    static func firstJump(by slots: Int) -> BentPatcher {
        BentPatcher { output in
            let image = output.image(as: OutputIndex.self)
            for slot in 0..<image.insnCount {
                let kind = unsafe image.insns[OutputIndex(slot)].jumpKind
                if kind == .none { continue }
                let offset = unsafe image.insns[OutputIndex(slot)].jumpOffset(kind)
                _ = unsafe image.insns[OutputIndex(slot)].setJumpOffset(offset + slots, kind)
                return
            }
        }
    }
}
