import BPF
import CBPFPatcher
import Glibc
import Patching

/// A plug-in of a kernel tree as a patcher, in the tests' own process.
///
/// A pass outside of the kernel's contract goes to the built-in array instead, and is counted.
@safe
final class KernelPluginPatcher: Patcher {
    let name = "kernel-plugin"
    let capabilities = PatcherCapabilities.everything.subtracting(.refuses).union(.stepwise)
    /// How many passes the plug-in was given, and how many not.
    private(set) var asked = 0
    private(set) var spared = 0
    /// One allocation in so many fails.
    var failOneIn: UInt32 = 0
    /// What it said that no patcher says.
    private(set) var oddities: [Int32] = []

    private var calls: UInt64 = 0
    private let patcher: bpf_patcher
    let kernel: bpf_patcher_kernel
    private let contract: KernelContract
    private let standIn = BuiltInPatchers.kernelArray.make()
    private var edits: [bpf_patcher_edit] = unsafe []

    /// Loads a plug-in, or gives `nil` with the reason printed.
    init?(path: String) {
        guard let handle = unsafe dlopen(path, RTLD_NOW | RTLD_LOCAL) else {
            unsafe print(String(cString: dlerror()))
            return nil
        }
        guard let first = unsafe dlsym(handle, "bpf_patcher_v1"),
            let second = unsafe dlsym(handle, "bpf_patcher_kernel_v1")
        else { return nil }
        typealias First = @convention(c) () -> UnsafePointer<bpf_patcher>?
        typealias Second = @convention(c) () -> UnsafePointer<bpf_patcher_kernel>?
        guard let patcher = unsafe unsafeBitCast(first, to: First.self)(),
            let kernel = unsafe unsafeBitCast(second, to: Second.self)()
        else { return nil }
        unsafe self.patcher = patcher.pointee
        unsafe self.kernel = kernel.pointee
        contract = unsafe KernelContract(
            maxSubprograms: Int(kernel.pointee.max_subprogs),
            knowsSkip: patcher.pointee.caps & UInt32(BPF_PATCHER_SKIP_JUMPS.rawValue) != 0,
            knowsGotol: kernel.pointee.limits & UInt32(BPF_PATCHER_KERNEL_NO_GOTOL.rawValue) == 0,
            knowsGotox: kernel.pointee.limits & UInt32(BPF_PATCHER_KERNEL_NO_GOTOX.rawValue) == 0)
    }

    /// What it calls itself.
    var pluginName: String { unsafe String(cString: patcher.name) }
    var release: String { unsafe String(cString: kernel.release) }
    var claims: UInt32 { unsafe patcher.caps }
    var failedAllocations: UInt64 { unsafe kernel.failed_allocs() }

    func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer) -> PatchStatus {
        guard contract.isKept(by: pass, on: input) else {
            spared += 1
            return standIn.apply(pass, to: input, into: output)
        }
        asked += 1
        return call(pass, input, output)
    }

    /// Gives it one pass, whatever the contract says.
    func call(_ pass: PassImage, _ input: ProgramImage<InputIndex>, _ output: ProgramBuffer) -> PatchStatus {
        calls += 1
        load(pass)
        let room = input.insnCount + (0..<pass.editCount).reduce(0) { $0 + Int(pass.edits[TableIndex($1)].patchCount) }
        output.reserve(insns: room + 1, subprograms: input.subprogramCount + 1, lines: input.lineCount + 1)
        let result: ProgramImage<OutputIndex> = output.image()
        var from = unsafe image(input)
        var to = unsafe image(result)
        unsafe to.insn_cap = UInt32(room)
        unsafe to.subprog_cap = UInt32(input.subprogramCount)
        unsafe to.line_cap = UInt32(input.lineCount)
        if failOneIn > 0 { unsafe kernel.fail_alloc(calls, failOneIn) }
        let status = unsafe edits.withUnsafeBufferPointer { rows in
            unsafe patcher.apply(&from, rows.baseAddress, UInt32(pass.editCount), &to)
        }
        switch status {
        case 0:
            output.insnCount = unsafe Int(to.insn_cnt)
            output.subprogramCount = unsafe Int(to.subprog_cnt)
            output.lineCount = unsafe Int(to.line_cnt)
            return .accepted
        case -ERANGE: return .erange
        default:
            if status != -EINVAL { oddities.append(status) }
            return .einval
        }
    }

    private func load(_ pass: PassImage) {
        unsafe edits.removeAll(keepingCapacity: true)
        for number in 0..<pass.editCount {
            let edit = pass.edits[TableIndex(number)]
            let patch = pass.patch(of: edit)
            let refs = pass.refs.suffix(from: edit.refStart, as: TableIndex.self)
            unsafe edits.append(
                bpf_patcher_edit(
                    off: edit.off.rawValue, remove_cnt: edit.remove,
                    patch: UnsafeRawPointer(patch.baseAddress).assumingMemoryBound(to: bpf_insn.self),
                    patch_len: edit.patchCount, keep: edit.keep,
                    refs: UnsafeRawPointer(refs.baseAddress).assumingMemoryBound(to: bpf_patcher_ref.self),
                    ref_cnt: edit.refCount, flags: edit.skip ? UInt32(BPF_PATCHER_JUMPS_SKIP.rawValue) : 0))
        }
    }

    private func image<Index>(_ program: ProgramImage<Index>) -> bpf_patcher_image {
        var image = unsafe bpf_patcher_image()
        unsafe image.insns = UnsafeMutableRawPointer(program.insns.baseAddress).assumingMemoryBound(to: bpf_insn.self)
        unsafe image.aux = program.aux.baseAddress
        unsafe image.insn_cnt = UInt32(program.insnCount)
        unsafe image.subprogs = UnsafeMutableRawPointer(program.subprograms.baseAddress)
            .assumingMemoryBound(to: bpf_patcher_subprog.self)
        unsafe image.subprog_cnt = UInt32(program.subprogramCount)
        unsafe image.lines = UnsafeMutableRawPointer(program.lines.baseAddress)
            .assumingMemoryBound(to: bpf_patcher_line.self)
        unsafe image.line_cnt = UInt32(program.lineCount)
        return unsafe image
    }
}
