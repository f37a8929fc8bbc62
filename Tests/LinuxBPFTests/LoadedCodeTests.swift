import BPF
import LinuxBPF
import Testing

@Suite("Tables of a loaded program")
struct LoadedCodeTests {
    private let wide = Instruction(code: Opcode.loadImmediate64)
    private let exit = Instruction(code: Opcode.exit)

    @Test("A line record at an index that has one, or on a second slot, is left out")
    func lines() {
        let program = Program(LoadedCode(insns: [wide, .zero, exit], lineStarts: [0, 1, 2, 2, 0]))
        #expect(program.lines == [LineRecord(insnOff: 0, id: 1), LineRecord(insnOff: 2, id: 2)])
        #expect(program.fault() == nil)
    }

    @Test("Subprograms start at 0, at func_info records and at targets of calls and callbacks")
    func subprograms() {
        let call = Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: 3)
        let function = Instruction(code: Opcode.loadImmediate64, src: Opcode.pseudoFunction, imm: 4)
        let program = Program(
            LoadedCode(insns: [call, function, .zero, exit, exit, exit, exit], functionStarts: [0, 5]))
        #expect(program.subprograms.map(\.start) == [0, 4, 5, 6])
        #expect(program.subprograms.map(\.id) == [1, 2, 3, 4])
        #expect(program.fault() == nil)
    }

    @Test("A call to a place outside is a fault of the program, named at the call")
    func outside() {
        let call = Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: 40)
        #expect(Program(LoadedCode(insns: [call, exit])).fault() == ProgramFault(.callTarget, at: 0))
    }
}
