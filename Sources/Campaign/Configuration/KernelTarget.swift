import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF

/// The running kernel: programs are loaded into it, and the result is compared with the rules.
package struct KernelTarget: TargetProperties, Codable, Hashable {
    /// The kinds of programs to make.
    package var profiles: [ProgramProfile]
    /// True if programs are also run, with and without the rewriting load flags.
    package var isExecuting: Bool
    /// A fault to inject into the kernel's results, or `nil`.
    package var injectedFault: InjectedKernelFault?
    /// The running kernel.
    package var facts: KernelFacts
    /// The folder for programs that are about to be run; `nil` in a configuration that is kept.
    package var workingFolder: String?

    package init(
        _ profiles: [ProgramProfile] = ProgramProfile.allCases, isExecuting: Bool = false,
        injectedFault: InjectedKernelFault? = nil,
        facts: KernelFacts
    ) {
        self.profiles = profiles
        self.isExecuting = isExecuting
        self.injectedFault = injectedFault
        self.facts = facts
    }

    /// A load of more than ten seconds hangs; a case has up to three loads.
    package static let budget = CaseBudget(timeout: 30, memory: nil)
    package var budget: CaseBudget {
        var budget = Self.budget
        // An injected hang is known to be one.
        if injectedFault == .hang { budget.timeout = 1 }
        return budget
    }

    package var deathBudget: DeathBudget { DeathBudget(casesPerSecond: 500, timeout: budget.timeout) }

    package static let targets = [Finding.kernelTarget, Finding.oracleTarget]
    package var targets: [String] { Self.targets }
    package var running: Int { 1 }
    package func isForeign(_ target: Int) -> Bool { target == 0 }
    package var plugins: [String] { [] }
    package var objects: [String] { [] }
    package var kernel: [String] { [facts.release] + facts.words }
    package func oracle(for c: Case) -> Oracle { .fast }

    /// The profiles that this kernel supports.
    package var usable: [ProgramProfile] { profiles.filter { $0.lacks(in: facts).isEmpty } }
}

extension KernelFacts {
    /// Features, program types, kernel functions and configuration, in words.
    var words: [String] {
        features.map(\.rawValue).sorted() + programTypes.map(\.name).sorted() + functions.sorted() + configuration
    }
}
