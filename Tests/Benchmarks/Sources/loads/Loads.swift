import BPF
import Contenders
import Foundation
import KernelModel
import KernelRewrites
import LinuxBPF

/// Measures the rate of generating, loading, reading back and checking programs, compared with a loop in C that only loads
/// the same programs and reads them back.
@main
struct Loads {
    static let usage = """
        usage: loads [ROUNDS [PROGRAMS [SEED]]]     the fastest of ROUNDS (9) rounds in turn, over the accepted of
                                                    PROGRAMS (2000) programs with SEED (1)

        """

    static func main() {
        var numbers: [UInt64] = [9, 2000, 1]
        let words = CommandLine.arguments.dropFirst()
        for (place, word) in words.enumerated() {
            guard place < numbers.count, let number = UInt64(word), number > 0 else { stop(usage, status: 64) }
            numbers[place] = number
        }
        do throws(KernelError) {
            try report(kernel: try RunningKernel(), rounds: Int(numbers[0]), count: numbers[1], seed: numbers[2])
        } catch {
            stop("loads: \(error)\n", status: 1)
        }
    }

    private static func report(
        kernel: RunningKernel, rounds: Int, count: UInt64, seed: UInt64
    ) throws(KernelError) {
        let facts = try kernel.facts
        var generator = KernelProgramGenerator(seed: seed, facts: facts)
        var accepted: [UInt64] = []
        var programs: [LoadableProgram] = []
        var prepared: [PreparedProgram] = []
        var slots = 0
        for index in 0..<count {
            let program = generator.make(index: index).loadable
            // The loop in C does not drop capabilities.
            guard program.privilege == .all, case .loaded = kernel.load(program),
                let entry = try? kernel.prepared(program)
            else { continue }
            accepted.append(index)
            programs.append(program)
            prepared.append(entry)
            slots += program.program.insns.count
        }
        let bare = PreparedLoads(prepared)
        var race = Race()
        race.add(Lap.bare) { precondition(bare.run() == accepted.count, "not all that was accepted is again") }
        var result = Program(insns: [], aux: [], subprograms: [])
        race.add(Lap.loaded) {
            for program in programs {
                guard case .loaded(let loaded) = kernel.load(program), (try? kernel.read(loaded, into: &result)) != nil
                else { preconditionFailure("not all that was accepted is again") }
            }
        }
        var checker = RewriteChecker(facts: facts)
        var findings = 0
        race.add(Lap.checked) {
            findings = 0
            for index in accepted {
                let program = generator.make(index: index)
                guard case .loaded(let loaded) = kernel.load(program.loadable),
                    (try? kernel.read(loaded, into: &result)) != nil
                else { preconditionFailure("program \(index) is not accepted again") }
                findings += checker.check(program.loadable, live: program.live, result: result).findings.count
            }
        }
        let times = race.run(rounds: rounds)
        func rate(_ lap: String) -> Double { Double(accepted.count) * 1e9 / (times[lap] ?? .infinity) }
        print("\(facts.release), \(accepted.count) programs of \(slots / max(accepted.count, 1)) slots on average")
        for lap in [Lap.bare, Lap.loaded, Lap.checked] {
            let part = lap == Lap.bare ? "" : ", \(ratio(rate(lap), rate(Lap.bare))) of the bare loop"
            print("\(lap): \(Int(rate(lap))) loads a second of processor time\(part)")
        }
        print("promised: checked at 0.80 of the bare loop")
        if findings > 0 { print("\(findings) findings: see `bpf-patch-fuzz kernel run`") }
    }

    /// The names of the measurements.
    private enum Lap {
        static let bare = "loaded and read back in C"
        static let loaded = "loaded and read back here"
        static let checked = "made, loaded, read back and checked"
    }

    /// A quotient with two decimals.
    private static func ratio(_ one: Double, _ other: Double) -> String { String(format: "%.2f", one / other) }

    private static func stop(_ text: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data(text.utf8))
        exit(status)
    }
}
