import BPF
import CProcess
import Foundation
import Synchronization
import SystemPackage
import UserFiles

/// Does work in a child that may be lost, and starts another one from the same state when it is.
///
/// A child costs a fraction of a millisecond, because everything that is slow to set up was set up before: AFL's fork
/// server. It is watched from here: a case that takes too long or too much memory ends it.
struct ForkServer {
    let board: SharedProgress
    /// Which of the board's workers this is.
    let number: Int
    let budget: CaseBudget
    /// What children write on standard output and standard error.
    let errors: ChildErrors
    /// Where children write what they crashed of, if somebody wants to know.
    private let note: CrashNote?
    /// Where a sanitizer writes its reports, with the number of the process behind it, or `nil`.
    private let reports = SanitizerReports.prefix

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - number: which of the board's workers it is
    ///   - keepsErrors: whether what a child has written is put into a ``ChildExit``, or thrown away
    init(board: SharedProgress, number: Int, budget: CaseBudget, keepsErrors: Bool) {
        self.board = board
        self.number = number
        self.budget = budget
        errors = ChildErrors(isKept: keepsErrors)
        note = keepsErrors ? CrashNote() : nil
    }

    /// The number of the child that this process is, or 0.
    private static let child = Atomic<pid_t>(0)

    /// Ends this process if a patcher has made it of a child: two that do the same work would both report it.
    static func endCopy() {
        let own = child.load(ordering: .relaxed)
        if own != 0 && own != getpid() { _exit(0) }
    }

    /// How often a child is looked at.
    ///
    /// - Units: seconds
    private static let tick = 0.02

    /// How much memory one case takes that would take all there is, if it had the time.
    ///
    /// - Units: bytes
    private static let endless: UInt64 = 256 << 20

