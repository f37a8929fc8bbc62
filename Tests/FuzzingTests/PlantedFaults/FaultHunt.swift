import Fuzzing
import Patching
import Synchronization

/// A campaign against one planted fault, and its first finding, minimized.
struct FaultHunt {
    let fault: RuleFault
    let seed: UInt64
    /// The index of the first case.
    let first: UInt64
    /// The number of cases until the fault was found, and their processor time.
    private(set) var cases: UInt64 = 0
    private(set) var seconds = 0.0
    private(set) var found: Case?
    private(set) var bucket = ""
    private(set) var result: Minimizer.Result?
    private(set) var minimizingSeconds = 0.0

    init(_ fault: RuleFault, seed: UInt64, from first: UInt64 = 0) {
        self.first = first
        self.fault = fault
        self.seed = seed
    }

    /// Runs cases until one fails or the limit is reached.
    mutating func search(cases limit: UInt64) {
        var fuzzer = Fuzzer(seed: seed, patchers: [FaultyPatcher(fault)])
        let start = ThreadClock.now
        defer { seconds = ThreadClock.now - start }
        while cases < limit {
            let isClean = fuzzer.run(index: first + cases)
            cases += 1
            if !isClean {
                bucket = fuzzer.findings[0].bucket
                found = fuzzer.makeCase(index: first + cases - 1)
                return
            }
        }
    }

    /// Minimizes the finding.
    mutating func minimize() {
        guard let found else { return }
        let start = ThreadClock.now
        result = Minimizer([FaultyPatcher(fault)]).minimize(found, bucket: bucket)
        minimizingSeconds = ThreadClock.now - start
    }

    /// The buckets of a case, with the fault or without it.
    static func buckets(of c: Case, with fault: RuleFault?) throws -> [String] {
        var runner = CaseRunner([FaultyPatcher(fault)])
        return try runner.run(c).findings.map(\.bucket)
    }
}

/// The table that the tests print when the last fault has reported.
final class FaultTable: Sendable {
    private let rows = Mutex<[String]>([])
    private let title: String
    private let count: Int

    init(_ title: String, count: Int) {
        self.title = title
        self.count = count
    }

    func add(_ hunt: FaultHunt) {
        let size = hunt.result.map { CaseSize($0.smallest) }
        let sizes = size.map { "\($0.passes)/\($0.edits)/\($0.insns)/\($0.patchInsns)" } ?? "-"
        let columns = [
            "\(hunt.fault)", hunt.bucket, "\(hunt.cases)", text(hunt.seconds), sizes,
            "\(hunt.result?.candidates ?? 0)", text(hunt.minimizingSeconds),
        ]
        let row = "| " + columns.joined(separator: " | ") + " |"
        rows.withLock { rows in
            rows.append(row)
            if rows.count < count { return }
            print("\(title)\n| fault | bucket | cases | s | passes/edits/slots/patch slots | candidates | s |")
            print("|---|---|---|---|---|---|---|\n" + rows.sorted().joined(separator: "\n"))
        }
    }

    private func text(_ seconds: Double) -> String {
        "\((seconds * 100).rounded() / 100)"
    }
}
