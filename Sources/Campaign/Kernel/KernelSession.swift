import BPF
import Foundation
import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF

/// Loads programs into the running kernel, reads them back and has what came back checked.
///
/// Made once and reused; for use in a process that may be lost.
final class KernelSession {
    /// What became of a program.
    enum Outcome {
        /// It was not loaded, or cannot be read back.
        case refused(LoadRefusal)
        case checked(RewriteReport)
    }

    let kernel: RunningKernel
    private var checker: RewriteChecker
    private let plant: InjectedKernelFault?
    private let progress: UnsafeTypedBuffer<Slot, UInt64>
    /// What the last program came back as, spoiled if that is asked for.
    private(set) var result = Program(insns: [], aux: [], subprograms: [])

    /// The programs that were read back, where each is spoiled once.
    private var spoiled: Set<[Instruction]> = []

    /// - Parameter progress: a word for the number of the target that is at work, plus 1: see ``KernelTarget/targets``
    /// - Throws: ``CampaignError`` when this process may not load programs
    init(facts: KernelFacts, plant: InjectedKernelFault?, progress: UnsafeTypedBuffer<Slot, UInt64>)
        throws(CampaignError)
    {
        do throws(KernelError) { kernel = try RunningKernel() } catch { throw CampaignError(error.description) }
        checker = RewriteChecker(facts: facts)
        self.plant = plant
        self.progress = progress
        noteHarness()
    }

    /// Notes that the kernel is at work, and is to blame if this process ends.
    func noteKernel() { unsafe progress[Slot(0)] = 1 }
    /// Notes that the harness is at work.
    func noteHarness() { unsafe progress[Slot(0)] = 2 }

    /// Loads a program, and checks it if it is accepted.
    ///
    /// - Parameter live: what instructions can be reached, a value a slot; `nil` to ask the kernel
    /// - Complexity: O(slots), and what the verifier takes
    func run(_ program: LoadableProgram, live: [Bool]?) -> Outcome {
        if let refusal = fetch(program) { return .refused(refusal) }
        guard let live = live ?? seen(program) else {
            return .refused(LoadRefusal(code: 0, text: "the verifier's log cannot be read"))
        }
        return .checked(checker.check(program, live: live, result: result))
    }

    /// What came of a program that was to be run.
    enum Execution {
        case returned(UInt32)
        /// It did not pass every check, and was not run.
        case wrong(Finding)
        /// The kernel does not load it, or not run it.
        case notRun
    }

    /// Loads a program, checks it, and runs it when it passes every check: what runs is the very load that was checked.
    ///
    /// - Parameter live: the slots that can be reached; `nil` to query the kernel
    func execute(_ program: LoadableProgram, live: [Bool]?, data: [UInt8], repeat count: Int) -> Execution {
        noteKernel()
        defer { noteHarness() }
        guard case .loaded(let loaded) = kernel.load(program), read(loaded, program) == nil else { return .notRun }
        noteHarness()
        guard let live = live ?? seen(program) else { return .notRun }
        if let finding = checker.check(program, live: live, result: result).allFindings.first { return .wrong(finding) }
        noteKernel()
        guard let value = try? kernel.run(loaded, data: data, repeat: count) else { return .notRun }
        return .returned(plant?.spoil(value, of: program) ?? value)
    }

    /// Loads a program and reads it back; a refusal when it cannot.
    private func fetch(_ program: LoadableProgram) -> LoadRefusal? {
        noteKernel()
        defer { noteHarness() }
        plant?.endProcess(for: program)
        switch kernel.load(program) {
        case .refused(let refusal):
            if refusal.isOfEnvironment { giveUp(refusal.text) }
            return refusal
        case .loaded(let loaded): return read(loaded, program)
        }
    }

    private func read(_ loaded: borrowing LoadedProgram, _ program: LoadableProgram) -> LoadRefusal? {
        do throws(KernelError) { try kernel.read(loaded, into: &result) } catch {
            if error.isOfEnvironment { giveUp(error.description) }
            return LoadRefusal(error)
        }
        if plant == .once && !spoiled.insert(program.program.insns).inserted { return nil }
        plant?.spoil(&result, of: program)
        return nil
    }

    private func seen(_ program: LoadableProgram) -> [Bool]? {
        noteKernel()
        defer { noteHarness() }
        do throws(KernelError) { return try kernel.seen(program) } catch {
            if error.isOfEnvironment { giveUp(error.description) }
            return nil
        }
    }

    /// Ends this process, and the one that watches it, for a reason that says nothing of any program.
    private func giveUp(_ reason: String) -> Never {
        unsafe progress[Slot(0)] = SharedProgress.givenUp
        Output.note("error: \(reason)\n")
        _exit(1)
    }
}