    /// Does the work until a child comes to its end by itself.
    ///
    /// The calling process has one thread. It ends when the process that started it does, and its child with it.
    ///
    /// - Parameter died: is told of each child that did not come to its end
    func run(_ work: () -> Void, died: (ChildExit) -> Void) {
        _ = process_leave_no_core()
        _ = process_adopt_orphans()
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGCHLD)
        unsafe sigprocmask(SIG_BLOCK, &signals, nil)
        while true {
            board.beginChild(ofWorker: number)
            note?.clear()
            let server = getpid()
            let child = process_fork()
            if child == 0 {
                _ = process_die_with_parent(SIGKILL)
                if getppid() != server { _exit(0) }
                Self.child.store(getpid(), ordering: .relaxed)
                unsafe sigprocmask(SIG_UNBLOCK, &signals, nil)
                errors.takeOver()
                Fault.watch(
                    board.faultWord(ofWorker: number), place: board.faultPlaceWord(ofWorker: number), note: note)
                work()
                board.noteDone(worker: number)
                _exit(0)
            }
            if child < 0 {
                Output.note("error: a worker cannot be forked: \(Errno.last.reason)\n")
                _exit(1)
            }
            let end = watch(child, &signals)
            endStrays()
            guard let end else {
                if let text = errors.take() { Output.note(text + "\n") }
                return
            }
            let (place, frames) = note?.read() ?? (nil, [])
            let words = [frames.joined(separator: "\n"), errors.take() ?? ""].filter { !$0.isEmpty }
            unsafe died(
                ChildExit(
                    cause: end.cause, patcher: board.patcher(ofWorker: number),
                    index: board.position(ofWorker: number).index,
                    report: end.report ?? (words.isEmpty ? nil : words.joined(separator: "\n")),
                    place: FaultPlace(word: board.faultPlaceWord(ofWorker: number)[Slot(0)]).text(file: place),
                    isBusy: end.isBusy))
        }
    }

    /// Ends what a patcher has left running: the others of the group that this process leads, and its orphans.
    private func endStrays() {
        if getpgrp() == getpid() {
            let before = signal(SIGTERM, SIG_IGN)
            kill(0, SIGTERM)
            signal(SIGTERM, before)
        }
        // Orphans may be in groups of their own. Each round ends the parents of those that the next one finds.
        for _ in 0..<Self.mostRounds {
            let found = waitpid(-1, nil, WNOHANG)
            if found > 0 { continue }
            if found < 0 && errno == ECHILD { return }
            for child in ChildProcesses.all { kill(child, SIGKILL) }
            usleep(1000)
        }
    }

    /// How often orphans are looked for; what makes processes faster than they are ended is left.
    private static let mostRounds = 1000

    /// The end of a child that did not come to its end by itself.
    private struct End {
        var cause: ChildExit.Cause
        /// What a sanitizer wrote.
        var report: String?
        /// See ``ChildExit/isBusy``.
        var isBusy = false
    }

    /// Waits for a child and says why it ended; `nil` when it came to its end by itself.
    private func watch(_ child: pid_t, _ signals: inout sigset_t) -> End? {
        let memory = MemoryGauge(process: child)
        let processor = ProcessorGauge(process: child)
        let start = memory.held
        let allowed = budget.memory.map { start + $0 << 20 }
        // What was held when the case began that is being run.
        var before = start
        var pause = timespec(tv_sec: 0, tv_nsec: Int(ForkServer.tick * 1e9))
        var late = (index: UInt64.max, since: DispatchTime.now().uptimeNanoseconds)
        var used = processor.used
        var isBusy = false
        var verdict: ChildExit.Cause?
        while true {
            _ = unsafe sigtimedwait(&signals, nil, &pause)
            var status: Int32 = 0
            if unsafe waitpid(child, &status, WNOHANG) == child {
                if board.isDone(worker: number) { return nil }
                if board.isFull(worker: number) { return End(cause: .leak) }
                if board.isCut(worker: number) { return End(cause: .descriptor) }
                // It has said why.
                if board.hasGivenUp(worker: number) { _exit(1) }
                let report = takeReport(of: child)
                return End(
                    cause: verdict ?? cause(ofStatus: status, hasReport: report != nil), report: report,
                    isBusy: isBusy)
            }
            if isAbandoned() {
                kill(child, SIGKILL)
                waitpid(child, nil, 0)
                endStrays()
                _exit(0)
            }
            if verdict != nil { continue }
            let now = DispatchTime.now().uptimeNanoseconds
            let index = board.position(ofWorker: number).index
            if !board.isBusy(worker: number) || late.index != index {
                late = (board.isBusy(worker: number) ? index : UInt64.max, now)
                board.note(start: now, worker: number)
                before = memory.held
                used = processor.used
            } else if Double(now - late.since) > budget.timeout * 1e9 {
                let taken = max(memory.held, before) - before
                isBusy = processor.used - used > budget.timeout / 4
                verdict =
                    taken > Self.endless
                    ? .memory(taken: taken >> 20, timeout: budget.timeout) : .hang(timeout: budget.timeout)
            }
            if let allowed {
                let held = memory.held
                let isOfCase = held > before && held - before > (allowed - start) / 2
                if held > allowed { verdict = isOfCase ? .memory(taken: nil, timeout: budget.timeout) : .leak }
            }
            if verdict != nil { kill(child, SIGKILL) }
        }
    }

    private func cause(ofStatus status: Int32, hasReport: Bool) -> ChildExit.Cause {
        let fault = unsafe Fault(word: board.faultWord(ofWorker: number)[Slot(0)])
        // What the memory of a plug-in says is more than a sanitizer knows of it.
        if case .plugin = fault { return .signal(SIGSEGV, fault) }
        if hasReport { return .sanitizer }
        let signal = status & 0x7f
        if signal == 0 { return .exit(status >> 8 & 0xff) }
        if signal == SIGKILL || signal == SIGTERM || signal == SIGINT { return .outside(signal) }
        return .signal(signal, fault)
    }

    /// What a sanitizer wrote about a child; it is taken off the disk.
    private func takeReport(of child: pid_t) -> String? {
        guard let reports else { return nil }
        let path = "\(reports).\(child)"
        defer { try? SystemCall.unlink(path) }
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        return text.map(SanitizerReports.condensed)
    }

    /// Whether the process that started this one is gone, and its end of standard input with it.
    private func isAbandoned() -> Bool {
        var leash = [pollfd(fd: STDIN_FILENO, events: 0, revents: 0)]
        let hasEvent = (try? SystemCall.wait(for: &leash, within: 0)) == true
        return hasEvent && leash[0].revents & Int16(POLLHUP | POLLERR) != 0
    }
}

/// How long the threads of a process have kept processors busy.
struct ProcessorGauge {
    private let clock: clockid_t?

    init(process: pid_t) {
        var clock = clockid_t()
        self.clock = unsafe clock_getcpuclockid(process, &clock) == 0 ? clock : nil
    }

    /// 0 when that is not known, as of a process that has ended.
    ///
    /// - Units: seconds
    var used: Double {
        var time = timespec()
        guard let clock, unsafe clock_gettime(clock, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// How much memory a process holds.
struct MemoryGauge {
    private let path: String
    private static let page = UInt64(sysconf(Int32(_SC_PAGESIZE)))

    init(process: pid_t) { path = "/proc/\(process)/statm" }

    /// - Units: bytes
    var held: UInt64 {
        guard let file = try? FileDescriptor.opening(path, .readOnly) else { return 0 }
        defer { file.end() }
        let words = ((try? file.readBytes(128)) ?? []).split(separator: UInt8(ascii: " "))
        guard words.count > 1, let pages = UInt64(String(decoding: words[1], as: UTF8.self)) else { return 0 }
        return pages * MemoryGauge.page
    }
}
