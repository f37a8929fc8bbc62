/// The metrics of a campaign in the text format of Prometheus.
///
/// - Source: Prometheus, "Exposition formats", text format 0.0.4
struct MetricsText {
    private(set) var text = ""

    /// The kinds of metrics.
    private enum Kind: String { case counter, gauge }

    /// A value with its labels.
    private typealias Sample = (labels: [(name: String, value: String)], value: Double)

    init(_ snapshot: CampaignSnapshot, _ rates: MetricsRates) {
        add(
            "info", .gauge, "The campaign; always 1.",
            [([("command", snapshot.command), ("seed", "\(snapshot.seed)"), ("version", Version.text)], 1)])
        add("cases_total", .counter, "Completed cases, in all sessions of the campaign.", rates.cases)
        add("cases_per_second", .gauge, "Completed cases per second, over the last ten seconds.", rates.perSecond)
        add("seconds_total", .counter, "Run time in seconds, in all sessions of the campaign.", rates.seconds)
        let targets = snapshot.targets.map { target in (labels: [("target", target.name)], target: target) }
        add("target_cases_total", .counter, "Cases in which a target ran a pass.", targets.map { ($0, Double($1.ran)) })
        add(
            "target_cases_per_second", .gauge, "The same per second, over the last ten seconds.",
            targets.enumerated().map { ($1.labels, rates.targetsPerSecond[$0]) })
        add(
            "findings_total", .counter, "Buckets of findings; known ones do not affect the exit status.",
            Self.findings(snapshot))
        add(
            "target_skipped_total", .counter, "Cases in which a target skipped a pass that it does not support.",
            targets.map { ($0, Double($1.skipped)) })
        add(
            "target_deaths_total", .counter, "Crashes, hangs and memory exhaustions of a target.",
            targets.map { ($0, Double($1.deaths)) })
        if let refused = snapshot.refused {
            let noun =
                refused.noun == "case" ? "Cases in which the rules refuse a pass." : "Loads that the kernel refused."
            add("refused_total", .counter, noun, Double(refused.part))
            if refused.noun == "load" { add("loads_total", .counter, "Loads of programs.", Double(refused.all)) }
        }
        add("workers", .gauge, "Worker processes that run.", Double(snapshot.running))
        add("worker_restarts_total", .counter, "Killed workers that were replaced.", Double(snapshot.restarts))
        add(
            "memory_bytes", .gauge, "Memory of all processes of the campaign, without the pages of files.",
            Double(snapshot.memory))
    }

    /// The number of buckets of each target, new and known ones.
    private static func findings(_ snapshot: CampaignSnapshot) -> [Sample] {
        var counts: [String: [Bool: Int]] = [:]
        for bucket in snapshot.buckets {
            counts[String(bucket.name.prefix { $0 != "/" }), default: [:]][bucket.isKnown, default: 0] += 1
        }
        let names = snapshot.targets.map(\.name)
        let others = counts.keys.filter { !names.contains($0) }.sorted()
        return (names + others).flatMap { name in
            [false, true].map { isKnown in
                ([("target", name), ("known", "\(isKnown)")], Double(counts[name]?[isKnown] ?? 0))
            }
        }
    }

    private mutating func add(_ name: String, _ kind: Kind, _ help: String, _ value: Double) {
        add(name, kind, help, [([], value)])
    }

    private mutating func add(_ name: String, _ kind: Kind, _ help: String, _ samples: [Sample]) {
        let full = "bpf_patch_fuzz_" + name
        text += "# HELP \(full) \(help)\n# TYPE \(full) \(kind.rawValue)\n"
        for (labels, value) in samples {
            let words = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
            text += full + (words.isEmpty ? "" : "{\(words)}") + " \(Self.number(value))\n"
        }
    }

    /// A label value: backslash, quote and newline are escaped.
    static func escaped(_ value: String) -> String {
        value.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\n", with: "\\n")
    }

    /// A whole number without a fraction.
    private static func number(_ value: Double) -> String {
        value == value.rounded() && value.magnitude < 1e15 ? String(Int64(value)) : String(value)
    }
}
