import BPF
import Fuzzing

extension ProgramDraft {
    /// Writes all functions, and sets the targets of calls.
    mutating func writeProgram() {
        for function in 0..<plan.functions.count { writeFunction(function) }
        for call in calls { insns[call.slot].imm = Int32(truncatingIfNeeded: starts[call.function] - call.slot - 1) }
    }

    private mutating func writeFunction(_ number: Int) {
        draws.begin(.function, number: number)
        defer { draws.end() }
        self.number = number
        function = plan.functions[number]
        hasContext = function.kind == .entry || function.kind == .contextual
        starts.append(count)
        borders.removeAll(keepingCapacity: true)
        deadSlots.removeAll(keepingCapacity: true)
        jumps.removeAll(keepingCapacity: true)
        chunkBorders.removeAll(keepingCapacity: true)
        ranks.removeAll(keepingCapacity: true)
        pendingChild = function.firstChild
        fragments = allowedFragments()
        common = fragments.intersection(.base)
        featured = fragments.subtracting(.base)
        let slots = max(function.slots, 4)
        let isFar = plan.isFar && number == 0
        orderChunks(isFar ? 1 : min(1 + slots / 16, 1 + draws.below(24)))
        draws.begin(.start)
        writeStart()
        draws.end()
        let end = count + slots
        for chunk in 0..<ranks.count {
            draws.begin(.chunk)
            chunkBorders.append(borders.count)
            if borders.last == count { chunkBorders[chunk] -= 1 }
            border()
            let share = (end - count) / (ranks.count - chunk)
            if isFar {
                writeFarBody(until: end)
            } else {
                writeFragments(until: count + max(share, 1), isLast: chunk == ranks.count - 1)
            }
            finishChunk(chunk)
            draws.end()
        }
        aimJumps()
    }

    /// The fragments of the program that this function may have.
    private func allowedFragments() -> FragmentSet {
        var allowed = plan.fragments
        if !hasContext { allowed.subtract(.ofContext) }
        if function.kind.isCallback { allowed.subtract(.leaving) }
        if number != 0 { allowed.subtract(FragmentSet(.exception)) }
        // 512 bytes of stack are for all frames together.
        if function.depth > 3 { allowed.subtract(.ofStack) }
        if function.depth > 1 { allowed.subtract(FragmentSet(.tailCall)) }
        // Under the lock of a tree, no call is allowed.
        if function.kind == .lessCallback { allowed.formIntersection(.base) }
        return allowed
    }

    /// Chooses the order in which the chunks of a function run; the first stays first.
    private mutating func orderChunks(_ chunks: Int) {
        for chunk in 0..<chunks { ranks.append(chunk) }
        if chunks < 3 || draws.chance(5, of: 16) { return }
        for chunk in 1..<chunks - 1 {
            ranks.swapAt(chunk, chunk + draws.below(chunks - chunk))
        }
    }

    /// Writes fragments, and among them the calls of children.
    private mutating func writeFragments(until end: Int, isLast: Bool) {
        while draws.begin(.fragment, if: count < end) {
            border()
            if !writesChild(before: end) {
                // Some marked instructions separate fragments without a marker, but not all: rewrites must touch too.
                if draws.chance(1, of: 4) { writeMark() } else { writeFragment(anyFragment()) }
            }
            draws.end()
        }
        while isLast && pendingChild != 0 {
            border()
            writeChild()
        }
        border()
    }

    /// Calls the function that must be called next, the sooner the less room is left; returns false for none.
    private mutating func writesChild(before end: Int) -> Bool {
        let room = max(end - count, 1)
        let isWanted = pendingChild != 0 && draws.unrecorded { $0.below(room) < 8 }
        if !draws.begin(.child, if: isWanted, number: pendingChild) { return false }
        if pendingChild != 0 { writeChild() }
        draws.end()
        return true
    }

    /// The next fragment: one of the profiles as often as one of all programs.
    mutating func anyFragment() -> Fragment {
        let choice = featured.isEmpty || draws.chance(7, of: 16) ? common : featured
        return choice.member(draws.below(choice.count))
    }

    /// The function that must be called next.
    mutating func takeChild() -> Int {
        let child = pendingChild
        pendingChild = plan.functions[child].nextSibling
        return child
    }

