import BPF
import CBPFPatcher
import Glibc
import Patching

/// A plug-in as a patcher: passes are written down in the form of the C ABI, and what comes back is looked at before it is
/// taken for a result.
///
/// Nothing is allocated, mapped or switched for a pass once the memory has grown.
@safe
public final class PluginPatcher: ForeignPatcher {
    /// The plug-in that it is made of.
    public let plugin: Plugin
    public let capabilities: PatcherCapabilities
    public let name: String
    public let kernel: KernelFunctions?
    private let options: Plugin.Options
    private let handover = UncheckedBox(Handover())
    private let lastMisconduct = UncheckedBox<PatcherMisconduct?>(nil)
    private let function: Handover.Apply

    init(_ plugin: Plugin, options: Plugin.Options) {
        self.plugin = plugin
        self.options = options
        capabilities = plugin.capabilities
        name = plugin.name
        kernel = plugin.kernel
        unsafe function = plugin.apply
    }

    public var misconduct: PatcherMisconduct? { unsafe lastMisconduct.value }

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let hash = load(pass, input)
        let code = call(hash)
        let status = read(code)
        if status == .unusable { return status }
        if status == .accepted { unsafe handover.value.copyResult(to: output, capabilities) }
        // Which passes are asked twice is a function of the pass, so that a campaign finds the same however it is run.
        if hash & 15 == 0 || options.checksEveryAnswer { askAgain(hash, code, output) }
        return status
    }

    public func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer, clock: () -> Double
    ) -> (status: PatchStatus, seconds: Double) {
        let hash = load(pass, input)
        let start = clock()
        let code = call(hash)
        let seconds = clock() - start
        let status = read(code)
        if status == .accepted { unsafe handover.value.copyResult(to: output, capabilities) }
        return (status, seconds)
    }

    /// Writes a pass down and makes everything ready for the call.
    @inline(__always)
    private func load(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> UInt64 {
        if unsafe lastMisconduct.value != nil { unsafe lastMisconduct.value = nil }
        let hash = unsafe handover.value.load(pass, input)
        unsafe handover.value.spoil(.first)
        return hash
    }

    @inline(__always)
    private func call(_ hash: UInt64) -> Int32 {
        if options.failAlloc > 0 { plugin.failAlloc?(hash, options.failAlloc) }
        return unsafe handover.value.call(function)
    }

    /// What the plug-in says, once it is known what it has written.
    @inline(__always)
    private func read(_ code: Int32) -> PatchStatus {
        if let wildWrite = unsafe handover.value.wildWrite(isAccepted: code == 0, capabilities) {
            unsafe lastMisconduct.value = wildWrite
            return .unusable
        }
        switch code {
        case 0: return .accepted
        case -EINVAL: return .einval
        case -ERANGE: return .erange
        default:
            unsafe lastMisconduct.value = misconduct(of: code)
            return .unusable
        }
    }

    /// What is wrong with a return value that is no answer.
    private func misconduct(of code: Int32) -> PatcherMisconduct {
        if code == -ENOMEM {
            return PatcherMisconduct(
                .otherError, "enomem", "the plug-in says ENOMEM, but no memory is short in a campaign")
        }
        if code == -BPF_PATCHER_KERNEL_DAMAGED && kernel != nil {
            return PatcherMisconduct(
                .damage, "damaged-by-failed-allocation",
                "an allocation failed, and a function of the kernel then left another program than it was given")
        }
        if code == -BPF_PATCHER_KERNEL_STALE && kernel != nil {
            return PatcherMisconduct(
                .damage, "stale-table",
                "poke descriptors or instruction arrays, which are no part of the result, did not follow the program")
        }
        if code == -BPF_PATCHER_KERNEL_LEAKED && kernel != nil {
            return PatcherMisconduct(
                .damage, "leak", "a function of the kernel allocated memory that nobody freed before the pass was over")
        }
        let name = code < 0 && code > -4096 ? CLibrary.name(ofError: -code) : nil
        let words = code > 0 ? "positive" : name?.lowercased() ?? "unknown"
        return PatcherMisconduct(
            .badStatus, words,
            "apply() returned \(code)\(name.map { ", -\($0)" } ?? ""), which is none of 0, -EINVAL, -ERANGE and -ENOMEM"
        )
    }

    /// Asks for the same pass once more, with other garbage where the result goes.
    @inline(never)
    private func askAgain(_ hash: UInt64, _ first: Int32, _ output: ProgramBuffer) {
        unsafe handover.value.spoil(.second)
        let second = call(hash)
        if second != first {
            unsafe lastMisconduct.value = PatcherMisconduct(
                .unsteady, "status", "apply() returned \(first), and \(second) for the same pass again")
            return
        }
        guard first == 0 else { return }
        if let wildWrite = unsafe handover.value.wildWrite(isAccepted: true, capabilities) {
            unsafe lastMisconduct.value = wildWrite
            return
        }
        unsafe lastMisconduct.value = PatcherMisconduct.difference(
            between: output.image(), and: handover.value.image(capabilities), for: capabilities)
    }
}

extension Plugin {
    /// Makes a patcher with memory of its own.
    public func makePatcher(options: Options = Options()) -> PluginPatcher { PluginPatcher(self, options: options) }
}
