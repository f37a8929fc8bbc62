extension CampaignReport {
    /// How often a target hung, crashed or took all memory, and how many cases it was not given for that.
    package struct Deaths: Codable, Sendable, Hashable {
        package var target: String
        package var hangs: UInt64
        package var memory: UInt64
        package var crashes: UInt64
        package var leftOut: UInt64

        enum CodingKeys: String, CodingKey {
            case target, hangs, memory, crashes
            case leftOut = "left_out"
        }

        /// What was left out, in a sentence; `nil` for nothing.
        package var text: String? {
            if leftOut == 0 { return nil }
            var reasons: [String] = []
            if hangs > 0 { reasons.append(CountText.of(hangs, "hang")) }
            if memory > 0 { reasons.append("running out of memory \(CountText.of(memory, "time"))") }
            if crashes > 0 { reasons.append(CountText.of(crashes, "crash", plural: "crashes")) }
            return "\(target) was left out of \(CountText.of(Int(leftOut), "case")) after "
                + reasons.joined(separator: ", ")
        }

        init(_ counts: TargetCounts, target: String) {
            self.target = target
            hangs = counts[.hang]
            memory = counts[.memory]
            crashes = counts[.crash]
            leftOut = counts[.leftOut]
        }
    }

    /// Puts in what was counted of deaths, and takes cases that no target was given off the others.
    mutating func noteDeaths(_ counts: [String: UInt64], targets: [String]) {
        let all = targets.compactMap { target in
            let counts = TargetCounts(counts, of: target)
            return counts.isCalm && counts[.leftOut] == 0 ? nil : Deaths(counts, target: target)
        }
        deaths = all.isEmpty ? nil : all
        // Cases that nothing was run with are no cases.
        let empty = min(counts[TargetCounts.notRunKey] ?? 0, cases)
        if empty > 0 {
            notRun = empty
            cases -= empty
            casesPerSecond = Double(cases) / max(seconds, 0.001)
        }
    }
}
