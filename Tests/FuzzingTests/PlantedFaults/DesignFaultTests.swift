import Patching
import TestSupport
import Testing

@testable import Fuzzing

/// The faults in the designs are found, and the catalogue is whole.
struct DesignFaultTests {
    private static let seed: UInt64 = 1

    /// The first case in which a patcher is wrong.
    private static func find(_ fault: PlantedFault, cases: UInt64) -> (index: UInt64, bucket: String, found: Case)? {
        var fuzzer = Fuzzer(seed: seed, patchers: [fault.make()])
        for index in 0..<cases where !fuzzer.run(index: index) {
            let bucket = fuzzer.findings[0].bucket
            return (index, bucket, fuzzer.makeCase(index: index))
        }
        return nil
    }

    @Test(arguments: DesignFault.allCases.filter { !$0.isFar }) func faultIsFound(_ fault: DesignFault) {
        let planted = PlantedFault.design(fault)
        guard let found = Self.find(planted, cases: 20_000) else {
            Issue.record("\(fault) is not found in 20,000 cases, seed \(Self.seed)")
            return
        }
        #expect(Bucket.target(of: found.bucket) == planted.name, "\(found.bucket)")
        if fault.carriesState { return }
        // Without the fault, the design is right.
        let c = found.found
        #expect(InProcessJudge([fault.design.make()]).findings(of: c, against: nil).isEmpty, "index \(found.index)")
        #expect(!InProcessJudge([planted.make()]).findings(of: c, against: nil).isEmpty, "index \(found.index)")
    }

    @Test func catalogueIsWhole() throws {
        let all = PlantedFault.all
        #expect(all.count >= 60 && Set(all.map(\.name)).count == all.count)
        #expect(Set(DesignFault.allCases.map(\.design)).count == BuiltInPatchers.allCases.count)
        for fault in all {
            #expect(PlantedFault(name: fault.name) == fault && fault.make().name == fault.name)
            #expect(!fault.summary.isEmpty && !fault.summary.contains("("), "\(fault.summary)")
        }
        #expect(PlantedFault(name: "planted-start-strict")?.source == "Linux afd594240806")
        #expect(PlantedFault(name: "planted-aux-not-zeroed")?.source == "Linux 77620d126739, first version")
        #expect(PlantedFault(name: "planted-call-forgotten")?.source == nil)
        #expect(PlantedFault(name: "planted-") == nil)
    }

    /// A finding that is minimized to one edit and at most two slots, and its minimized size.
    private static func smallOne(
        of fault: PlantedFault
    ) -> (found: (index: UInt64, bucket: String, found: Case), size: CaseSize)? {
        var fuzzer = Fuzzer(seed: seed, patchers: [fault.make()])
        for index in 0..<UInt64(20_000) where !fuzzer.run(index: index) {
            let (bucket, found) = (fuzzer.findings[0].bucket, fuzzer.makeCase(index: index))
            // Small cases have no other plain instruction.
            if !bucket.contains("/alu64/") { continue }
            let size = CaseSize(Minimizer([fault.make()]).minimize(found, bucket: bucket).smallest)
            if size.passes == 1 && size.edits == 1 && size.insns + size.patchInsns <= 2 {
                return ((index, bucket, found), size)
            }
        }
        return nil
    }

    /// A search below a size that is too large finds the smallest case; below that, it proves that there is none.
    @Test func smallestCaseIsFound() throws {
        let fault = PlantedFault.rule(.auxLastLost)
        let (found, size) = try #require(Self.smallOne(of: fault))
        var large = size
        large.insns += 1
        let search = SmallestCase(of: [fault.make()], in: found.bucket, below: large, limit: 1_000_000)
        let smallest = try #require(search.found.map(CaseSize.init))
        #expect(search.isProven && smallest.edits <= large.edits && smallest.insns < large.insns)
        let none = SmallestCase(of: [fault.make()], in: found.bucket, below: smallest, limit: 1_000_000)
        #expect(none.isProven && none.found == nil && none.tried > 0)
        #expect(!SmallestCase(of: [fault.make()], in: found.bucket, below: large, limit: 10).isProven)
    }
}
