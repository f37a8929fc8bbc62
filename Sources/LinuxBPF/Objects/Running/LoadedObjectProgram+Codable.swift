import BPF
import KernelModel

/// A loaded program travels between processes in words.
extension LoadedObjectProgram {
    private enum CodingKeys: String, CodingKey {
        case input, type, attachType, flags, kernelFunctions, live, result, isWithoutRecords
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        input = LoadableProgram(
            program: try values.decode(ProgramWords.self, forKey: .input).program,
            type: try values.decode(ProgramType.self, forKey: .type),
            attachType: try values.decode(UInt32.self, forKey: .attachType),
            flags: try values.decode(LoadFlags.self, forKey: .flags),
            kernelFunctions: try values.decode([String].self, forKey: .kernelFunctions))
        live = try values.decodeIfPresent([Bool].self, forKey: .live)
        result = try values.decode(ProgramWords.self, forKey: .result).program
        isWithoutRecords = try values.decode(Bool.self, forKey: .isWithoutRecords)
    }

    package func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(ProgramWords(input.program), forKey: .input)
        try values.encode(input.type, forKey: .type)
        try values.encode(input.attachType, forKey: .attachType)
        try values.encode(input.flags, forKey: .flags)
        try values.encode(input.kernelFunctions, forKey: .kernelFunctions)
        try values.encodeIfPresent(live, forKey: .live)
        try values.encode(ProgramWords(result), forKey: .result)
        try values.encode(isWithoutRecords, forKey: .isWithoutRecords)
    }
}

/// A program as arrays of numbers; its aux words are left out.
private struct ProgramWords: Codable {
    var insns: [UInt64]
    var starts: [UInt32]
    var functions: [UInt32]
    var places: [UInt32]
    var lines: [UInt32]

    init(_ program: Program) {
        insns = program.insns.map(\.bits)
        starts = program.subprograms.map(\.start)
        functions = program.subprograms.map(\.id)
        places = program.lines.map(\.insnOff)
        lines = program.lines.map(\.id)
    }

    var program: Program {
        Program(
            insns: insns.map { Instruction(bits: $0) },
            subprograms: zip(starts, functions).map { Subprogram(start: $0, id: $1) },
            lines: zip(places, lines).map { LineRecord(insnOff: $0, id: $1) })
    }
}
