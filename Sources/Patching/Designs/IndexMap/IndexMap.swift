import BPF

/// A tail of new instructions for every slot of the input, and a map from each slot to where it has gone: the program is
/// copied once, and every jump is then pointed to what the map says of its target.
///
/// Nothing is searched for: a landing is one look-up, whatever the edits. What must be paid is one pass over the edits, their
/// patches and the input, the result written in order, and four bytes of map for each slot of the input. In a large program
/// the second look at the jumps touches memory that the first has written long before.
///
/// - Complexity: O(slots + edits) a pass, plus O(log skipped insertions) a call
/// - Source: Cree and Nakryiko, 2019
public final class IndexMap: Patcher {
    public let name = "index-map"
    private let work = Cell(LayoutWorkspace())
    private let storage = Cell(LandingMap.Storage())

    public init() {}

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        work.value.carryOut(pass, on: input, into: output, storage.value.makeMap(input, pass))
    }
}
