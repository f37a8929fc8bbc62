import BPF
import Foundation
import Fuzzing
import KernelModel
import KernelRewrites
import LinuxBPF

/// Loads programs into the running kernel, reads them back and checks the results.
///
/// It is made once and reused, in a process that may die.
final class KernelSession {
    /// The outcome of a load.
    enum Outcome {
        /// The program was not loaded, or cannot be read back.
        case refused(LoadRefusal)
        case checked(RewriteReport)
    }

    let kernel: RunningKernel
    private var checker: RewriteChecker
    private let injectedFault: InjectedKernelFault?
    private let progress: UnsafeTypedBuffer<Slot, UInt64>
    /// The kernel's log, for complaints about a load.
    let log = KernelLog()
    /// The process that ``log`` was last read in.
    private var reader: pid_t = 0
    /// The complaints about the last load or run.
    private(set) var complaints: [KernelComplaint] = []
    /// Called with each program before it is loaded.
    var willLoad: (LoadableProgram) -> Void = { _ in }

    /// The result of the last program, with an injected fault if there is one.
    private(set) var result = Program(insns: [], aux: [], subprograms: [])

    /// The programs that were read back, if the fault is injected once into each.
    private var injected: Set<[Instruction]> = []

    /// - Parameter progress: a word for the index of the running target plus 1: see ``KernelTarget/targets``
    /// - Throws: ``CampaignError`` if this process may not load programs
    init(facts: KernelFacts, injectedFault: InjectedKernelFault?, progress: UnsafeTypedBuffer<Slot, UInt64>)
        throws(CampaignError)
    {
        do throws(KernelError) { kernel = try RunningKernel() } catch { throw CampaignError(error.description) }
        checker = RewriteChecker(facts: facts)
        self.injectedFault = injectedFault
        self.progress = progress
        noteHarness()
    }

    /// Notes that the kernel is running, so the end of this process is attributed to it.
    func noteKernel() { unsafe progress[Slot(0)] = 1 }
    /// Notes that the harness is running.
    func noteHarness() { unsafe progress[Slot(0)] = 2 }

    /// Loads a program, and checks the result if it is accepted.
    ///
    /// - Parameter live: the slots that can be reached; `nil` to query the kernel
    /// - Complexity: O(slots) and the time of the verifier
    func run(_ program: LoadableProgram, live: [Bool]?) -> Outcome {
        let refusal = fetch(program)
        complaints = log.complaints(of: getpid())
        if let refusal { return .refused(refusal) }
        guard let live = live ?? seen(program) else {
            return .refused(LoadRefusal(code: 0, text: "the verifier's log cannot be read"))
        }
        return .checked(checker.check(program, live: live, result: result))
    }

    /// The outcome of a run.
    enum Execution {
        case returned(UInt32)
        /// The load failed a check, and the program was not run.
        case wrong(Finding)
        /// The kernel does not load the program, or does not run it.
        case notRun
    }

    /// Loads a program, checks it, and runs the same load if it passes every check.
    ///
    /// - Parameter live: the slots that can be reached; `nil` to query the kernel
    func execute(_ program: LoadableProgram, live: [Bool]?, data: [UInt8], repeat count: Int) -> Execution {
        begin(program)
        noteKernel()
        defer {
            noteHarness()
            complaints = log.complaints(of: getpid())
        }
        guard case .loaded(let loaded) = kernel.load(program), read(loaded, program) == nil else { return .notRun }
        noteHarness()
        guard let live = live ?? seen(program) else { return .notRun }
        if let finding = checker.check(program, live: live, result: result).allFindings.first { return .wrong(finding) }
        noteKernel()
        guard let value = try? kernel.run(loaded, data: data, repeat: count) else { return .notRun }
        return .returned(injectedFault?.injected(into: value, of: program) ?? value)
    }

    /// Loads a program and reads it back; returns the refusal if there is one.
    private func fetch(_ program: LoadableProgram) -> LoadRefusal? {
        begin(program)
        noteKernel()
        defer { noteHarness() }
        injectedFault?.endProcess(for: program)
        injectedFault?.complain(about: program)
        if let refusal = injectedFault?.refusal(of: program) { return refusal }
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
        if injectedFault == .once && !injected.insert(program.program.insns).inserted { return nil }
        injectedFault?.inject(into: &result, of: program)
        return nil
    }

    /// Reports a program that is about to be loaded. A forked child skips the records of the processes before it.
    private func begin(_ program: LoadableProgram) {
        willLoad(program)
        let process = getpid()
        if process == reader { return }
        reader = process
        log.skip()
    }

    /// For each slot of a program, true if the verifier saw it; `nil` without a log.
    ///
    /// - Parameter isRefused: true for a program that the kernel refuses after its verification
    func seen(_ program: LoadableProgram, isRefused: Bool = false) -> [Bool]? {
        noteKernel()
        defer { noteHarness() }
        do throws(KernelError) { return try kernel.seen(program, isRefused: isRefused) } catch {
            if error.isOfEnvironment { giveUp(error.description) }
            return nil
        }
    }

    /// Ends this process and its parent, for a reason that is no fault of a program.
    func giveUp(_ reason: String) -> Never {
        unsafe progress[Slot(0)] = SharedProgress.givenUp
        Output.note("error: \(reason)\n")
        _exit(1)
    }
}
