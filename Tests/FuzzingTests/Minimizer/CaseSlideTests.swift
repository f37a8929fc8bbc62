import BPF
import Patching
import Testing

@testable import Fuzzing

/// Slides join the buckets of one fault, and do not join buckets of different faults.
struct CaseSlideTests {
    /// A patcher with two faults: the wrong result of the first if there is one, else that of the second.
    private final class Both: Patcher {
        let name = "both"
        private let patchers: [any Patcher]
        private let right = DeltaArray()
        private let expected = ProgramBuffer()

        init(_ patchers: [any Patcher]) { self.patchers = patchers }

        func apply(
            _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
        ) -> PatchStatus {
            let wanted = right.apply(pass, to: input, into: expected)
            for patcher in patchers {
                let status = patcher.apply(pass, to: input, into: output)
                if status != wanted { return status }
                let isRight = output.image(as: OutputIndex.self).isIdentical(
                    to: expected.image(as: OutputIndex.self))
                if status == .accepted && !isRight { return status }
            }
            return right.apply(pass, to: input, into: output)
        }
    }

    /// The sets of buckets that slide together, among the first buckets of a campaign.
    private func groups(_ patcher: any Patcher, seed: UInt64 = 1, most: Int = 24) -> [Set<String>] {
        var fuzzer = Fuzzer(seed: seed, patchers: [patcher])
        var cases: [(bucket: String, index: UInt64)] = []
        for index in UInt64(0)..<4000 where cases.count < most && !fuzzer.run(index: index) {
            for finding in fuzzer.findings where !cases.contains(where: { $0.bucket == finding.bucket }) {
                cases.append((finding.bucket, index))
            }
        }
        let judge = InProcessJudge([patcher])
        var groups: [Set<String>] = []
        for (bucket, index) in cases {
            let small = Minimizer(judge).minimize(fuzzer.makeCase(index: index), bucket: bucket).smallest
            var group: Set = [bucket]
            if let end = CaseSlide(judge).slide(small, from: bucket) {
                #expect(judge.findings(of: end.smallest, against: nil).contains { $0.bucket == end.bucket })
                group.insert(end.bucket)
            }
            for other in groups where !other.isDisjoint(with: group) { group.formUnion(other) }
            groups = groups.filter { $0.isDisjoint(with: group) } + [group]
        }
        return groups
    }

    @Test(arguments: [PlantedPatcher.Fault.backJump, .lostAux]) func plantedFault(fault: PlantedPatcher.Fault) {
        let found = groups(PlantedPatcher(fault))
        #expect((1...3).contains(found.count), "\(found)")
    }

    @Test(arguments: [
        RuleFault.conditional32Forgotten, .mayGotoForgotten, .backJumpStrict, .refOffByOne, .auxStays, .startStrict,
        .lineAtPatchShifted, .callForgotten, .jaForgotten, .forwardJumpToLast,
    ])
    func faultOfOneComparison(fault: RuleFault) {
        let found = groups(FaultyPatcher(fault))
        #expect((1...3).contains(found.count), "\(fault): \(found)")
    }

    /// Two independent faults are never one group.
    @Test func plantedFaultsStayApart() {
        let found = groups(Both([PlantedPatcher(.backJump), PlantedPatcher(.lostAux)]))
        #expect(found.count >= 2, "\(found)")
        #expect(found.allSatisfy { group in Set(group.map { Bucket.rule(of: $0) }).count == 1 }, "\(found)")
    }

    @Test(arguments: [
        (RuleFault.auxStays, RuleFault.lineAtPatchShifted), (.backJumpStrict, .startStrict),
        (.callForgotten, .refOffByOne),
        (.conditional32Forgotten, .auxOnFirst), (.mayGotoForgotten, .inheritanceForgotten),
        (.skipForgotten, .auxLastLost), (.conditional32Forgotten, .callForgotten), (.jaForgotten, .gotolForgotten),
    ])
    func faultsStayApart(one: RuleFault, other: RuleFault) {
        let found = groups(Both([FaultyPatcher(one), FaultyPatcher(other)]), most: 40)
        #expect(found.count >= 2, "\(one), \(other): \(found)")
    }

    /// A slide is deterministic, and its result does not slide further.
    @Test func slidesAreRepeatable() throws {
        let judge = InProcessJudge([PlantedPatcher(.backJump)])
        var fuzzer = Fuzzer(seed: 3, patchers: [PlantedPatcher(.backJump)])
        let index = try #require((UInt64(0)..<500).first { !fuzzer.run(index: $0) })
        let bucket = fuzzer.findings[0].bucket
        let small = Minimizer(judge).minimize(fuzzer.makeCase(index: index), bucket: bucket).smallest
        let end = try #require(CaseSlide(judge).slide(small, from: bucket))
        let again = try #require(CaseSlide(judge).slide(small, from: bucket))
        #expect(end.smallest == again.smallest && end.candidates == again.candidates)
        let next = try #require(CaseSlide(judge).slide(end.smallest, from: end.bucket))
        #expect(next.bucket == end.bucket && next.smallest == end.smallest)
    }

    @Test(arguments: [
        ("planted-back-jump/hang/none/none", false), ("planted-back-jump/wrong-landing/ja-backward/patch", true),
        ("planted-back-jump/error/leak/patch", false), ("planted-back-jump/error/accepted-became-einval/patch", true),
        ("kernel/wrong-landing/ja-backward/patch", false), ("planted-back-jump/unsteady/insns/patch", false),
    ])
    func someBucketsCannotSlide(text: String, canSlide: Bool) throws {
        #expect(try #require(Bucket(text)).canSlide == canSlide)
    }
}
