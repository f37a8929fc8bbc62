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
        func show(_ bend: @escaping (ProgramImage<OutputIndex>, ProgramBuffer) -> Void) throws {
            print(try CasePicture(c, patchers: [BentPatcher { bend($0.image(), $0) }]).text())
        }
        try show { image, _ in image.aux[OutputIndex(5)] = 99 }
        try show { image, _ in image.subprograms[TableIndex(1)].start = 14; image.lines[TableIndex(1)].insnOff = 4 }
        try show { image, buffer in
            for slot in 8..<16 { image.insns[OutputIndex(slot)] = image.insns[OutputIndex(slot + 1)] }
            buffer.insnCount = 16
            buffer.lineCount = 1
        }
        try show { image, _ in for slot in 3..<16 { image.insns[OutputIndex(slot)].imm += 1 } }
        var fuzzer = Fuzzer(seed: 7, patchers: [])
        for index in [41, 43, 59, 61, 179, 187, 538, 2433] as [UInt64] {
            let c = fuzzer.makeCase(index: index)
            print(try CasePicture(c, patchers: [BentPatcher.firstJump(by: 1)]).text())
        }
    }
}
