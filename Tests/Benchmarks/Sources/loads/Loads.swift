import BPF
import Foundation
import KernelRewrites
import LinuxBPF

/// Measures how fast programs are made, loaded into the running kernel, read back and checked, against a loop in C that
/// only loads the same programs and reads them back.
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
            report(kernel: try RunningKernel(), rounds: Int(numbers[0]), count: numbers[1], seed: numbers[2])
        } catch {
            stop("loads: \(error)\n", status: 1)
        }
    }

    private static func report(kernel: RunningKernel, rounds: Int, count: UInt64, seed: UInt64) {
        let facts = kernel.facts
        var generator = KernelProgramGenerator(seed: seed, facts: facts)
        var accepted: [UInt64] = []
        var prepared: [PreparedProgram] = []
        var slots = 0
        for index in 0..<count {
            let program = generator.make(index: index).loadable
            // The loop in C gives up no capabilities.
            guard program.privilege == .all, case .loaded = kernel.load(program),
                let entry = try? kernel.prepared(program)
            else { continue }
            accepted.append(index)
            prepared.append(entry)
            slots += program.program.insns.count
        }
        let bare = PreparedLoads(prepared)
        var checker = RewriteChecker(facts: facts)
        var result = Program(insns: [], aux: [], subprograms: [])
        var times = [Duration](repeating: .seconds(1_000_000), count: 3)
        var findings = 0
        for _ in 0..<rounds {
            times[0] = min(times[0], time { precondition(bare.run() == accepted.count) })
            times[1] = min(
                times[1],
                time {
                    for index in accepted {
                        let program = generator.make(index: index)
                        guard case .loaded(let loaded) = kernel.load(program.loadable),
                            (try? kernel.read(loaded, into: &result)) != nil
                        else { preconditionFailure("program \(index) was accepted before") }
                        findings += checker.check(program.loadable, live: program.live, result: result).findings.count
                    }
                })
            times[2] = min(
                times[2],
                time {
                    for index in accepted {
                        let program = generator.make(index: index)
                        precondition(program.live.count == program.loadable.program.insns.count)
                    }
                })
        }
        let rates = times.map { Double(accepted.count) / ($0 / .seconds(1)) }
        print("\(facts.release), \(accepted.count) programs of \(slots / max(accepted.count, 1)) slots on average")
        print("bare loop in C           \(Int(rates[0])) loads/s")
        print("made, loaded and checked \(Int(rates[1])) loads/s, \(ratio(rates[1], rates[0])) of it; promised: 0.80")
        print("made and not loaded      \(Int(rates[2])) programs/s")
        if findings > 0 { print("\(findings) findings: see `bpf-patch-fuzz kernel run`") }
    }

    private static func time(_ body: () -> Void) -> Duration { ContinuousClock().measure(body) }

    /// A quotient with two digits behind the point.
    private static func ratio(_ one: Double, _ other: Double) -> String { String(format: "%.2f", one / other) }

    private static func stop(_ text: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data(text.utf8))
        exit(status)
    }
}
