extension AssemblyWriter {
    /// The lines of a program, and their labels.
    package struct ProgramLabels {
        /// True if the records are in slot order, so that each can be written before its slot.
        let subprogramsAreInOrder: Bool
        let linesAreInOrder: Bool
        /// For each slot and the end: true if it begins a line.
        private(set) var isStart: [Bool]
        /// For each slot and the end: true if a run may not continue over it.
        private(set) var isBreak: [Bool]
        private(set) var isLabelled: [Bool]

        /// Finds the lines, and labels every slot that a jump or call reaches.
        ///
        /// - Complexity: O(slots + records)
        package init(_ insns: [Instruction], subprograms: [Subprogram], lines: [LineRecord]) {
            let count = insns.count
            subprogramsAreInOrder = Self.areOrdered(subprograms.map(\.start), count: count)
            linesAreInOrder = Self.areOrdered(lines.map(\.insnOff), count: count)
            isStart = Array(repeating: true, count: count + 1)
            isBreak = Array(repeating: false, count: count + 1)
            isLabelled = Array(repeating: false, count: count + 1)
            if subprogramsAreInOrder { for subprogram in subprograms { isBreak[Int(subprogram.start)] = true } }
            if linesAreInOrder { for line in lines { isBreak[Int(line.insnOff)] = true } }
            for slot in insns.indices where insns[slot].isWide && slot + 1 < count {
                // A record of the second slot needs its own line.
                if Disassembler.width(of: insns[slot], secondSlot: insns[slot + 1]) == 2 && !isBreak[slot + 1] {
                    isStart[slot + 1] = false
                }
            }
            for slot in insns.indices where isStart[slot] {
                let kind = insns[slot].jumpKind
                if kind != .none { add(slot + 1 + insns[slot].jumpOffset(kind)) }
            }
        }

        private static func areOrdered(_ places: [UInt32], count: Int) -> Bool {
            zip(places, places.dropFirst()).allSatisfy { $0 <= $1 } && places.last ?? 0 <= count
        }

        /// Labels a slot, if it begins a line.
        package mutating func add(_ slot: Int) {
            if slot >= 0 && slot < isStart.count && isStart[slot] {
                isLabelled[slot] = true
                isBreak[slot] = true
            }
        }

        /// The label of a slot, or `nil`.
        package func name(of slot: Int) -> String? {
            slot >= 0 && slot < isLabelled.count && isLabelled[slot] ? "L\(slot)" : nil
        }
    }
}

extension AssemblyWriter {
    /// Writes a program; parts that are `nil` are left out.
    package mutating func write(
        _ insns: [Instruction], aux: [UInt32]?, subprograms: [Subprogram]?, lines: [LineRecord]?,
        _ labels: ProgramLabels
    ) {
        var subprogramsLeft = subprograms ?? []
        var linesLeft = lines ?? []
        if let subprograms {
            if subprograms == [Subprogram(start: 0, id: 0)] {
                // The default of a program without such lines.
                subprogramsLeft = []
            } else if subprograms.isEmpty {
                add(".subprog none")
            } else if !labels.subprogramsAreInOrder {
                for subprogram in subprograms { add(".subprog \(subprogram.id) at \(subprogram.start)") }
                subprogramsLeft = []
            }
        }
        if !labels.linesAreInOrder {
            for line in linesLeft { add(".line \(line.id) at \(line.insnOff)") }
            linesLeft = []
        }
        let hasTable = aux.map { $0.count != insns.count } ?? false
        if let aux, hasTable {
            for start in stride(from: 0, to: max(aux.count, 1), by: 8) {
                let words = aux[start..<min(start + 8, aux.count)]
                add(([".auxtable"] + words.map { "\($0)" }).joined(separator: " "))
            }
        }
        let words = hasTable ? nil : aux
        var subprogram = subprogramsLeft[...]
        var line = linesLeft[...]
        var slot = 0
        while slot <= insns.count {
            while let first = subprogram.first, first.start == slot {
                add(".subprog \(first.id)")
                subprogram.removeFirst()
            }
            while let first = line.first, first.insnOff == slot {
                add(".line \(first.id)")
                line.removeFirst()
            }
            let label = labels.name(of: slot)
            if slot == insns.count {
                if let label { add(label + ":") }
                return
            }
            slot += write(insns, words, at: slot, label: label, labels)
        }
    }

    /// Writes the line that begins with a slot and returns the number of its slots.
    private mutating func write(
        _ insns: [Instruction], _ aux: [UInt32]?, at slot: Int, label: String?, _ labels: ProgramLabels
    ) -> Int {
        if let (run, firstWord) = run(insns, aux, at: slot, labels) {
            add(label: label, ".fill \(run.count) r1 = \(run.imm)", trailer: firstWord.map { ".aux \($0)" })
            return run.count
        }
        let isWide = slot + 1 < insns.count && !labels.isStart[slot + 1]
        let statement = Disassembler.text(of: insns[slot], secondSlot: isWide ? insns[slot + 1] : nil) { offset in
            let target = slot + 1 + offset
            return labels.name(of: target).map { .label($0) } ?? .relative(offset)
        }
        var trailer: String?
        if let aux {
            let second = isWide ? aux[slot + 1] : 0
            if second != 0 {
                trailer = ".aux \(aux[slot]) \(second)"
            } else if aux[slot] != 0 {
                trailer = ".aux \(aux[slot])"
            }
        }
        add(label: label, statement, trailer: trailer)
        return isWide ? 2 : 1
    }

    /// The run that begins at a slot, and its first aux word unless all are 0.
    private func run(
        _ insns: [Instruction], _ aux: [UInt32]?, at slot: Int, _ labels: ProgramLabels
    ) -> (SlotRun, UInt32?)? {
        // Most slots begin no run: a cheap test comes before the search for the limit.
        guard let whole = SlotRun(insns, at: slot, limit: min(slot + SlotRun.shortest, insns.count)) else { return nil }
        var limit = slot + 1
        guard let aux else {
            while limit < insns.count && !labels.isBreak[limit] && insns[limit].code == insns[slot].code { limit += 1 }
            return SlotRun(insns, at: slot, limit: limit).map { ($0, nil) }
        }
        let step: UInt32 = aux[slot] == 0 && aux[slot + whole.count - 1] == 0 ? 0 : 1
        while limit < insns.count && !labels.isBreak[limit] && insns[limit].code == insns[slot].code
            && aux[limit - 1] <= UInt32.max - step && aux[limit] == aux[limit - 1] + step
        {
            limit += 1
        }
        return SlotRun(insns, at: slot, limit: limit).map { ($0, step == 0 ? nil : aux[slot]) }
    }
}
