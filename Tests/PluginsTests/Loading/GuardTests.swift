import BPF
import Fuzzing
import Glibc
import Patching
import Testing

@testable import Plugins

/// The guard pages of plug-in memory, and the classification of faults.
struct GuardTests {
    private typealias Part = PluginMemory.Part

    /// A pass with no empty array. Only its last edit has a ref.
    private static func simple(insns count: Int) -> Case {
        let plain = Instruction(code: Opcode.movImmediate64)
        let insns = [Instruction](repeating: plain, count: count - 1) + [Instruction(code: Opcode.exit)]
        return Case(
            program: Program(
                insns: insns, aux: insns.map { _ in 3 }, lines: [LineRecord(insnOff: 0, id: 1)]),
            passes: [
                Pass(edits: [
                    Edit(off: InputIndex(0), remove: 1, patch: [plain, plain]),
                    Edit(
                        off: InputIndex(2), remove: 1, patch: [plain, Instruction(code: Opcode.ja)],
                        refs: [Ref(from: PatchIndex(1), to: InputIndex(0))]),
                ])
            ])
    }

    /// The fault address of each probe.
    private static func stops(_ path: String) throws -> [UInt] {
        let library = unsafe try #require(dlopen(path, RTLD_NOW))
        let stops = unsafe try #require(dlsym(library, "probe_stops"))
        let count = unsafe try #require(dlsym(library, "probe_cnt"))
        return unsafe (0..<Int(count.load(as: UInt32.self))).map {
            unsafe stops.load(fromByteOffset: $0 * 8, as: UInt.self)
        }
    }

    /// Sizes: small, at the initial capacity, and above it.
    @Test(arguments: [4, 5, 4096, 4097, 70_000]) func arraysEndAtGuardPages(_ insns: Int) throws {
        let built = try BuiltPlugin(["\(BuiltPlugin.package)/Tests/Plugins/probe.c"])
        let patcher = try built.load().makePatcher()
        let (input, output, pass) = (ProgramBuffer(), ProgramBuffer(), PassBuffer())
        let c = GuardTests.simple(insns: insns)
        input.load(c.program)
        pass.load(c.passes[0])
        #expect(patcher.apply(pass.image, to: input.image(), into: output) == .accepted)
        let all: [Part] = [.insns, .aux, .subprograms, .lines, .image, .edits, .patches, .refs]
        let expected: [(PluginMemory.Violation, Part, isWrite: Bool, isOutput: Bool)?] =
            all.map { (.inputWritten, $0, true, false) } + all.map { (.readPastEnd, $0, false, false) }
            + all[..<5].map { (.wildWrite, $0, true, true) } + [nil, nil, nil, nil]
        let stops = try GuardTests.stops(built.path)
        try #require(stops.count == expected.count)
        for (number, (stop, expected)) in zip(stops, expected).enumerated() {
            guard let expected else {
                #expect(stop == 0, "probe \(number) was stopped")
                continue
            }
            #expect(stop != 0, "probe \(number) was not stopped")
            let fault = PluginMemory.classify(address: stop, isWrite: expected.isWrite)
            #expect(fault?.violation == expected.0, "probe \(number)")
            #expect(fault?.part == expected.1, "probe \(number)")
            #expect(fault?.isOutput == expected.isOutput, "probe \(number)")
        }
    }

    @Test func otherMemoryIsNotClassified() throws {
        let patcher = try BuiltPlugin(BuiltPlugin.example).load().makePatcher()
        let own = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        defer { unsafe own.deallocate() }
        #expect(PluginMemory.classify(address: UInt(bitPattern: own), isWrite: true) == nil)
        #expect(PluginMemory.classify(address: 0, isWrite: false) == nil)
        withExtendedLifetime(patcher) {}
    }

    @Test func memoryIsUnregisteredWithItsPatcher() throws {
        let built = try BuiltPlugin(["\(BuiltPlugin.package)/Tests/Plugins/probe.c"])
        var patcher: PluginPatcher? = try built.load().makePatcher()
        let (input, output, pass) = (ProgramBuffer(), ProgramBuffer(), PassBuffer())
        let c = GuardTests.simple(insns: 7)
        input.load(c.program)
        pass.load(c.passes[0])
        _ = patcher?.apply(pass.image, to: input.image(), into: output)
        let stop = try GuardTests.stops(built.path)[0]
        #expect(PluginMemory.classify(address: stop, isWrite: true) != nil)
        patcher = nil
        #expect(PluginMemory.classify(address: stop, isWrite: true) == nil)
    }

    /// Otherwise parent and child would overwrite each other's input.
    @Test func memoryIsNewAfterAFork() throws {
        let built = try BuiltPlugin(["\(BuiltPlugin.package)/Tests/Plugins/probe.c"])
        let patcher = try built.load().makePatcher()
        let (input, output, pass) = (ProgramBuffer(), ProgramBuffer(), PassBuffer())
        let c = GuardTests.simple(insns: 7)
        input.load(c.program)
        pass.load(c.passes[0])
        _ = patcher.apply(pass.image, to: input.image(), into: output)
        let before = try GuardTests.stops(built.path)[0]
        _ = patcher.apply(pass.image, to: input.image(), into: output)
        #expect(try GuardTests.stops(built.path)[0] == before)
        // Simulates the fork handler in the child.
        unsafe PluginMemory.forks.address.pointee += 1
        #expect(patcher.apply(pass.image, to: input.image(), into: output) == .accepted)
        #expect(try GuardTests.stops(built.path)[0] != before)
    }
}
