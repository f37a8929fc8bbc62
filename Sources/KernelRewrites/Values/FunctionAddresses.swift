import BPF
import Fuzzing
import KernelModel
import Patching

/// A call of a helper or kernel function in the result.
struct PlacedCall: BitwiseCopyable {
    var slot: InputIndex
    var place: OutputIndex
    /// The address in the call; `nil` if it was inlined.
    var address: Int32?
}

/// The addresses of the functions that one program calls: each function has one, and no other function has it.
///
/// Rule ``KernelRule/chosenValues``.
struct FunctionAddresses {
    /// False if the kernel hides addresses.
    let areShown: Bool
    /// The addresses by name, as far as the kernel says.
    let layout: KernelLayout
    private var inlining: [Int32: Bool] = [:]
    private var addresses: [Int64: Int64] = [:]
    private var owners: [Int64: Int64] = [:]

    init(areShown: Bool, _ layout: KernelLayout) {
        self.areShown = areShown
        self.layout = layout
    }

    /// The key of a function of the kernel's own, which an expansion calls.
    static func internalKey(_ rewrite: Rewrite, _ variant: UInt8) -> Int64 {
        2 << 32 | Int64(rewrite.number) << 8 | Int64(variant)
    }

    /// The kernel functions that an expansion may call; empty if they are not known.
    static func symbols(_ rewrite: Rewrite, _ variant: UInt8) -> [String] {
        switch rewrite {
        case .mayGoto: ["arch_bpf_timed_may_goto"]
        case .mapLookup: ["__htab_map_lookup_elem"]
        case .prologue: ["bpf_skb_pull_data", "sk_skb_pull_data"]
        case .loadAbsolute:
            switch MemorySize(rawValue: variant) {
            case .byte: ["bpf_skb_load_helper_8_no_cache"]
            case .half: ["bpf_skb_load_helper_16_no_cache"]
            default: ["bpf_skb_load_helper_32_no_cache"]
            }
        default: []
        }
    }

    /// True for a helper whose function depends on nothing but the program type, and that shares it with no other.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`
    private static func hasOneFunction(_ helper: Int32) -> Bool {
        switch helper {
        case 4...8, 14...16, 42, 112...115, 125, 160, 208: true
        default: false
        }
    }

    /// True for a helper that is inlined everywhere or nowhere.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `verifier_inlines_helper_call` and `do_misc_fixups`
    private static func isInlinedAlike(_ helper: Int32) -> Bool {
        switch helper {
        case HelperNumber.processorID, HelperNumber.currentTask, HelperNumber.currentTaskBTF, HelperNumber.jiffies,
            HelperNumber.kptrExchange:
            true
        default: false
        }
    }

    /// Notes a call; returns the difference to the calls before it.
    mutating func note(
        _ insn: Instruction, _ address: Int32?, kernelFunctions: [String]
    ) -> (name: String, text: String)? {
        if insn.src == Opcode.pseudoKernelFunction {
            let name = kernelFunctions.indices.contains(Int(insn.imm)) ? kernelFunctions[Int(insn.imm)] : "\(insn.imm)"
            // A read-only packet makes another function of this one.
            let symbols = name.hasPrefix("bpf_dynptr_from_") ? [] : [name]
            // A program may list a function more than once.
            let number = kernelFunctions.firstIndex(of: name) ?? Int(insn.imm)
            return address.flatMap { note(1 << 32 | Int64(number), Int64($0), name, symbols) }
        }
        let helper = insn.imm
        if Self.isInlinedAlike(helper) {
            let wasInlined = inlining[helper] ?? (address == nil)
            inlining[helper] = wasInlined
            if wasInlined != (address == nil) {
                return ("helper-inlining", "helper \(helper) is \(wasInlined ? "called" : "inlined"), unlike before")
            }
        }
        guard Self.hasOneFunction(helper) || KernelLayout.functionsOfHelpers[helper] != nil, let address else {
            return nil
        }
        let symbols = KernelLayout.functionsOfHelpers[helper].map { [$0] } ?? []
        return note(Int64(helper), Int64(address), "helper \(helper)", symbols)
    }

    /// Notes the address of a function by its key.
    ///
    /// - Parameter symbols: the kernel functions that it may be; empty if they are not known
    mutating func note(
        _ key: Int64, _ address: Int64, _ name: String, _ symbols: [String]
    ) -> (name: String, text: String)? {
        if !areShown { return nil }
        let wanted = symbols.compactMap { layout.functions[$0] }
        if !wanted.isEmpty && !wanted.contains(address) {
            return ("helper-address", "\(name) is called at \(address), and \(symbols[0]) is at \(wanted[0])")
        }
        let known = addresses[key] ?? address
        let owner = owners[address] ?? key
        addresses[key] = known
        owners[address] = owner
        if known == address && owner == key { return nil }
        let other = known != address ? "and at \(known) before" : "the address of another function"
        return ("helper-address", "\(name) is called at \(address), \(other)")
    }
}
