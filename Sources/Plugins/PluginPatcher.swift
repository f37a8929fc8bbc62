import BPF
import CBPFPatcher
import Glibc
import Patching

/// A plug-in as a patcher. It translates each pass to the C ABI and checks the answer before it becomes a result.
///
/// Once the buffers have grown, a pass allocates and maps no memory.
@safe
package final class PluginPatcher: ForeignPatcher {
    private let plugin: Plugin
    package let capabilities: PatcherCapabilities
    package let name: String
    package let kernel: KernelFunctions?
    private let options: Plugin.Options
    private let pluginCall = UncheckedBox(PluginCall())
    private let lastViolation = UncheckedBox<PatcherViolation?>(nil)
    private let failures = UncheckedBox<AllocationFailures?>(nil)
    private let function: PluginCall.Apply

    init(_ plugin: Plugin, options: Plugin.Options) {
        self.plugin = plugin
        self.options = options
        capabilities = plugin.description.capabilities
        name = plugin.description.name
        kernel = plugin.description.kernel
        unsafe function = plugin.apply
    }

    package func setFailures(_ failures: AllocationFailures?) { unsafe self.failures.value = failures }

    package func choose(_ pass: KernelPass) {
        guard let number = kernel?.passes.firstIndex(of: pass) else { return }
        plugin.choosePass?(UInt32(number))
    }

    package var violation: PatcherViolation? { unsafe lastViolation.value }

    package func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer
    ) -> PatchStatus {
        let hash = load(pass, input)
        let code = call(hash)
        let status = read(code)
        if status == .unusable { return status }
        if status == .accepted { unsafe pluginCall.value.copyResult(to: output, capabilities) }
        // The choice depends on the pass alone, so that a campaign finds the same for any number of jobs.
        if hash & 15 == 0 || options.runsEveryPassTwice { rerun(hash, code, output) }
        return status
    }

    package func apply(
        _ pass: PassImage, to input: ProgramImage<InputIndex>, into output: ProgramBuffer, clock: () -> Double
    ) -> (status: PatchStatus, seconds: Double) {
        let hash = load(pass, input)
        let start = clock()
        let code = call(hash)
        let seconds = clock() - start
        let status = read(code)
        if status == .accepted { unsafe pluginCall.value.copyResult(to: output, capabilities) }
        return (status, seconds)
    }

    /// Prepares the buffers for a call.
    @inline(__always)
    private func load(_ pass: PassImage, _ input: ProgramImage<InputIndex>) -> UInt64 {
        if unsafe lastViolation.value != nil { unsafe lastViolation.value = nil }
        let hash = unsafe pluginCall.value.load(pass, input)
        unsafe pluginCall.value.poison(with: .first)
        return hash
    }

    @inline(__always)
    private func call(_ hash: UInt64) -> Int32 {
        if let failures = unsafe failures.value {
            plugin.failAlloc?(failures.seed, failures.oneIn)
        } else if options.failAlloc > 0 {
            plugin.failAlloc?(hash, options.failAlloc)
        }
        return unsafe pluginCall.value.call(function)
    }

    /// Maps a return value to a status, after a check for wild writes.
    @inline(__always)
    private func read(_ code: Int32) -> PatchStatus {
        if let wildWrite = unsafe pluginCall.value.wildWrite(isAccepted: code == 0, capabilities) {
            unsafe lastViolation.value = wildWrite
            return .unusable
        }
        switch code {
        case 0: return .accepted
        case -EINVAL: return .einval
        case -ERANGE: return .erange
        default:
            unsafe lastViolation.value = violation(of: code)
            return .unusable
        }
    }

    /// The violation that a return value outside of the ABI reports.
    private func violation(of code: Int32) -> PatcherViolation {
        if code == -ENOMEM {
            return PatcherViolation(
                .otherError, "enomem", "the plug-in returned -ENOMEM, but a campaign never runs short of memory")
        }
        if let damage = kernel == nil ? nil : damage(code) { return damage }
        if code == -BPF_PATCHER_KERNEL_LEAKED && kernel != nil {
            return PatcherViolation(
                .damage, "leak", "a kernel function allocated memory that was not freed by the end of the pass")
        }
        let name = code < 0 && code > -4096 ? Self.errorName(-code) : nil
        let words = code > 0 ? "positive" : name?.lowercased() ?? "unknown"
        return PatcherViolation(
            .badStatus, words,
            "apply() returned \(code)\(name.map { ", -\($0)" } ?? ""), which is not 0, -EINVAL, -ERANGE or -ENOMEM"
        )
    }

    /// The violation of kernel functions that leave tables wrong, or `nil`. The plug-in says which table, where and how.
    private func damage(_ code: Int32) -> PatcherViolation? {
        let words: String
        let sentence: String
        let fault = plugin.fault
        switch -code {
        case BPF_PATCHER_KERNEL_DAMAGED:
            words = "damaged-by-failed-allocation"
            sentence = "an allocation failed, and a kernel function then left a changed program"
        case BPF_PATCHER_KERNEL_CHANGED:
            words = "damaged-by-refusal"
            sentence = "a kernel function refused a patch and left a changed program"
        case BPF_PATCHER_KERNEL_STALE:
            let table = fault.table.replacing("_", with: "-")
            words = table.isEmpty ? "stale-table" : "stale-table-\(table)"
            sentence = "a table of the kernel does not follow the program"
        default: return nil
        }
        return PatcherViolation(.damage, words, fault.sentence.isEmpty ? sentence : "\(sentence): \(fault.sentence)")
    }

    /// The name of an error number, like `ENOSPC`, or `nil`.
    ///
    /// The symbol is looked up at run time because Swift's module of the C library lacks it.
    ///
    /// - Source: strerrorname_np(3)
    private static func errorName(_ number: Int32) -> String? {
        typealias Function = @convention(c) (Int32) -> UnsafePointer<CChar>?
        guard let symbol = unsafe dlsym(nil, "strerrorname_np") else { return nil }
        return unsafe unsafeBitCast(symbol, to: Function.self)(number).map { unsafe String(cString: $0) }
    }

    /// Runs the same pass again with the other poison, and compares the two answers.
    @inline(never)
    private func rerun(_ hash: UInt64, _ first: Int32, _ output: ProgramBuffer) {
        unsafe pluginCall.value.poison(with: .second)
        let second = call(hash)
        if second != first {
            unsafe lastViolation.value = PatcherViolation(
                .unsteady, "status", "apply() returned \(first), then \(second) for the same pass")
            return
        }
        guard first == 0 else { return }
        if let wildWrite = unsafe pluginCall.value.wildWrite(isAccepted: true, capabilities) {
            unsafe lastViolation.value = wildWrite
            return
        }
        unsafe lastViolation.value = PatcherViolation.difference(
            between: output.image(), and: pluginCall.value.image(capabilities), for: capabilities)
    }
}

extension Plugin {
    /// Makes a patcher with its own buffers.
    package func makePatcher(options: Options = Options()) -> PluginPatcher { PluginPatcher(self, options: options) }
}
