import KernelRewrites
import Testing

@Suite struct RewriteNameTests {
    @Test func namesAreWordsThatABucketCanHold() {
        for rewrite in Rewrite.allCases {
            #expect(rewrite.rawValue.allSatisfy { $0.isLowercase || $0.isNumber || $0 == "-" }, "\(rewrite)")
        }
    }
}
