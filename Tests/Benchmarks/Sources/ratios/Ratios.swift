import Contenders
import Fuzzing
import Glibc
import Patching
import BPF

@main
struct Ratios {
    static func main() {
        var check = SelfCheck(CIndexMapPatcher())
        let words = CommandLine.arguments
        if words.count > 2 {
            print(check.difference(.mixed, seed: 5, count: UInt64(words[2])!) as Any, check.passes, check.accepted)
        }
        print(check.difference(.fixed(insns: 32, edits: 8, passes: 1), seed: 5, count: 50_000) as Any, check.passes, check.accepted)
        let pool = CasePool(.fixed(insns: 32, edits: 8, passes: 1), count: 1024)
        let all: [any Patcher] = [CIndexMapPatcher(), RangeReplace(), DeltaArray(), LinkedList()]
        let output = ProgramBuffer()
        var best = [Double](repeating: .infinity, count: all.count)
        for _ in 0..<200 {
            for (n, p) in all.enumerated() {
                let start = now()
                let a = pool.run(p, into: output)
                let t = (now() - start) / Double(pool.count)
                precondition(a > 0)
                best[n] = min(best[n], t)
            }
        }
        for (n, p) in all.enumerated() { print(p.name, best[n]) }
        let program = ProgramBuffer(), pass = PassBuffer()
        DensePatches(insns: 1_000_000, every: 1, length: 4).make(program, pass)
        print(check.agrees(on: pass.image, program.image()))
        var b = [Double](repeating: .infinity, count: all.count + 1)
        let other = ProgramBuffer()
        for _ in 0..<10 {
            for (n, p) in all.enumerated() {
                let start = now()
                precondition(p.apply(pass.image, to: program.image(), into: output) == .accepted)
                b[n] = min(b[n], now() - start)
            }
            let start = now()
            other.load(output.image(as: OutputIndex.self))
            b[all.count] = min(b[all.count], now() - start)
        }
        for (n, p) in all.enumerated() { print(p.name, b[n]/1e6, b[n] / b[all.count]) }
        print("copy", b[all.count] / 1e6)
    }

    private static func now() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
    }
}
