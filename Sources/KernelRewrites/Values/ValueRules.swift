import BPF
import Fuzzing
import KernelModel
import Patching

/// Checks the values that the kernel chose in its expansions: each follows from the program, or is the same everywhere.
///
/// Rule ``KernelRule/chosenValues``.
struct ValueRules {
    let context: AlignmentContext
    let program: LoadableProgram
    let predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>
    let facts: KernelFacts
    let hasLocalStructures: Bool
    private(set) var findings: [Finding] = []
    /// The instructions with the required values, by the slot of the result.
    private(set) var patchInsns: [Int: Instruction] = [:]
    /// The first value of each kind that is the same in the whole program.
    private var common: [ChosenValue: Int64] = [:]
    private var functions: FunctionAddresses
    private var stack = StackSlots()

    init(
        _ context: AlignmentContext, _ program: LoadableProgram,
        _ predictions: UnsafeTypedBuffer<InputIndex, SlotPrediction>, _ facts: KernelFacts, hasLocalStructures: Bool
    ) {
        self.hasLocalStructures = hasLocalStructures
        self.context = context
        self.program = program
        self.predictions = predictions
        self.facts = facts
        functions = FunctionAddresses(areShown: facts.features.contains(.rawDump), facts.layout)
    }

    /// Checks all steps, and the calls that stand as they were.
    ///
    /// - Complexity: O(steps + calls); O(slots) where a map or a stack slot is looked up, or an upper half is filled
    mutating func check(
        _ steps: UnsafeTypedBuffer<TableIndex, AlignmentStep>, _ count: Int,
        _ calls: UnsafeTypedBuffer<TableIndex, PlacedCall>, _ callCount: Int
    ) {
        var upperHalves: KeptUpperHalves?
        for number in 0..<count {
            let step = unsafe steps[TableIndex(number)]
            if step.expansion.entry >= 0 { check(step) }
            if step.kind == .rewritten && step.expansion.rewrite == .context { checkField(step) }
            if step.kind == .rewritten && step.expansion.rewrite == .rndHi32 {
                let reads = upperHalves ?? KeptUpperHalves(context.origins.input, predictions, program.type)
                upperHalves = reads
                if let dst = unsafe context.insns[step.slot].defined, reads.isRead(dst, after: step.slot) {
                    // A known fault loses reads after a path that was pruned.
                    let edit = reads.isReadAtOnce(dst, after: step.slot) ? "none" : "rnd-hi32"
                    report("upper-half", edit, step, "the upper half of r\(dst) is filled and then read")
                }
            }
        }
        findings += stack.finish(context.origins.input, predictions)
        for number in 0..<callCount {
            let call = unsafe calls[TableIndex(number)]
            let insn = unsafe context.insns[call.slot]
            if let words = functions.note(insn, call.address, kernelFunctions: program.kernelFunctions) {
                findings.append(finding(words.name, "none", call.place, words.text))
                return
            }
        }
    }

    private mutating func report(
        _ name: String, _ edit: String, _ step: AlignmentStep, _ text: String, at place: OutputIndex? = nil
    ) {
        if findings.count < 4 { findings.append(finding(name, edit, place ?? step.place, text)) }
    }

    private func finding(_ name: String, _ edit: String, _ place: OutputIndex, _ text: String) -> Finding {
        Finding(
            target: Finding.kernelTarget, rule: .encoding, insn: name, edit: edit, pass: 0, place: place.position,
            detail: "slot \(place): \(text)")
    }

    private mutating func check(_ step: AlignmentStep) {
        let row = Int(step.expansion.entry)
        let names = RewriteTable.shared.values[row]
        if names.isEmpty { return }
        let values = context.values(in: step)
        let map = step.expansion.rewrite == .mapLookup || step.expansion.rewrite == .tailCall ? map(at: step) : nil
        if let map, let lookup = map.lookup, lookup != RewriteTable.shared.rows[row].source {
            report("map-lookup-kind", "none", step, "the look-up is not the one of \(map.kind)")
        }
        for (number, name) in names.enumerated() {
            let value = values[number]
            func expect(_ wanted: Int64?, _ what: String) {
                guard let wanted, wanted != value else { return }
                let right = context.changing(number, to: wanted, in: step)
                report(
                    "\(step.expansion.rewrite.rawValue)-\(name.rawValue)", "none", step,
                    "\(what) is \(wanted), not \(value)", at: right?.slot)
                if let right { patchInsns[right.slot.position] = right.insn }
            }
            switch name {
            case .entries: expect(map?.entries, "the number of entries")
            case .mask:
                // The entries come first in each row.
                var size: Int64 = 1
                while size < values[0 + (names.firstIndex(of: .entries) ?? 0)] { size *= 2 }
                expect(size - 1, "the mask of the index")
            case .size:
                expect(map?.elementSize, "the size of an element")
                if value < 8 || value % 8 != 0 || value & (value - 1) == 0 { expect(8, "the size of an element") }
            case .shift:
                expect(map?.elementSize.map { Int64($0.trailingZeroBitCount) }, "the logarithm of the element size")
                if value < 3 || value > 31 { expect(3, "the logarithm of the element size") }
            case .elements where map?.kind == nil: continue
            case .values, .elements, .references, .cloned, .sockets, .userLimit:
                expect(offset(name) ?? shared(name, value), "the offset")
            case .percpu:
                let helper = unsafe context.insns[step.slot].imm
                let key: ChosenValue = helper == HelperNumber.processorID ? .percpu : .limit
                if helper == HelperNumber.processorID || helper == HelperNumber.currentTask {
                    expect(shared(key, value), "the per-cpu offset")
                }
            case .address:
                if step.expansion.rewrite != .kernelFunction {
                    expect(shared(step.expansion.rewrite == .jiffies ? .address : .structure, value), "the address")
                }
            case .flags:
                let allowed = AllocationFlags.allowed(
                    in: facts.version, isSleepable: isSleepable)
                if !allowed.contains(value) { expect(allowed.last, "the flags of the allocation") }
            case .verdict: expect(program.type == .skSKB ? 0 : 2, "the verdict of a packet that cannot be copied")
            case .objectSize: expect(objectSize(before: step.slot), "the size of the structure")
            case .nodeOffset where hasLocalStructures:
                expect(Int64(LocalStructure.nodeOffset), "the offset of the node")
            case .counter, .saved:
                findings += stack.note(
                    name, value, step, home: context.origins.input.subprogram(holding: step.slot),
                    input: context.origins.input, predictions, isTimed: names.count > 1 || isTimedStart(step))
            case .function:
                let insn = unsafe context.insns[step.slot]
                let isLoad = step.expansion.rewrite == .loadAbsolute
                let key = FunctionAddresses.internalKey(step.expansion.rewrite, isLoad ? insn.code & 0x18 : 0)
                let symbols = FunctionAddresses.symbols(step.expansion.rewrite, insn.code & 0x18)
                let name = "the kernel's function of \(step.expansion.rewrite.rawValue)"
                if let words = functions.note(key, value, name, symbols) {
                    report(words.name, "none", step, words.text)
                }
            default: continue
            }
        }
    }

