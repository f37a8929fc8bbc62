extension Checkpoint.Part {
    /// Checks that a campaign goes on with the kernel that it began with.
    ///
    /// - Parameters:
    ///   - now: the kernel that is running
    ///   - restart: the option that starts a campaign in the place of another
    /// - Throws: ``CampaignError`` that names the first difference
    func checkKernel(_ now: [String], state: String, restart: String) throws(CampaignError) {
        let before = configuration.fuzzTarget.kernel
        let advice = "; go on with it there, or begin anew with \(restart)"
        if before.first != now.first {
            throw CampaignError(
                "the campaign in \(state) is of kernel \(before.first ?? "none"), and this is \(now.first ?? "none")\(advice)"
            )
        }
        if let lost = before.first(where: { !now.contains($0) }) {
            throw CampaignError("the kernel had \(lost) when the campaign in \(state) began, and has not now\(advice)")
        }
        if let new = now.first(where: { !before.contains($0) }) {
            throw CampaignError("the kernel has \(new), and had not when the campaign in \(state) began\(advice)")
        }
    }
}
