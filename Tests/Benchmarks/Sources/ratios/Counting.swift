import BPF
import Contenders
import Fuzzing
import Patching

/// Runs a number of cases without other work, so that the difference of two runs is the cost of their cases.
enum Counting {
    /// The oracle without a patcher.
    private static let oracle = "oracle"
    /// Every design and the oracle.
    private static let everything = "all"

    private static func patchers() -> [any Patcher] {
        Contenders.designs() + [CIndexMapPatcher(), Contenders.plugin()]
    }

    /// The names of everything that can be counted.
    static var names: [String] { patchers().map(\.name) + [oracle, everything] }

    /// Runs small cases by name; returns false if the name is unknown.
    static func run(_ name: String, cases: UInt64) -> Bool {
        let pool = CasePool(CasePool.small, count: 512)
        if name == oracle || name == everything {
            let comparison = PooledComparison(name == everything ? Contenders.designs() : [])
            for number in 0..<Int(cases) { comparison.run(pool[number % pool.count]) }
            return true
        }
        guard let patcher = patchers().first(where: { $0.name == name }) else { return false }
        let output = ProgramBuffer()
        for number in 0..<Int(cases) {
            let entry = pool[number % pool.count]
            _ = patcher.apply(entry.pass, to: entry.program, into: output)
        }
        return true
    }
}
