import EngineSupport
import Fuzzing

/// Case files: every text is a case or an error, and a printed case is read back as the same case.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Engine.bytes(data, count)
    guard let text = String(validating: bytes, as: UTF8.self) else { return -1 }
    guard let c = try? CaseFile.parse(text, file: "input") else { return 0 }
    let printed = CaseFile.print(c)
    guard let again = try? CaseFile.parse(printed, file: "printed") else {
        Engine.fail("case-file/not-readable", printed)
    }
    if CaseFile.print(again) != printed { Engine.fail("case-file/changed", printed) }
    return 0
}
