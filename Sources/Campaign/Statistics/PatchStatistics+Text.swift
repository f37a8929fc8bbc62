extension PatchStatistics {
    /// Tables of all workloads, then for each that has edits what these are like.
    public var text: String {
        let parts = [
            "\(Self.count(objects, "object")), \(Self.count(programs, "program")), \(Self.count(slots, "slot"))\n"
        ]
        return (parts + EditTables(title: "workload", rows: workloads).text).joined(separator: "\n")
    }

    /// A number with a word, in the plural unless it is one.
    static func count(_ number: Int, _ word: String, plural: String? = nil) -> String {
        "\(StatusLine.grouped(UInt64(number))) \(number == 1 ? word : plural ?? word + "s")"
    }
}
