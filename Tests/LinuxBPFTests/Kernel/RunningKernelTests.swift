import BPF
import Testing

@testable import LinuxBPF

@Suite("The running kernel", .serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct RunningKernelTests {
    let kernel: RunningKernel

    init() throws { kernel = try RunningKernel() }

    /// Loads a program that must be accepted, and reads it back.
    func result(of program: LoadableProgram) throws -> Program {
        switch kernel.load(program) {
        case .loaded(let loaded): return try kernel.read(loaded)
        case .refused(let refusal): throw refusal
        }
    }

    @Test("Subprograms and lines come back with the ids they went in with")
    func records() throws {
        let program = Program(
            insns: [
                Instruction(code: 0xb7, dst: 1, imm: 5),
                Instruction(code: 0x85, src: 1, imm: 2),
                Instruction(code: 0x05, off: 0),
                Instruction(code: 0x95),
                Instruction(code: 0xb7, dst: 0, imm: 77),
                Instruction(code: 0x95),
            ],
            subprograms: [Subprogram(start: 0, id: 0), Subprogram(start: 4, id: 1)],
            lines: [
                LineRecord(insnOff: 0, id: 0), LineRecord(insnOff: 2, id: 1), LineRecord(insnOff: 3, id: 2),
                LineRecord(insnOff: 4, id: 3), LineRecord(insnOff: 5, id: 4),
            ])
        let result = try result(of: LoadableProgram(program: program))
        #expect(result.insns.count == 5)
        #expect(result.subprograms == [Subprogram(start: 0, id: 0), Subprogram(start: 3, id: 1)])
        #expect(
            result.lines == [
                LineRecord(insnOff: 0, id: 0), LineRecord(insnOff: 2, id: 2), LineRecord(insnOff: 3, id: 3),
                LineRecord(insnOff: 4, id: 4),
            ])
    }

    @Test("Each kind of map is made and found in the program", arguments: MapKind.allCases)
    func map(kind: MapKind) throws {
        let program = Program(insns: [
            Instruction(code: 0x18, dst: 1, src: 5, imm: kind.rawValue), Instruction(code: 0),
            Instruction(code: 0xb7, dst: 0, imm: 77), Instruction(code: 0x95),
        ])
        // Timers are not for the type of least trust; maps of tracing are only for those of tracing, and so on.
        let result = try result(of: LoadableProgram(program: program, type: .schedCLS))
        #expect(result.insns[0].src == 1)
        #expect(kernel.mapKind(id: UInt32(bitPattern: result.insns[0].imm)) == kind)
    }

    @Test("What no path leads to is not seen")
    func seen() throws {
        let program = Program(insns: [
            Instruction(code: 0xb7, dst: 0, imm: 0), Instruction(code: 0x55, dst: 0, off: 2, imm: 0),
            Instruction(code: 0x18, dst: 0, imm: 1), Instruction(code: 0),
            Instruction(code: 0x95), Instruction(code: 0x18, dst: 0, imm: 1), Instruction(code: 0),
            Instruction(code: 0x95),
        ])
        let loadable = LoadableProgram(program: program)
        #expect(throws: KernelError.self) { try kernel.seen(loadable) }
    }
}

/// Whether programs may be loaded here.
enum LoadingRight {
    static let reason: String = {
        do throws(KernelError) {
            _ = try RunningKernel()
            return ""
        } catch {
            return error.description
        }
    }()
    static var isThere: Bool { reason.isEmpty }
}
