import BPF
import Patching

/// One test: a program, its edit passes, and facts about them.
///
/// Files and the minimizer work on this form. A campaign makes cases in reused buffers, and builds a `Case` only for a
/// finding.
package struct Case: Hashable, Sendable {
    /// The name of the case, in words; may be empty.
    package var name: String
    /// The target of the finding, or `nil` for a case without one.
    package var target: String?
    /// The bucket of the finding, or `nil`.
    package var bucket: String?
    /// The fault of the target, in one sentence without numbers, or `nil`.
    package var sentence: String?
    /// The expected and the found result, with numbers, or `nil`.
    package var detail: String?
    /// The seed and index of a generated case, or `nil` for a case written by hand.
    package var origin: Origin?
    /// The version of bpf-patch-fuzz that found it, or `nil`.
    package var foundBy: String?
    /// The report of a sanitizer that killed a patcher, or `nil`.
    package var report: String?
    /// The load of a case against a running kernel, whose pass is then the rewrite by the kernel; else `nil`.
    package var loading: Loading?
    /// The conditions of the finding, if they differ from the default.
    package var conditions = Conditions()
    /// The comment between header and program, its lines without `#`; `nil` if there is none.
    package var comment: String?
    /// The program before any pass.
    package var program: Program
    /// The passes, each in the coordinates of the result of the one before.
    package var passes: [Pass]
    /// The expected result of the last pass, or `nil` if unknown.
    package var expected: Expectation?

    /// The seed and index of a generated case, which determine it in one version of the generator.
    ///
    /// Another version may make another case from the same numbers: see `Checkpoint.format` in `Campaign`. So files
    /// hold the case itself.
    package struct Origin: Hashable, Sendable {
        package var seed: UInt64
        package var index: UInt64
        package init(seed: UInt64, index: UInt64) {
            self.seed = seed
            self.index = index
        }
    }

    /// The conditions for judging patchers from outside, beside the program and its passes.
    package struct Conditions: Hashable, Sendable {
        /// True if patchers built from kernel functions are also run beyond the kernel's contract.
        package var beyondContract: Bool
        /// N if one in N allocations of a plug-in built from kernel functions fails; 0 for none.
        package var failAlloc: UInt32
        /// The number that chooses the allocations; `nil` if each pass chooses its own.
        package var failSeed: UInt64?

        package init(beyondContract: Bool = false, failAlloc: UInt32 = 0, failSeed: UInt64? = nil) {
            self.beyondContract = beyondContract
            self.failAlloc = failAlloc
            self.failSeed = failSeed
        }

        /// The failing allocations with their number, or `nil`.
        package var failures: AllocationFailures? {
            failAlloc == 0 ? nil : failSeed.map { AllocationFailures(oneIn: failAlloc, seed: $0) }
        }

        /// The text after `conditions:` in a case file; empty for the default.
        package var text: String {
            let seed = failSeed.map { " seed \($0)" } ?? ""
            return
                ((beyondContract ? ["beyond-contract"] : [])
                + (failAlloc > 0 ? ["fail-alloc \(failAlloc)\(seed)"] : [])).joined(separator: ", ")
        }
    }

    /// The expected result of the last pass.
    package enum Expectation: Hashable, Sendable {
        /// A program; parts that are `nil` are not compared.
        case result(insns: [Instruction]?, aux: [UInt32]?, subprograms: [Subprogram]?, lines: [LineRecord]?)
        /// The error of the first pass that fails; never ``PatchStatus/accepted``.
        case error(PatchStatus)
    }

    package init(
        name: String = "", target: String? = nil, bucket: String? = nil, origin: Origin? = nil, program: Program,
        passes: [Pass], expected: Expectation? = nil
    ) {
        self.name = name
        self.target = target
        self.bucket = bucket
        self.origin = origin
        self.program = program
        self.passes = passes
        self.expected = expected
    }
}

extension Case {
    /// The conditions for judging the case. Older files name one of them only in the bucket.
    package var judgingConditions: Conditions {
        var conditions = self.conditions
        if bucket?.hasSuffix("/" + Bucket.beyondContract) == true { conditions.beyondContract = true }
        return conditions
    }

    /// Copies the description of a finding to the case.
    ///
    /// The details of a dead process, such as addresses, differ from run to run and are left out.
    package mutating func describe(_ finding: Finding) {
        sentence = finding.sentence
        detail = finding.rule.isDeadly ? nil : finding.detail
    }

    /// The same case with zeros as placeholders, as in case files.
    package func withPlaceholdersCleared() -> Case {
        var copy = self
        copy.passes = passes.map { Pass(edits: $0.edits.map { $0.withPlaceholdersCleared() }) }
        return copy
    }
}
