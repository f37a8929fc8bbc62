import BPF
import Benchmark
import Contenders
import Fuzzing
import Patching

/// The benchmarks: every design, the patcher in C and a copy of the result at each size; generator, oracle and minimizer;
/// and all of them together.
///
/// A name begins with the size, so that `--filter` picks one. Times are for one case or one pass.
let benchmarks: @Sendable () -> Void = {
    let metrics: [BenchmarkMetric] = [.wallClock, .throughput]
    let patchers = Contenders.designs() + [CIndexMapPatcher()]

    /// A thousand cases of the pool in each iteration.
    let manyCases = Benchmark.Configuration(metrics: metrics, scalingFactor: .kilo, maxDuration: .seconds(1))
    for (name, shape) in [("32/8", CasePool.small), ("1000/100", CasePool.medium)] {
        let pool = CasePool(shape, count: 1_000)
        let output = ProgramBuffer()
        for patcher in patchers {
            Benchmark("\(name) \(patcher.name)", configuration: manyCases) { benchmark in
                for number in benchmark.scaledIterations {
                    let entry = pool[number]
                    blackHole(patcher.apply(entry.pass, to: entry.program, into: output))
                }
            }
        }
        let copy = ProgramBuffer()
        let results = pool.results()
        Benchmark("\(name) copy of the result", configuration: manyCases) { benchmark in
            for number in benchmark.scaledIterations { copy.load(results[number].program) }
        }
        let oracle = PooledComparison([])
        Benchmark("\(name) oracle", configuration: manyCases) { benchmark in
            for number in benchmark.scaledIterations { blackHole(oracle.run(pool[number])) }
        }
        let everything = PooledComparison(Contenders.designs())
        Benchmark("\(name) all designs and oracle", configuration: manyCases) { benchmark in
            for number in benchmark.scaledIterations { blackHole(everything.run(pool[number])) }
        }
        Benchmark("\(name) generation", configuration: manyCases) { benchmark in
            var generator = CaseGenerator(seed: 1, shape: shape)
            for number in benchmark.scaledIterations {
                blackHole(generator.nextPass(for: generator.begin(index: UInt64(number))).editCount)
            }
        }
    }

    let failing = FailingCase()
    Benchmark("minimiser", configuration: .init(metrics: metrics, maxDuration: .seconds(1))) { benchmark in
        for _ in benchmark.scaledIterations { blackHole(failing.minimize()) }
    }

    // Without kernel-array: a quadratic design takes minutes for a million.
    let onePass = Benchmark.Configuration(metrics: metrics, warmupIterations: 1, maxDuration: .seconds(1))
    for (name, workload) in [
        ("1M 1->2", DensePatches(insns: 1_000_000)), ("1M 1->4", DensePatches(insns: 1_000_000, length: 4)),
        ("1M every 8th 1->2", DensePatches(insns: 1_000_000, every: 8)),
    ] {
        let input = DenseInput(workload)
        for patcher in Contenders.linearDesigns() + [CIndexMapPatcher()] {
            Benchmark("\(name) \(patcher.name)", configuration: onePass) { benchmark in
                for _ in benchmark.scaledIterations { input.run(patcher) }
            }
        }
        Benchmark("\(name) copy of the result", configuration: onePass) { benchmark in
            for _ in benchmark.scaledIterations { input.runCopy() }
        }
    }
}
