import Foundation
import TestSupport
import Testing

@testable import Campaign

/// The page in a headless Chromium.
@Suite struct PageBrowserTests {
    static let chromium = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    /// Measures the page after its layout; added to a copy, since the page itself has no script.
    private static let probe = """
        <script>
        const root = document.documentElement;
        const shown = [...document.querySelectorAll("pre")].filter(e => e.offsetParent !== null);
        root.setAttribute("data-overflow", root.scrollWidth - root.clientWidth);
        root.setAttribute("data-shown", shown.length);
        root.setAttribute("data-wrong", getComputedStyle(document.querySelector("pre .w")).color);
        root.setAttribute("data-paper", getComputedStyle(document.body).backgroundColor);
        </script>
        """

    private func measure(_ page: String, width: Int, isDark: Bool = false) throws -> [String: String] {
        let folder = try Tool.Folder()
        let file = try folder.write(page.replacing("</body>", with: Self.probe + "</body>"), to: "page.html")
        let words = [
            Self.chromium ?? "", "--headless", "--no-sandbox", "--disable-gpu",
            "--user-data-dir=\(folder.path)/profile",
            "--window-size=\(width),900", "--timeout=20000", "--dump-dom",
        ]
        let run = try TestProcess.run(
            words + (isDark ? ["--blink-settings=preferredColorScheme=0"] : []) + ["file://\(file)"])
        #expect(run.status == 0, "\(run.errors.suffix(500))")
        let found = run.output.matches(of: #/data-([a-z]+)="([^"]*)"/#)
        return Dictionary(found.map { (String($0.1), String($0.2)) }, uniquingKeysWith: { one, _ in one })
    }

    private var page: String {
        var report = MadeUpReport.report
        for number in report.results[1].faults.indices {
            report.results[1].faults[number].picture =
                "<span class=\"w\">✗ \(String(repeating: "a long line ", count: 20))</span>\n"
        }
        return ReportFormat.html.text(report)
    }

    /// Only the pictures scroll sideways, not the page; new findings are open.
    @Test(.enabled(if: chromium != nil, "there is no Chromium"), arguments: [1200, 500])
    func pageFitsTheWindow(width: Int) throws {
        let found = try measure(page, width: width)
        #expect(found["overflow"] == "0", "\(found)")
        #expect((Int(found["shown"] ?? "") ?? 0) >= 3, "\(found)")
        #expect(found["wrong"] == "rgb(197, 34, 31)" && found["paper"] == "rgb(255, 255, 255)", "\(found)")
    }

    @Test(.enabled(if: chromium != nil, "there is no Chromium")) func pageFollowsTheDarkTheme() throws {
        let found = try measure(page, width: 1200, isDark: true)
        #expect(found["wrong"] == "rgb(255, 123, 114)" && found["paper"] == "rgb(13, 17, 23)", "\(found)")
    }

    /// A planted fault: a page whose pictures do not scroll is wider than the window.
    @Test(.enabled(if: chromium != nil, "there is no Chromium")) func overflowIsDetected() throws {
        let wide = page.replacing("overflow-x: auto", with: "overflow-x: visible")
        #expect(Int(try measure(wide, width: 500)["overflow"] ?? "") ?? 0 > 0)
    }
}
