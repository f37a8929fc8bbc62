import EngineSupport
import Fuzzing

/// JSON lines: every text is a case or an error. A case is run by the rules, which must not trap.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = unsafe Engine.bytes(data, count)
    guard let text = String(validating: bytes, as: UTF8.self) else { return -1 }
    guard let c = try? ScriptLine.parse(text, file: "input", number: 1) else { return 0 }
    var rules = CaseRunner([])
    _ = try? rules.run(c)
    return 0
}
