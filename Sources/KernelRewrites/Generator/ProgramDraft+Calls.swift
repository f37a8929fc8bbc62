import BPF
import Fuzzing
import KernelModel

extension ProgramDraft {
    /// Calls a function with the arguments of its kind.
    mutating func writeCall(_ function: Int) {
        switch plan.functions[function].kind {
        case .entry: return
        case .contextual:
            add(.move(Register.first, Kept.context))
            if draws.chance(1, of: 4) { writeAlternative(.move(Register.first, Kept.context)) }
            addCall(function)
            mixResult()
        case .plain:
            addCall(function)
            mixResult()
        case .loopCallback: writeLoop(function)
        case .elementCallback: writeForEach(function)
        case .timerCallback: writeTimer(function)
        case .workCallback: writeWorkQueue(function)
        case .lessCallback: writeTreeInsert(function)
        }
    }

    /// A jump over a second set-up of the same argument.
    mutating func writeAlternative(_ setUp: Instruction) {
        // The condition must not change a register that is set up already.
        writePlainCondition(.next)
        aimLast(at: count + 1)
        add(setUp)
    }

    /// Calls a function that another one calls too.
    mutating func writeExtraCall() {
        for _ in 0..<3 where plan.functions.count > 1 {
            let other = anyFunction()
            let callee = plan.functions[other]
            if callee.kind.isCallback || callee.kind == .contextual && !hasContext { continue }
            if callee.depth <= function.depth { continue }
            // The verifier follows each call, and again for each round of a loop.
            let cost = nesting > 0 ? callee.cost * 4 : callee.cost
            if cost > 60 || extraCost + cost > 50 + count / 2 { continue }
            extraCost += cost
            return writeCall(other)
        }
        writeMark()
    }

    /// `bpf_loop`, which is inlined if its callback and flags are known.
    private mutating func writeLoop(_ callback: Int) {
        addFunction(Register.second, callback)
        writeLoopCall()
    }

    /// Calls `bpf_loop` with the callback in `r2`.
    mutating func writeLoopCall() {
        if isRunnable || draws.chance(5, of: 8) {
            add(.assign(Register.first, 1 + Int32(draws.below(3))))
        } else {
            add(.load(.word, Register.first, from: Kept.value, cell()))
        }
        add(.assign(Register.third, 0))
        add(isRunnable || draws.chance(3, of: 4) ? .assign(4, 0) : .load(.word, 4, from: Kept.value, cell()))
        if draws.chance(3, of: 16) { writeAlternative(.assign(Register.third, 0)) }
        add(.callHelper(HelperNumber.loop))
        mixResult()
    }

    private mutating func writeForEach(_ callback: Int) {
        let kinds: [5 of MapKind] = [.array, .hash, .lruHash, .percpuArray, .singleArray]
        addMap(Register.first, kinds[draws.below(5)])
        addFunction(Register.second, callback)
        add(.assign(Register.third, 0))
        add(.assign(4, 0))
        add(.callHelper(HelperNumber.forEachElement))
        mixResult(isSteady: false)
    }

    private mutating func writeTimer(_ callback: Int) {
        addValue(Register.first, .timerArray)
        addFunction(Register.second, callback)
        add(.callHelper(HelperNumber.timerSetCallback))
        mixResult(isSteady: false)
    }

    /// Saves registers around a fastcall helper, as compilers do.
    ///
    /// No other fragment uses the lowest of these stack slots, or those below it.
    mutating func writeFastcall() {
        let isKernel = plan.castsAddresses && draws.chance(3, of: 8)
        // Registers with arguments are clobbered by any call.
        let first: UInt8 = isKernel ? 3 : 1
        let saved = 1 + draws.below(3)
        let lowest: Int16 = -40
        for place in 0..<saved { add(.assign(first + UInt8(place), marker())) }
        if isKernel {
            add(.move(Register.first, Kept.value))
            add(.assign(Register.second, 0))
        }
        if !isRunnable && draws.chance(1, of: 4) {
            // Past some of the spills, or all.
            writePlainCondition(.next)
            aimLast(at: count + draws.below(saved + 1))
        }
        for place in (0..<saved).reversed() {
            add(.store(.double, to: Register.frame, lowest + Int16(place * 8), first + UInt8(place)))
        }
        if isKernel { addKernelCall("bpf_rdonly_cast") } else { add(.callHelper(HelperNumber.processorID)) }
        for place in 0..<saved {
            add(.load(.double, first + UInt8(place), from: Register.frame, lowest + Int16(place * 8)))
        }
        for place in 0..<saved where draws.chance(5, of: 8) {
            add(.apply(.xor, keptNumber(), register: first + UInt8(place)))
        }
    }
}