    mutating func writeChild() {
        let child = takeChild()
        draws.begin(.call, number: child)
        if plan.functions[child].isDead { writeDeadCall(child) } else { writeCall(child) }
        draws.end()
    }

    /// Any function but the entry, for a call beyond the needed ones.
    mutating func anyFunction() -> Int {
        draws.begin(.callee)
        defer { draws.end() }
        return 1 + draws.below(plan.functions.count - 1)
    }

    /// Writes the end of a chunk: an exit, or a jump to the chunk that runs next.
    private mutating func finishChunk(_ chunk: Int) {
        if ranks[chunk] == ranks.count - 1 { return writeExit() }
        let isFollowed = chunk + 1 < ranks.count && ranks[chunk + 1] == ranks[chunk] + 1
        if isFollowed && draws.chance(13, of: 16) { return }
        if plan.hasDeadCode && draws.chance(3, of: 16) {
            // A condition that always holds, and dead code that ends the chunk.
            writeDecided(.nextChunk, .always)
            writeDeadRun(draws.below(4))
            addDead(.assign(0, marker()))
            addDead(Instruction(code: Opcode.exit))
            return
        }
        let isLong = plan.fragments.has(.longGoto) && draws.chance(1, of: 2)
        add(Instruction(code: isLong ? Opcode.gotol : Opcode.ja), .nextChunk)
    }

    // MARK: Targets

    /// Chooses the targets of the function's jumps.
    private mutating func aimJumps() {
        for jump in jumps {
            draws.resume(jump.draws)
            defer { draws.endResuming() }
            if !insns[jump.slot].setTarget(target(of: jump), from: jump.slot) {
                // Too far for 16 bits: take a near target.
                insns[jump.slot].setTarget(borders[min(jump.border, borders.count - 1)], from: jump.slot)
            }
            // Older kernels refuse `may_goto +0`.
            if !plan.hasMayGotoNop && insns[jump.slot] == Instruction(code: Opcode.mayGoto) {
                insns[jump.slot].code = Opcode.ja
            }
        }
    }

    private mutating func target(of jump: OpenJump) -> Int {
        switch jump.aim {
        case .next: return borders[jump.border]
        case .far: return farTarget(of: jump)
        case .nextChunk:
            return borders[chunkBorders[ranks.firstIndex(of: ranks[jump.chunk] + 1) ?? 0]]
        case .anywhere where plan.hasCycles:
            // The first instruction of the function is no border.
            if draws.below(8) == 0 { return starts[number] }
            if !deadSlots.isEmpty && draws.chance(1, of: 4) { return deadSlots[draws.below(deadSlots.count)] }
            let number = draws.below(borders.count + deadSlots.count)
            return number < borders.count ? borders[number] : deadSlots[number - borders.count]
        case .near, .later, .anywhere:
            let end = endOfBorders(jump.chunk)
            let left = end - jump.border
            if left > 0 && (jump.aim == .near || draws.chance(1, of: 2) || ranks[jump.chunk] == ranks.count - 1) {
                return borders[jump.border + draws.below(jump.aim == .near ? min(left, 3) : left)]
            }
            return laterTarget(than: jump.chunk)
        }
    }

    /// The index after the last border of a chunk.
    private func endOfBorders(_ chunk: Int) -> Int {
        chunk + 1 < chunkBorders.count ? chunkBorders[chunk + 1] : borders.count
    }

    /// A border of a chunk that runs later.
    private mutating func laterTarget(than chunk: Int) -> Int {
        // Some tries, then the next one, which there is.
        for _ in 0..<4 {
            let other = draws.below(ranks.count)
            if ranks[other] > ranks[chunk] { return anyBorder(of: other) }
        }
        return anyBorder(of: ranks.firstIndex(of: ranks[chunk] + 1) ?? 0)
    }

    private mutating func anyBorder(of chunk: Int) -> Int {
        let first = chunkBorders[chunk]
        // A part without fragments shares the border of the next one.
        let count = max(endOfBorders(chunk) - first, 1)
        return borders[first + (draws.chance(5, of: 16) ? 0 : draws.below(count))]
    }
}