    /// The offset of a kernel field by the kernel's own BTF; `nil` if it is unknown.
    private func offset(_ name: ChosenValue) -> Int64? {
        let fields = facts.layout.fields
        switch name {
        case .values: return fields["bpf_array.value"]
        // A key of 4 bytes takes 8.
        case .elements: return fields["htab_elem.key"].map { $0 + 8 }
        case .references:
            guard let node = fields["htab_elem.lru_node"], let bit = fields["bpf_lru_node.ref"] else { return nil }
            return node + bit
        case .cloned: return fields["sk_buff.__cloned_offset"]
        default: return nil
        }
    }

    /// Compares the first load of a context access with the kernel's field.
    private mutating func checkField(_ step: AlignmentStep) {
        let insn = unsafe context.insns[step.slot]
        let base = insn.code & Opcode.classMask == Opcode.loadClass ? insn.src : insn.dst
        if !context.certain.isRewritten(step.slot, through: base, insn.off) { return }
        let first = unsafe context.result[step.place + Int(step.expansion.lead)]
        if let text = FieldOffsets.difference(insn, program.type, facts.layout, first: first) {
            report("context-field", "none", step, text)
        }
    }

    /// The start of a timed counter takes two slots of the stack.
    private func isTimedStart(_ step: AlignmentStep) -> Bool { step.kind == .start && step.expansion.count == 2 }

    /// The first value of a kind in the program.
    private mutating func shared(_ name: ChosenValue, _ value: Int64) -> Int64 {
        if let known = common[name] { return known }
        common[name] = value
        return value
    }

    /// The size of the structure whose number is in `r1` at a call of `bpf_obj_new`; `nil` if it is unknown.
    private func objectSize(before call: InputIndex) -> Int64? {
        guard hasLocalStructures,
            case .number(let slot)? = context.origins.origin(of: Register.first, before: call, isStrict: true)
        else { return nil }
        return unsafe LocalStructure(rawValue: context.insns[slot].imm).map { Int64($0.size) }
    }

    /// True if the program may run where the kernel may sleep: the callbacks of work queues do.
    private var isSleepable: Bool {
        program.flags.contains(.sleepable)
            || program.kernelFunctions.contains {
                $0.hasPrefix("bpf_wq_set_callback") || $0.hasPrefix("bpf_task_work_schedule")
            }
    }

    // MARK: Maps

    /// A map of the program at a look-up.
    private struct Map {
        var kind: MapKind
        var entries: Int64 { Int64(kind.entries) }
        var elementSize: Int64? { kind.elementSize.map(Int64.init) }
        /// The function that inlines its look-up.
        var lookup: String? {
            switch kind {
            case .array, .singleArray, .timerArray, .kptrArray, .percpuKptrArray: RewriteRow.arrayMap
            case .percpuArray: "arraymap.c: percpu_array_map_gen_lookup"
            case .arrayOfMaps: "arraymap.c: array_of_map_gen_lookup"
            case .hash: RewriteRow.hashMap
            case .lruHash: "hashtab.c: htab_lru_map_gen_lookup"
            case .percpuHash: "hashtab.c: htab_percpu_map_gen_lookup"
            case .hashOfMaps: "hashtab.c: htab_of_map_gen_lookup"
            default: nil
            }
        }
    }

    /// The map at a look-up or tail call; `nil` if it is unknown.
    private func map(at step: AlignmentStep) -> Map? {
        let register = step.expansion.rewrite == .tailCall ? Register.second : Register.first
        if let kind = mapKind(in: register, before: step.slot) { return Map(kind: kind) }
        return nil
    }

    private func mapKind(in register: UInt8, before call: InputIndex) -> MapKind? {
        switch context.origins.origin(of: register, before: call, isStrict: true) {
        case .load(let slot):
            let insn = unsafe context.insns[slot]
            return insn.src == 5 ? MapKind(rawValue: insn.imm) : nil
        case .result(let slot):
            // A look-up in a map of maps.
            guard unsafe context.insns[slot].bits == Instruction.callHelper(HelperNumber.mapLookup).bits else {
                return nil
            }
            return mapKind(in: Register.first, before: slot)?.inner
        case .number, nil: return nil
        }
    }
}
