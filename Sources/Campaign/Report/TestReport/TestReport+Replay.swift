import Fuzzing

extension TestReport {
    /// The results of a replay: one test for each case.
    ///
    /// - Parameters:
    ///   - summary: the counts
    ///   - results: a result for each case, in the order of the files
    package init(_ summary: ReplaySummary, results: [TestResult], command: String, seconds: Double) {
        self.init(command: command, summary: summary.lastLine)
        self.seconds = seconds
        self.results = results
        facts = [Fact("cases", String(results.count))]
        failures = summary.idle
        json = (try? Output.jsonText(summary)) ?? "{}"
    }
}

extension TestResult {
    /// The result of one replayed case.
    ///
    /// - Parameters:
    ///   - known: the buckets that do not count
    ///   - repeating: the command that replays the file, quoted for a shell
    package init(_ verdict: ReplayVerdict, of item: CaseSource.Item, known: KnownBuckets, repeating: String) {
        let c = try? item.content.get()
        let name = c?.name ?? ""
        self.init(name.isEmpty ? item.place : "\(item.place): \(name)")
        switch verdict.outcome {
        case .passed: break
        case .notRun(let reason): skipped = reason
        case .notReadable(let reason): error = reason
        case .failed:
            faults = verdict.failures.map { failure in
                var fault = TestFault(
                    bucket: failure.bucket, target: failure.bucket.map { Bucket.target(of: $0) } ?? c?.target ?? "",
                    sentence: failure.sentence ?? failure.detail)
                fault.detail = failure.sentence == nil ? nil : failure.detail
                fault.file = item.file
                fault.isKnown = failure.bucket.map { known.contains($0) } ?? false
                fault.since = c?.origin.map { "case \($0.index) of seed \($0.seed)" }
                fault.repeating = repeating
                return fault
            }
        }
    }
}
