extension Assembler.Draft {
    /// Reads `{dst=1 src=2 …}` if it is next.
    mutating func readExtras(_ scanner: inout LineScanner) throws(AssemblyError) {
        guard scanner.takeSymbol("{") else { return }
        repeat {
            scanner.skipBlanks()
            let start = scanner.position
            let word = scanner.takeWord()
            guard let (name, field) = FieldSet.names.first(where: { $0.name == word }) else {
                throw scanner.fault("a field such as `dst` or `imm`", at: start)
            }
            if fields.contains(field) {
                throw scanner.fault("a field without a value, but `\(name)` has one already", at: start)
            }
            if FieldSet.next.contains(field) && second == nil {
                throw scanner.fault("a field of a single slot: only a wide load (`ll`) has a second one", at: start)
            }
            fields.insert(field)
            try scanner.symbol("=")
            switch field {
            case .dst: insn.dst = try scanner.count(0...15)
            case .src: insn.src = try scanner.count(0...15)
            case .off: insn.off = try scanner.field(Int16.self)
            case .imm: insn.imm = try scanner.field(Int32.self)
            case .nextRegisters: second?.registers = try scanner.count(0...255)
            case .nextOff: second?.off = try scanner.field(Int16.self)
            default:
                second?.imm = try scanner.field(Int32.self)
                nextImmPosition = start
            }
        } while !scanner.takeSymbol("}")
    }

    /// The statement, now that all fields are known.
    func finished(_ scanner: LineScanner) throws(AssemblyError) -> Statement {
        var insn = insn
        var second = second
        if let literal {
            if insn.src == 0 {
                if let nextImmPosition {
                    throw scanner.fault("`src` too: without it, the number fills both slots", at: nextImmPosition)
                }
                guard let bits = Int64(literal).map(UInt64.init(bitPattern:)) ?? Self.unsigned(literal) else {
                    throw scanner.fault("a number of 64 bits", at: literal.position)
                }
                insn.imm = Int32(truncatingIfNeeded: bits)
                second?.imm = Int32(truncatingIfNeeded: bits >> 32)
            } else if let value = Int32(literal) {
                insn.imm = value
            } else {
                let expected = LineScanner.expectation(of: Int32.self) + ", with the rest in `next_imm`"
                throw scanner.fault(expected, at: literal.position)
            }
        }
        return Statement(
            insn: insn, secondSlot: second, target: target,
            targetColumn: target == nil ? 1 : scanner.column(of: targetPosition))
    }

    private static func unsigned(_ number: LineScanner.Number) -> UInt64? {
        number.isNegative ? nil : number.magnitude
    }

    /// `insn 0x0e dst 0 src 0 off +3 imm 77`: any slot, with fields in any order; absent fields are 0.
    static func raw(_ scanner: inout LineScanner) throws(AssemblyError) -> Self {
        var draft = Self(Instruction(code: try scanner.count(0...255)), [])
        var place: (field: FieldSet, scanner: LineScanner)?
        while let word = scanner.peekWord(), let (_, field) = FieldSet.names.prefix(4).first(where: { $0.name == word })
        {
            if draft.fields.contains(field) { throw scanner.fault("another field, or the end of the line") }
            _ = scanner.takeWord()
            draft.fields.insert(field)
            if field == .off || field == .imm, !isNumber(scanner) {
                if place != nil { throw scanner.fault("a number: an instruction has one target") }
                // The kind of target depends on fields that may follow.
                place = (field, scanner)
                var ignored = Self(Instruction(code: Opcode.gotol), [])
                try ignored.readTarget(&scanner, expected: "a number or a target")
                continue
            }
            switch field {
            case .dst: draft.insn.dst = try scanner.count(0...15)
            case .src: draft.insn.src = try scanner.count(0...15)
            case .off: draft.insn.off = try scanner.field(Int16.self)
            default: draft.insn.imm = try scanner.field(Int32.self)
            }
        }
        if var place {
            let kind = draft.insn.jumpKind
            let holder: FieldSet = kind == .none ? [] : kind == .short ? .off : .imm
            if place.field != holder {
                throw place.scanner.fault("a number: this code has no target in that field")
            }
            try draft.readTarget(&place.scanner)
        }
        // No field is left for `{…}`.
        draft.fields = [.dst, .src, .off, .imm]
        return draft
    }

    /// Returns true if a number is next, rather than a target.
    private static func isNumber(_ scanner: LineScanner) -> Bool {
        var ahead = scanner
        guard let first = ahead.peek() else { return false }
        return first == UInt8(ascii: "-") || first >= UInt8(ascii: "0") && first <= UInt8(ascii: "9")
    }
}
