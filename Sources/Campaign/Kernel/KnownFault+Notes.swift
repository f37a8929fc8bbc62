import KernelRewrites

extension KnownFault {
    /// A line for each known fault that was seen in a bucket, with the commit that fixed it.
    static func notes(on bucket: String) -> [String] {
        all.filter { $0.buckets.contains { $0.bucket == bucket } }.map { fault in
            let releases = fault.series.map(\.rawValue).joined(separator: ", ")
            let fix = fault.mended.map { "; fixed upstream: \($0)" } ?? ""
            return "known fault of Linux \(releases): \(fault.sentence)\(fix)"
        }
    }
}
