extension TestReport {
    /// The results of loading objects: one test for each load of a program.
    package init(_ report: KernelLoadReport, command: String, host: any HostProgram) {
        self.init(command: command, summary: report.summary)
        seconds = report.seconds
        facts = [
            Fact("kernel", report.kernel), Fact("objects", String(report.objects)),
            Fact("programs", String(report.programs)),
        ]
        failures = report.unusable
        json = (try? Output.jsonText(report)) ?? "{}"
        let found = Dictionary(grouping: report.findings) {
            KernelLoadReport.place($0.object, $0.program) + " \($0.way)"
        }
        let open = Dictionary(grouping: report.notUnderstood) {
            KernelLoadReport.place($0.object, $0.program) + " \($0.way)"
        }
        results = report.checkedLoads.map { load in
            let name = KernelLoadReport.place(load.object, load.program) + " \(load.way)"
            var result = TestResult(name)
            result.faults = (found[name] ?? []).map { trouble in
                var fault = TestFault(
                    bucket: trouble.bucket, target: "kernel", sentence: trouble.sentence ?? trouble.detail)
                fault.detail = trouble.sentence == nil ? nil : trouble.detail
                fault.listing = trouble.listing
                fault.since = "kernel \(report.kernel)"
                fault.repeating = ShellText.of([host.commandLine[0], "kernel", "load", trouble.object])
                return fault
            }
            if let trouble = open[name]?.first { result.skipped = "not understood: \(trouble.detail)" }
            return result
        }
        results += report.refused.map { refusal in
            TestResult(KernelLoadReport.place(refusal.object, refusal.program), skipped: refusal.reason)
        }
    }
}
