import BPF
import Fuzzing
import Patching

/// Cases made beforehand, so that running them is all that is measured.
///
/// They are different, and enough of them that no branch predictor learns them by heart.
public struct CasePool: ~Copyable {
    /// A program and one pass for it.
    struct Entry: ~Copyable {
        let program = ProgramBuffer()
        let pass = PassBuffer()
    }

    private let entries: CellRow<Entry>

    /// How many cases there are.
    public var count: Int { entries.count }

    /// Makes the first cases of a shape and seed whose pass is well formed in itself.
    public init(_ shape: CaseShape, count: Int, seed: UInt64 = 1) {
        var generator = CaseGenerator(seed: seed, shape: shape)
        var index: UInt64 = 0
        entries = CellRow(count: count) { _ in
            let entry = Entry()
            while true {
                entry.program.load(generator.begin(index: index))
                index += 1
                let pass = generator.nextPass(for: entry.program.image())
                if PassCheck.fault(in: pass, on: entry.program.image()) != nil { continue }
                entry.pass.load(Pass(pass))
                return entry
            }
        }
    }

    /// Carries out every case once and says how many are accepted.
    @inline(never)
    public func run(_ patcher: any Patcher, into output: ProgramBuffer) -> Int {
        var accepted = 0
        for number in 0..<entries.count {
            let status = patcher.apply(
                entries[number].pass.image, to: entries[number].program.image(), into: output)
            if status == .accepted { accepted += 1 }
        }
        return accepted
    }
}
