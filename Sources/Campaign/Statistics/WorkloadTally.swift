import BPF
import Fuzzing
import LinuxBPF
import Patching

/// Runs one workload on programs and counts the edits.
struct WorkloadTally: ~Copyable {
    private let workload: Workload
    private var generator = WorkloadGenerator()
    /// Without patchers, the result of a pass is the oracle's.
    private var comparison = PatcherComparison([])
    private let pass = PassBuffer()
    private var tally: EditTally

    init(_ workload: Workload) {
        self.workload = workload
        tally = EditTally(
            EditStatistics(name: workload.name, source: workload.source, passes: workload.passCount))
    }

    /// Counts one program.
    ///
    /// - Complexity: O(slots × log subprograms) a pass
    mutating func add(_ source: ObjectProgram, _ program: ProgramImage<InputIndex>) {
        comparison.begin(program)
        for number in 0..<workload.passCount {
            generator.makePass(number, of: workload, for: comparison.program, into: pass)
            count(pass.image)
            let status = comparison.run(pass.image, isLast: number == workload.passCount - 1)
            if status == .accepted { continue }
            precondition(comparison.status == .erange, "\(source.object), \(source.name): \(workload.name) is refused")
            tally.addOutOfRange()
            break
        }
        tally.endProgram(object: source.object, name: source.name, slots: program.insnCount)
    }

    /// Counts the edits of one pass.
    private mutating func count(_ image: PassImage) {
        for number in 0..<image.editCount {
            let edit = image.edit(number)
            if edit.isDeletion {
                tally.addDeletion(of: Int(edit.remove))
            } else {
                let length = Int(edit.patchCount) + (edit.isInsertion ? 1 : 0)
                tally.addPatch(length: length, growth: edit.growth)
            }
        }
    }

    /// The counts so far.
    var statistics: EditStatistics { tally.statistics }
}
