import Foundation
import KernelRewrites
import Testing

@Suite("The table of the kernel's own rules")
struct KernelRuleTests {
    @Test("is what the article says")
    func article() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let article = try String(
            contentsOf: root.appending(path: "Sources/KernelRewrites/KernelRewrites.docc/KernelRules.md"),
            encoding: .utf8)
        #expect(article.contains(KernelRule.markdown), "print KernelRule.markdown into the article")
    }

    @Test("has one sentence and one source for each", arguments: KernelRule.allCases)
    func whole(_ rule: KernelRule) {
        #expect(rule.sentence.hasSuffix("."))
        #expect(rule.source.contains(".c: "))
    }
}
