import BPF
import Fuzzing
import Histogram
import LinuxBPF
import Patching

/// Puts programs through one workload, one after the other, and counts.
struct WorkloadTally: ~Copyable {
    /// How many of the most patched programs are kept.
    private static let mostCount = 5

    private let workload: Workload
    private var generator = WorkloadGenerator()
    /// Without patchers, what comes of a pass is what the rules give.
    private var trial = Trial([])
    private let pass = PassBuffer()
    private var totals: WorkloadStatistics
    private var lengths: [Int: Int] = [:]
    private var deletedLengths: [Int: Int] = [:]
    /// Edits a program; exact up to 262,143 of them.
    private var edits = Histogram<UInt32>(numberOfSignificantValueDigits: .five)
    /// Programs by how many bits the number of their edits has.
    private var programs = [Int](repeating: 0, count: Int.bitWidth + 1)

    init(_ workload: Workload) {
        self.workload = workload
        totals = WorkloadStatistics(workload)
    }

    /// Counts one program.
    ///
    /// - Complexity: O(slots × log subprograms) a pass
    mutating func add(_ source: ObjectProgram, _ program: ProgramImage<InputIndex>) {
        trial.begin(program)
        var editCount = 0
        var growth = 0
        for number in 0..<workload.passCount {
            generator.makePass(number, of: workload, for: trial.program, into: pass)
            editCount += pass.editCount
            growth += count(pass.image)
            let status = trial.run(pass.image, isLast: number == workload.passCount - 1)
            if status == .accepted { continue }
            precondition(trial.status == .erange, "\(source.object), \(source.name): \(workload.name) is refused")
            totals.outOfRange += 1
            break
        }
        totals.programsTouched += editCount > 0 ? 1 : 0
        totals.slotsIn += program.insnCount
        totals.slotsOut += program.insnCount + growth
        edits.record(UInt64(editCount))
        programs[Int.bitWidth - editCount.leadingZeroBitCount] += 1
        note(
            WorkloadStatistics.PatchedProgram(
                object: source.object, program: source.name, edits: editCount, slotsIn: program.insnCount,
                slotsOut: program.insnCount + growth))
    }

    /// Counts the edits of one pass; says how much longer it makes the program.
    private mutating func count(_ image: PassImage) -> Int {
        var growth = 0
        for number in 0..<image.editCount {
            let edit = image.edits[TableIndex(number)]
            growth += edit.growth
            if edit.isDeletion {
                totals.deletions += 1
                deletedLengths[Int(edit.remove), default: 0] += 1
            } else {
                totals.patches += 1
                lengths[Int(edit.patchCount) + (edit.isInsertion ? 1 : 0), default: 0] += 1
            }
        }
        return growth
    }

    /// Keeps a program if it is among the most patched.
    private mutating func note(_ program: WorkloadStatistics.PatchedProgram) {
        if program.edits == 0 { return }
        let place = totals.mostPatched.firstIndex { $0.edits < program.edits } ?? totals.mostPatched.count
        totals.mostPatched.insert(program, at: place)
        if totals.mostPatched.count > WorkloadTally.mostCount { totals.mostPatched.removeLast() }
    }

    /// What has been counted.
    var statistics: WorkloadStatistics {
        func sorted(_ counts: [Int: Int]) -> [WorkloadStatistics.LengthCount] {
            counts.sorted { $0.key < $1.key }.map { WorkloadStatistics.LengthCount(length: $0.key, count: $0.value) }
        }
        func most(in percentile: Double) -> Int { Int(edits.valueAtPercentile(percentile)) }
        var result = totals
        result.growth = totals.slotsOut - totals.slotsIn
        result.lengths = sorted(lengths)
        result.deletedLengths = sorted(deletedLengths)
        result.perProgram = WorkloadStatistics.Spread(
            p50: most(in: 50), p90: most(in: 90), p99: most(in: 99),
            max: most(in: 100))
        let last = programs.lastIndex { $0 > 0 } ?? 0
        result.programs = (0...last).map { bits in
            WorkloadStatistics.ProgramCount(
                from: bits == 0 ? 0 : 1 << (bits - 1), to: (1 << bits) - 1, programs: programs[bits])
        }
        return result
    }
}
