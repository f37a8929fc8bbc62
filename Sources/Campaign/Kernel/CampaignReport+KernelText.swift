extension CampaignReport {
    /// How many reasons of refusals are shown.
    private static let mostReasons = 10

    /// What a campaign against a kernel has to say beside its findings.
    package var kernelText: String? {
        guard let kernel, let loads, let accepted else { return nil }
        let perMille = loads == 0 ? 0 : (accepted * 1000 + loads / 2) / loads
        var text =
            "kernel \(kernel): \(CountText.grouped(loads)) loads, \(CountText.grouped(Int(loadsPerSecond ?? 0))) a second, "
            + "\(CountText.grouped(accepted)) accepted (\(perMille / 10).\(perMille % 10) %)"
            + (executed.map { ", \(CountText.grouped($0)) run" } ?? "") + "\n"
        let reasons = refused ?? []
        for refused in reasons.prefix(Self.mostReasons) { text += "  \(refused.count) refused: \(refused.reason)\n" }
        if reasons.count > Self.mostReasons {
            let rest = reasons.dropFirst(Self.mostReasons)
            text += "  \(rest.reduce(0) { $0 + $1.count }) refused for \(rest.count) other reasons\n"
        }
        text += "\(notUnderstood ?? 0) places not understood\n"
        text = OutputWidth.wrap(text)
        let table = KernelCoverageTable(coverage ?? []).text()
        if !table.isEmpty { text += "\n" + table }
        if let neverSeen, !neverSeen.isEmpty {
            text += OutputWidth.wrap("\nnever seen: \(neverSeen.joined(separator: ", "))\n")
        }
        return text
    }
}
