import BPF
import KernelModel

extension CaseFile.Writer {
    /// Writes the load of a case against a running kernel.
    mutating func write(_ loading: Case.Loading) {
        if let release = loading.release { add("kernel: " + QuotedText.write(release)) }
        for fact in loading.facts { add("fact: " + QuotedText.write(fact)) }
        add("type: " + loading.type.name)
        if loading.attachType != 0 { add("attach_type: \(loading.attachType)") }
        if let target = loading.attachTarget { add("attach_to: " + QuotedText.write(target)) }
        if loading.flags != [] { add("flags: 0x" + String(loading.flags.rawValue, radix: 16)) }
        if loading.privilege != .all { add("privilege: " + loading.privilege.rawValue) }
        for name in loading.kernelFunctions { add("kfunc: " + QuotedText.write(name)) }
        if loading.isRunnable { add("runnable: yes") }
        if !loading.profiles.isEmpty { add("profiles: " + QuotedText.write(loading.profiles.joined(separator: " "))) }
        if let observed = loading.seen { add("seen: " + observed.text) }
        if let must = loading.must { add("must: " + must.text) }
    }
}

extension CaseFile.Reader {
    /// The keys of the load.
    static let loadingKeys: Set<String> = [
        "kernel", "fact", "type", "attach_type", "attach_to", "flags", "privilege", "kfunc", "runnable",
        "profiles", "seen",
        "must",
    ]
    /// The keys that may occur more than once.
    static let repeatedKeys: Set<String> = ["report", "fact", "kfunc"]

    /// Reads the value of one of these keys.
    mutating func readLoading(_ key: String, into loading: inout Case.Loading) throws(AssemblyError) {
        switch key {
        case "kernel": loading.release = try headerText()
        case "fact": loading.facts.append(try headerText())
        case "type":
            let start = line.position
            let name = try headerText()
            guard let type = ProgramType.allCases.first(where: { $0.name == name }) else {
                throw fault("a program type, as in `xdp`", at: start)
            }
            loading.type = type
        case "attach_type": loading.attachType = try line.count(0...UInt32.max)
        case "attach_to": loading.attachTarget = try headerText()
        case "flags": loading.flags = LoadFlags(rawValue: try line.count(0...UInt32.max))
        case "privilege":
            let start = line.position
            guard let privilege = LoadPrivilege(rawValue: try headerText()) else {
                throw fault("`all` or `bpf`", at: start)
            }
            loading.privilege = privilege
        case "runnable":
            try line.word("yes")
            loading.isRunnable = true
        case "profiles": loading.profiles = try headerText().split(separator: " ").map(String.init)
        case "kfunc": loading.kernelFunctions.append(try headerText())
        case "must": loading.must = try readObserved()
        default: loading.seen = try readObserved()
        }
    }

    private mutating func readObserved() throws(AssemblyError) -> Case.Loading.Observed {
        let start = line.position
        let part = line.takeWord()
        if part == "refusal" { return .refusal(try QuotedText.read(&line)) }
        let number = Int(try line.count(0...UInt32.max))
        switch part {
        case "slot":
            if line.takeWord("leads") { return try readTarget(of: number) }
            let statement = try Assembler.statement(&line)
            // In earlier files, a first slot alone is a load whose second slot is 0.
            return .insn(
                slot: number, statement.insn,
                second: statement.secondSlot ?? (statement.insn.isWide ? Instruction.zero : nil))
        case "value":
            try line.word("with")
            try line.word("flags")
            guard let value = UInt32(exactly: number) else { throw fault("a number of 32 bits", at: start) }
            return .value(value, flags: LoadFlags(rawValue: try line.count(0...UInt32.max)))
        case "slots": return .length(number)
        case "subprogram":
            if line.takeWord("missing") { return .subprogram(row: number, start: nil) }
            try line.word("at")
            return .subprogram(row: number, start: try line.count(0...UInt32.max))
        case "line":
            if line.takeWord("missing") { return .line(row: number, nil) }
            try line.word("id")
            let id = try line.count(0...UInt32.max)
            try line.word("at")
            return .line(row: number, LineRecord(insnOff: try line.count(0...UInt32.max), id: id))
        default: throw fault("`slot`, `slots`, `subprogram`, `line`, `value` or `refusal`", at: start)
        }
    }

    /// Reads the rest after `slot N leads`.
    private mutating func readTarget(of slot: Int) throws(AssemblyError) -> Case.Loading.Observed {
        try line.word("to")
        if line.takeWord("no") {
            try line.word("subprogram")
            return .target(slot: slot, subprogram: nil)
        }
        try line.word("subprogram")
        return .target(slot: slot, subprogram: try line.count(0...UInt32.max))
    }
}
