import EngineSupport
import Foundation
import Fuzzing
import Patching
import Plugins

/// The patchers under test: by default all designs.
///
/// `FUZZ_PATCHERS` names others, with commas between them. `FUZZ_PLUGIN` is the path of a plug-in; if it is built with
/// `-fsanitize-coverage=inline-8bit-counters,pc-table` or `trace-pc-guard`, its coverage guides the engine.
private func patchers() -> [any Patcher] {
    let environment = ProcessInfo.processInfo.environment
    if let path = environment["FUZZ_PLUGIN"] {
        do throws(PluginError) { return [try Plugin(path: path).makePatcher()] } catch { fail("FUZZ_PLUGIN: \(error)") }
    }
    guard let names = environment["FUZZ_PATCHERS"] else { return BuiltInPatchers.allCases.map { $0.make() } }
    return names.split(separator: ",").map(String.init).map { name in
        if let design = BuiltInPatchers.allCases.first(where: { $0.name == name }) { return design.make() }
        if let fault = PlantedPatcher.Fault.allCases.first(where: { $0.name == name }) { return PlantedPatcher(fault) }
        fail("FUZZ_PATCHERS: there is no patcher '\(name)'")
    }
}

/// Ends the process with status 1, which engines do not take for a finding.
private func fail(_ text: String) -> Never {
    FileHandle.standardError.write(Data("error: \(text)\n".utf8))
    exit(1)
}

/// Ends the process with a finding.
private func report(_ finding: Finding, _ c: Case) -> Never {
    Engine.fail(
        finding.bucket,
        "\(finding.target): \(finding.sentence); \(finding.detail)\n\(CaseFile.print(c))")
}

/// The state of the target, made once.
private struct State: ~Copyable {
    var fuzzer: Fuzzer
    /// Runs the cases of an imported corpus that no choices make.
    var runner: CaseRunner

    init() {
        let chosen = patchers()
        fuzzer = Fuzzer(seed: 0, limits: CaseLimits.turns(of: chosen), patchers: chosen)
        runner = CaseRunner(chosen)
    }

    mutating func run(_ bytes: [UInt8]) {
        if let c = EngineInput.text(bytes) {
            if let finding = runner.findings(of: c).first { report(finding, c) }
            return
        }
        if fuzzer.run(Draws(bytes: bytes)) { return }
        guard let finding = fuzzer.findings.first else { return }
        report(finding, fuzzer.makeCase(Draws(bytes: bytes)))
    }
}

/// The engine calls one function at a time, from one thread.
nonisolated(unsafe) private var state = State()

@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ data: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    unsafe state.run(Engine.bytes(data, count))
    return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutate(_ data: UnsafeMutablePointer<UInt8>?, _ count: Int, _ limit: Int, _ seed: CUnsignedInt) -> Int {
    var mutator = ChoiceMutator(seed: seed)
    let bytes = unsafe mutator.mutate(Engine.bytes(data.map { unsafe UnsafePointer($0) }, count), limit: limit)
    return unsafe ChoiceMutator.store(bytes, in: data)
}

@_cdecl("LLVMFuzzerCustomCrossOver")
public func cross(
    _ one: UnsafePointer<UInt8>?, _ oneCount: Int, _ other: UnsafePointer<UInt8>?, _ otherCount: Int,
    _ output: UnsafeMutablePointer<UInt8>?, _ limit: Int, _ seed: CUnsignedInt
) -> Int {
    var mutator = ChoiceMutator(seed: seed)
    let bytes = unsafe mutator.cross(Engine.bytes(one, oneCount), Engine.bytes(other, otherCount), limit: limit)
    return unsafe ChoiceMutator.store(bytes, in: output)
}
