import Foundation
import Fuzzing

/// Draws the cases of findings for reports.
///
/// Patchers of this package run in this process. Plug-ins run in a child process, since they may crash. A patcher that
/// died on a case is not run again: the case is drawn with the correct result alone.
package struct CasePainter {
    /// The most findings with a picture, so that a page stays small.
    static let most = 100

    private let plugins: [PluginFile]
    private let host: any HostProgram

    package init(plugins: [PluginFile], host: any HostProgram) {
        self.plugins = plugins
        self.host = host
    }

    /// Draws the cases of a report's first findings, new ones first.
    package func paint(_ report: inout TestReport) {
        report.readCases()
        var left = Self.most
        for wantsKnown in [false, true] {
            for result in report.results.indices {
                for number in report.results[result].faults.indices {
                    let fault = report.results[result].faults[number]
                    if fault.isKnown != wantsKnown || fault.listing == nil || left == 0 { continue }
                    report.results[result].faults[number].picture = picture(of: fault)
                    left -= 1
                }
            }
        }
    }

    /// The picture of a finding, or `nil` if its file is not a case.
    private func picture(of fault: TestFault) -> String? {
        guard let file = fault.file, let c = try? CaseFile.parse(fault.listing ?? "", file: file) else { return nil }
        let rule = fault.bucket.flatMap(Bucket.rule(of:))
        let choice = PatcherChoice(name: fault.target)
        if rule?.isDeadly != true && choice == nil && plugins.contains(where: { _ in c.loading == nil }),
            let drawn = drawnByChild(file)
        {
            return drawn
        }
        let options = OracleOptions().applying(to: c)
        let patchers = rule?.isDeadly == true ? [] : options.make(choice.map { [$0] } ?? [])
        return try? CasePicture(
            c, patchers: patchers, width: CasePicture.pageWidth, beyondContract: options.beyondContract,
            oracle: options.oracle
        ).html()
    }

    private func drawnByChild(_ file: String) -> String? {
        HostOutput.text(of: Array(host.command(drawing: file, plugins: plugins).dropFirst()), host: host)
    }
}
