import BPF
import Patching

/// One test: a program, the passes it goes through, and what is known about it.
///
/// This is the form of files and of the minimizer. A campaign makes cases in reused buffers and builds a `Case` only
/// when something is wrong.
package struct Case: Hashable, Sendable {
    /// What the case is about, in words; empty when nobody gave it a name.
    package var name: String
    /// The patcher that it is a finding against, or `nil` for a case that all patchers must get right.
    package var target: String?
    /// The bucket that it was found in, or `nil`.
    package var bucket: String?
    /// What is wrong with the target, in one sentence without numbers, or `nil`.
    package var sentence: String?
    /// What was expected and what was found, with numbers, or `nil`.
    package var detail: String?
    /// The seed and index that made it, or `nil` for a case written by hand.
    package var origin: Origin?
    /// The version of the program that found it, or `nil`.
    package var foundBy: String?
    /// What a sanitizer wrote when a patcher was ended by it, or `nil`.
    package var report: String?
    /// How the program is loaded, when the case is one against a running kernel; its pass is then what the kernel did.
    package var loading: Loading?
    /// The conditions under which it was found, beside the ordinary ones.
    package var conditions = Conditions()
    /// The comment between header and program, its lines without `#`; `nil` when there is none.
    package var comment: String?
    /// The program before any pass.
    package var program: Program
    /// The passes, each in the coordinates of what the one before it gave.
    package var passes: [Pass]
    /// What the last pass must give, or `nil` when the file does not say.
    package var expected: Expectation?

    /// The source of a generated case: a pure function of both numbers in one version of the generator.
    ///
    /// Another version may make another case of the same numbers: see `Checkpoint.format` in `Campaign`. The case itself,
    /// which files hold, is what counts.
    package struct Origin: Hashable, Sendable {
        package var seed: UInt64
        package var index: UInt64
        package init(seed: UInt64, index: UInt64) {
            self.seed = seed
            self.index = index
        }
    }

    /// Conditions under which patchers from outside are judged, apart from the program and its passes.
    package struct Conditions: Hashable, Sendable {
        /// Patchers made of the kernel's functions are also given what these do not assume.
        package var beyondContract: Bool
        /// One allocation in so many of a plug-in made of the kernel's functions fails; 0 for none.
        package var failAlloc: UInt32

        package init(beyondContract: Bool = false, failAlloc: UInt32 = 0) {
            self.beyondContract = beyondContract
            self.failAlloc = failAlloc
        }

        /// The conditions as a case file has them after `conditions:`; empty for the ordinary ones.
        package var text: String {
            ((beyondContract ? ["beyond-contract"] : []) + (failAlloc > 0 ? ["fail-alloc \(failAlloc)"] : []))
                .joined(separator: ", ")
        }
    }

    /// What the last pass must give.
    package enum Expectation: Hashable, Sendable {
        /// A program; a part that is `nil` is not compared.
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
    /// The conditions to judge the case under: its own, and the one that older files name in their bucket alone.
    package var judgingConditions: Conditions {
        var conditions = self.conditions
        if bucket?.hasSuffix("/" + Bucket.beyondContract) == true { conditions.beyondContract = true }
        return conditions
    }

    /// Says of a case what a finding says.
    ///
    /// The details of what ended a process, such as addresses, differ from run to run and are left out.
    package mutating func describe(_ finding: Finding) {
        sentence = finding.sentence
        detail = finding.rule.isDeadly ? nil : finding.detail
    }

    /// The same case with zeros wherever SEMANTICS calls the content a placeholder, as case files have it.
    package func withPlaceholdersCleared() -> Case {
        var copy = self
        copy.passes = passes.map { Pass(edits: $0.edits.map { $0.withPlaceholdersCleared() }) }
        return copy
    }
}
