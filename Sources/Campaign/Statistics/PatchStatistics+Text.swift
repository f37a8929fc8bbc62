extension PatchStatistics {
    /// Tables of all workloads, then for each that has edits what these are like.
    public var text: String { text(width: OutputWidth.columns) }

    /// The same in lines of so many columns.
    func text(width: Int) -> String {
        let parts = [
            "\(CountText.of(objects, "object")), \(CountText.of(programs, "program")), \(CountText.of(slots, "slot"))\n"
        ]
        return (parts + EditTables(title: "workload", rows: workloads, width: width).text).joined(separator: "\n")
    }
}
