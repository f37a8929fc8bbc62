import BPF
import Foundation
import Fuzzing
import Patching
import Testing

@testable import Campaign

@Suite struct CasePictureLook {
    @Test func look() throws {
        let text = try String(contentsOfFile: "/tmp/show-look.case", encoding: .utf8)
        let c = try CaseFile.parse(text, file: "look")
        for w in [120, 80] {
            print(try CasePicture(c, patchers: [BentPatcher.firstJump(by: 1)], width: w).text())
        }
        print(try CasePicture(c, patchers: BuiltInPatchers.allCases.map { $0.make() }, width: 140).text())
        var fuzzer = Fuzzer(seed: 7, patchers: [])
        for index in 0..<30 as Range<UInt64> {
            print(try CasePicture(fuzzer.makeCase(index: index), patchers: [BentPatcher.firstJump(by: 1)]).text())
        }
    }
}
