extension PatchStatistics {
    /// Tables of all workloads, then for each that has edits what these are like.
    public var text: String {
        let parts = [
            "\(CountText.of(objects, "object")), \(CountText.of(programs, "program")), \(CountText.of(slots, "slot"))\n"
        ]
        return (parts + EditTables(title: "workload", rows: workloads).text).joined(separator: "\n")
    }
}
