import BPF
import Patching

extension PatcherComparison {
    /// A patcher and the memory for its result.
    struct Lane: ~Copyable {
        let patcher: any Patcher
        /// What it can do.
        let capabilities: PatcherCapabilities
        /// It is not given a pass that demands any of these.
        let spares: PatcherCapabilities
        /// The kernel whose functions it is made of, or `nil`.
        let kernel: KernelFunctions?
        let output: ProgramBuffer
        /// Where the same patcher stands among those that carry a whole script on one form of the program.
        let script: Int?

        init(_ patcher: any Patcher, output: ProgramBuffer, script: Int?, beyondContract: Bool) {
            self.patcher = patcher
            self.output = output
            self.script = script
            capabilities = patcher.capabilities
            kernel = (patcher as? any ForeignPatcher)?.kernel
            var spares = PatcherCapabilities.everything.subtracting(capabilities)
            // What a prefix of the edits leaves dangling is demanded of stepwise patchers only, and none can do it.
            if capabilities.contains(.stepwise) { spares.insert(.stepwise) }
            if kernel != nil {
                // Whoever goes beyond the contract wants to see what the functions make of dangling jumps as well.
                if beyondContract {
                    spares.subtract([.deadTarget, .refuses, .stepwise])
                } else {
                    spares.insert(.outsideContract)
                }
            }
            self.spares = spares
        }

        /// Whether it adjusts jumps after every single edit.
        var isStepwise: Bool { capabilities.contains(.stepwise) }

        @inline(__always)
        borrowing func apply(_ pass: PassImage, to input: ProgramImage<InputIndex>) -> PatchStatus {
            patcher.apply(pass, to: input, into: output)
        }

        @inline(__always)
        borrowing func isIdentical(to program: ProgramImage<OutputIndex>) -> Bool {
            output.image(as: OutputIndex.self).isIdentical(to: program)
        }

        /// Fills in the parts that it leaves out, which are not looked at.
        @inline(__always)
        borrowing func complete(from expected: ProgramImage<OutputIndex>) {
            let parts: PatcherCapabilities = [.aux, .subprograms, .lines]
            if spares.rawValue & parts.rawValue != 0 { output.complete(capabilities, from: expected) }
        }
    }

    /// A patcher from outside, and its number among all; in a row of its own, for the reason below.
    struct ForeignLane: ~Copyable {
        let patcher: any ForeignPatcher
        let number: Int

        @inline(__always)
        var misconduct: PatcherViolation? { patcher.misconduct }
    }

    /// A patcher that carries a whole script.
    ///
    /// In a row of its own, since a reference out of an optional is counted whenever it is used; and each use is a
    /// look at the row, since one that lasts over two calls is counted as well.
    struct ScriptLane: ~Copyable {
        let patcher: any ScriptPatcher
        let output: ProgramBuffer
        /// Its number among all.
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
    /// Demanded by a pass that breaks a clause of the kernel's contract; no capability of anyone.
    static var outsideContract: PatcherCapabilities { PatcherCapabilities(rawValue: 1 << 31) }
}
