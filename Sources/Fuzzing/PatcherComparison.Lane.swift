import BPF
import Patching

extension PatcherComparison {
    /// A patcher and the memory for its result.
    struct Lane: ~Copyable {
        let patcher: any Patcher
        /// The capabilities of the patcher.
        let capabilities: PatcherCapabilities
        /// The demands for which it skips a pass.
        let unsupported: PatcherCapabilities
        /// The kernel whose functions it is built from, or `nil`.
        let kernel: KernelFunctions?
        /// The same patcher if it runs passes of the kernel, or `nil`.
        let passRunner: (any ForeignPatcher)?
        let output: ProgramBuffer
        /// Its index in `scripts`, if it is a ``ScriptPatcher``.
        let script: Int?

        init(_ patcher: any Patcher, output: ProgramBuffer, script: Int?, beyondContract: Bool) {
            self.patcher = patcher
            self.output = output
            self.script = script
            capabilities = patcher.capabilities
            let foreign = patcher as? any ForeignPatcher
            kernel = foreign?.kernel
            passRunner = kernel?.passes.isEmpty == false ? foreign : nil
            var unsupported = PatcherCapabilities.everything.subtracting(capabilities)
            // Only stepwise patchers see prefixes of the edits, and none supports a dangling one.
            if capabilities.contains(.stepwise) && passRunner == nil { unsupported.insert(.stepwise) }
            if kernel != nil && passRunner == nil {
                // Beyond the contract, the functions also get dangling jumps.
                if beyondContract {
                    unsupported.subtract([.deadTarget, .refuses, .stepwise])
                } else {
                    unsupported.insert(.outsideContract)
                }
            }
            self.unsupported = unsupported
        }

        /// True if it adjusts jumps after each edit.
        var isStepwise: Bool { capabilities.contains(.stepwise) }

        @inline(__always)
        borrowing func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>) -> PatchStatus {
            patcher.apply(pass, to: input, into: output)
        }

        @inline(__always)
        borrowing func isIdentical(to program: ProgramImage<OutputIndex>) -> Bool {
            output.image(as: OutputIndex.self).isIdentical(to: program)
        }

        /// Fills in the parts that it leaves out, which are not compared.
        @inline(__always)
        borrowing func complete(from expected: ProgramImage<OutputIndex>) {
            let parts: PatcherCapabilities = [.aux, .subprograms, .lines]
            if unsupported.rawValue & parts.rawValue != 0 { output.complete(capabilities, from: expected) }
        }
    }

    /// A foreign patcher and its index among all patchers. A separate lane for the same reason as ``ScriptLane``.
    struct ForeignLane: ~Copyable {
        let patcher: any ForeignPatcher
        let number: Int

        @inline(__always)
        var violation: PatcherViolation? { patcher.violation }
        func setFailures(_ failures: AllocationFailures?) { patcher.setFailures(failures) }
    }

    /// A patcher that carries out a whole script.
    ///
    /// A separate lane, since each use of an optional reference would retain it. A reference that is held over two
    /// calls would be retained as well, so each use reads the lane again.
    struct ScriptLane: ~Copyable {
        let patcher: any ScriptPatcher
        let output: ProgramBuffer
        /// Its index among all patchers.
        let number: Int

        @inline(__always)
        borrowing func begin(_ input: ProgramImage<InputIndex>) { patcher.begin(input) }

        @inline(__always)
        borrowing func apply(_ pass: PassImage) -> PatchStatus { patcher.apply(pass) }

        @inline(__always)
        borrowing func finish() -> PatchStatus { patcher.finish(into: output) }
    }
}

extension PatcherCapabilities {
    /// The demand of a pass beyond the kernel's contract; no patcher has it as a capability.
    static var outsideContract: PatcherCapabilities { PatcherCapabilities(rawValue: 1 << 31) }
    /// The demand of edits that no pass of a kernel makes which the patcher is built from; no patcher has it.
    static var otherPass: PatcherCapabilities { PatcherCapabilities(rawValue: 1 << 30) }
}
