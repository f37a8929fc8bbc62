import BPF
import Patching

extension CaseFile.Reader {
    /// The known facts about the input of a pass.
    private struct Input {
        /// Its length in slots, if the passes before are accepted.
        var length: Int
        /// True for the program of the file, whose slots have labels.
        var isFirst: Bool
    }

    /// Reads the edits of a pass.
    mutating func readPass(length: Int, isFirst: Bool) throws(AssemblyError) -> Pass {
        let input = Input(length: length, isFirst: isFirst)
        var pass = Pass()
        while !isAtEnd && !isAtSection() { pass.edits.append(try readEdit(input)) }
        return pass
    }

    private mutating func readEdit(_ input: Input) throws(AssemblyError) -> Edit {
        let start = line.position
        var edit: Edit
        var takesPatch = true
        var needsPatch = false
        switch line.takeWord() {
        case "replace":
            edit = Edit(off: try readPosition(input), remove: try readCount())
            try readOptions(&edit)
            try line.word("with")
            needsPatch = true
        case "delete":
            edit = Edit(off: try readPosition(input), remove: try readCount())
            try readOptions(&edit)
            takesPatch = false
        case "insert":
            try line.word("at")
            edit = Edit(off: try readPosition(input), remove: 0)
            try readOptions(&edit)
        case "append":
            guard let end = UInt32(exactly: input.length) else {
                throw fault("`insert at`: the length of the input is unknown after the passes before", at: start)
            }
            edit = Edit(off: InputIndex(rawValue: end), remove: 0)
            try readOptions(&edit)
        default: throw fault("`replace`, `delete`, `insert at`, `append`, `pass` or `expect`", at: start)
        }
        try endLine()
        try readPatch(of: &edit, input, isAllowed: takesPatch)
        if needsPatch && edit.patch.isEmpty { throw fault("an instruction of the patch (or else `delete`)") }
        return edit.withPlaceholdersCleared()
    }

    // MARK: Header

    /// A slot of the pass's input: a number, or a label of the program in the first pass.
    private mutating func readPosition(_ input: Input) throws(AssemblyError) -> InputIndex {
        line.skipBlanks()
        let start = line.position
        guard let name = line.takeWord() else { return InputIndex(rawValue: try line.count(0...UInt32.max)) }
        guard input.isFirst else { throw fault("a number: labels name slots of the first pass's input", at: start) }
        guard let slot = programLabels[name] else {
            throw fault("a slot: a number or a label of the program", at: start)
        }
        return InputIndex(slot)
    }

    private mutating func readCount() throws(AssemblyError) -> UInt32 {
        line.takeWord("count") ? try line.count(1...UInt32.max) : 1
    }

    /// `, keep 0` and `, jumps skip`
    private mutating func readOptions(_ edit: inout Edit) throws(AssemblyError) {
        while line.takeSymbol(",") {
            if edit.keep == nil && line.takeWord("keep") {
                edit.keep = PatchIndex(rawValue: try line.count(0...UInt32.max))
            } else if !edit.skip && line.takeWord("jumps") {
                try line.word("skip")
                edit.skip = true
            } else {
                throw fault("`keep` or `jumps skip`")
            }
        }
    }

    // MARK: Patch

    private mutating func readPatch(of edit: inout Edit, _ input: Input, isAllowed: Bool) throws(AssemblyError) {
        var block = AssemblyReader.SlotBlock()
        var refs: [Ref] = []
        while !isAtEnd {
            try readLabels(&block)
            if line.isAtEnd() {
                advance()
                continue
            }
            let start = line.position
            if line.takeWord("ref") {
                let from = PatchIndex(rawValue: try line.count(0...UInt32.max))
                refs.append(Ref(from: from, to: try readPosition(input)))
            } else if isAtEdit() {
                break
            } else if !isAllowed {
                throw fault("an edit, `ref`, `pass` or `expect`: `delete` has no patch")
            } else if line.takeWord("kept") {
                guard edit.keep == nil else { throw fault("`kept` once", at: start) }
                guard edit.remove == 1 || edit.remove == 2 else {
                    throw fault("an instruction: only an edit of a single instruction can keep it", at: start)
                }
                edit.keep = PatchIndex(block.insns.count)
                for _ in 0..<edit.remove { block.insns.append(.zero) }
            } else if line.takeSymbol(".fill") {
                _ = try readFill(&block)
            } else {
                _ = try readStatement(&block)
            }
            try endLine()
        }
        let here = lineNumber
        let ownRefs = try placeJumps(&block, input)
        lineNumber = here
        edit.patch = block.insns
        edit.refs = ownRefs + refs
    }

    /// Returns true if the line begins another edit or section.
    private mutating func isAtEdit() -> Bool {
        switch line.peekWord() {
        case "replace", "delete", "insert", "append": true
        default: isAtSection()
        }
    }

    /// Sets the offsets of the jumps of a patch, and adds the refs of jumps to the input.
    private mutating func placeJumps(
        _ block: inout AssemblyReader.SlotBlock, _ input: Input
    ) throws(AssemblyError) -> [Ref] {
        var refs: [Ref] = []
        for jump in block.pending {
            let from = PatchIndex(jump.slot)
            switch jump.target {
            case .inputIndex(let index): refs.append(Ref(from: from, to: InputIndex(rawValue: index)))
            case .inputLabel(let name):
                guard input.isFirst, let slot = programLabels[name] else {
                    throw fault(
                        input.isFirst ? "a label of the program" : "a number: only the first pass has labels", of: jump)
                }
                refs.append(Ref(from: from, to: InputIndex(slot)))
            case .out: try place(jump, at: block.insns.count, in: &block)
            case .label(let name):
                guard let slot = block.labels[name] else {
                    throw fault("a label of this patch (a slot of the input has an `@` before it)", of: jump)
                }
                try place(jump, at: slot, in: &block)
            case .relative: break
            }
        }
        return refs
    }
}
