import Foundation

@testable import Campaign

/// A report with every outcome, and with characters that are special in some format.
enum MadeUpReport {
    static let bucket = "planted/wrong-landing/ja-backward/patch"
    static let special = "50 % of #1, <a> & \"b\": c\u{1b}\nsecond line ]]>"

    static var fault: TestFault {
        var fault = TestFault(
            bucket: bucket, target: "planted", sentence: "a backward goto to a patched instruction lands too late")
        fault.detail = special
        fault.file = "crashes dir/100%: a,b.case"
        fault.since = "case 7 of seed 3"
        fault.repeating = "bpf-patch-fuzz replay 'crashes dir/100%: a,b.case'"
        fault.listing = "# bpf-patch-fuzz case\n\nprogram\n\(String(repeating: "x", count: 100))\n"
        return fault
    }

    static var kernelFault: TestFault {
        var fault = TestFault(
            bucket: "kernel/wrong-landing/call-backward/delete", target: "kernel",
            sentence: "a backward call lands too late")
        fault.isKnown = true
        return fault
    }

    static var report: TestReport {
        var report = TestReport(command: "run", summary: "3,000 cases in 1 s")
        report.began = Date(timeIntervalSince1970: 1_700_000_000)
        report.seconds = 12.3456
        report.facts = [.init("seed", "3"), .init("cases", "3000")]
        report.repeating = "bpf-patch-fuzz run --seed 3"
        report.results = [
            TestResult("engine"), TestResult("planted", faults: [fault, kernelFault]),
            TestResult("kernel", faults: [kernelFault]), TestResult("idle #2", skipped: "no pass is supported"),
            TestResult("broken", error: "line 3: <bad> & \"worse\""),
        ]
        report.failures = ["one target was never run"]
        report.json = "{\"seed\":3}"
        return report
    }

    /// A report without findings or failures.
    static var clean: TestReport {
        var clean = report
        clean.results = [TestResult("engine")]
        clean.failures = []
        return clean
    }
}
