import BPF
import CProcess
import Foundation
import Synchronization
import SystemPackage
import UserFiles

/// Runs work in a forked child, and forks a new child from the same state if the child dies.
///
/// As in AFL's fork server, the slow setup precedes the fork, so that a new child costs a fraction of a millisecond.
/// The server kills a child whose case exceeds its limits.
struct ForkServer {
    let shared: SharedProgress
    /// The number of this worker in the shared progress.
    let number: Int
    let budget: CaseBudget
    /// The captured output of children.
    let errors: ChildErrors
    /// The place and backtrace that a crashed child leaves, or `nil` if they are not needed.
    private let note: CrashNote?
    /// The path of sanitizer reports without the process number, or `nil`.
    private let reports = SanitizerReports.prefix

    /// Makes a server.
    ///
    /// - Parameters:
    ///   - number: the number of the worker in the shared progress
    ///   - keepsErrors: true if the output of a child is part of its ``ChildExit``
    init(shared: SharedProgress, number: Int, budget: CaseBudget, keepsErrors: Bool) {
        self.shared = shared
        self.number = number
        self.budget = budget
        errors = ChildErrors(isKept: keepsErrors)
        note = keepsErrors ? CrashNote() : nil
    }

    /// The PID of this child, or 0 in the server.
    private static let child = Atomic<pid_t>(0)

    /// Ends this process if a patcher forked it from a child. Otherwise both processes would report the same work.
    static func endCopy() {
        let own = child.load(ordering: .relaxed)
        if own != 0 && own != getpid() { _exit(0) }
    }

    /// The interval at which a child is checked.
    ///
    /// - Units: seconds
    private static let tick = 0.02

    /// A hanging case that has allocated more is reported as an excessive allocation.
    ///
    /// - Units: bytes
    private static let endless: UInt64 = 256 << 20

    /// Runs the work in children until one of them completes it.
    ///
    /// The calling process must be single-threaded. If its parent dies, it kills its child and exits.
    ///
    /// - Parameter died: called for each child that died
    func run(_ work: () -> Void, died: (ChildExit) -> Void) {
        _ = process_leave_no_core()
        _ = process_adopt_orphans()
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, SIGCHLD)
        unsafe sigprocmask(SIG_BLOCK, &signals, nil)
        while true {
            shared.beginChild(ofWorker: number)
            note?.clear()
            let server = getpid()
            let child = process_fork()
            if child == 0 {
                _ = process_die_with_parent(SIGKILL)
                if getppid() != server { _exit(0) }
                Self.child.store(getpid(), ordering: .relaxed)
                unsafe sigprocmask(SIG_UNBLOCK, &signals, nil)
                errors.redirect()
                Fault.watch(
                    shared.faultWord(ofWorker: number), place: shared.faultPlaceWord(ofWorker: number), note: note)
                work()
                shared.markDone(worker: number)
                _exit(0)
            }
            if child < 0 {
                Output.note("error: a worker cannot be forked: \(Errno.last.reason)\n")
                _exit(1)
            }
            let end = watch(child, &signals)
            killOrphans()
            guard let end else {
                if let text = errors.take() { Output.note(text + "\n") }
                return
            }
            let (place, frames) = note?.read() ?? (nil, [])
            let words = [frames.joined(separator: "\n"), errors.take() ?? ""].filter { !$0.isEmpty }
            unsafe died(
                ChildExit(
                    cause: end.cause, patcher: shared.patcher(ofWorker: number),
                    index: shared.position(ofWorker: number).index,
                    report: end.report ?? (words.isEmpty ? nil : words.joined(separator: "\n")),
                    place: FaultPlace(word: shared.faultPlaceWord(ofWorker: number)[Slot(0)]).text(file: place),
                    isBusy: end.isBusy))
        }
    }

    /// Kills the processes that a patcher started: those in the process group of this worker, and adopted orphans.
    private func killOrphans() {
        if getpgrp() == getpid() {
            let before = signal(SIGTERM, SIG_IGN)
            kill(0, SIGTERM)
            signal(SIGTERM, before)
        }
        // Orphans may be in other process groups. The children of a killed orphan become orphans for the next round.
        for _ in 0..<Self.mostRounds {
            let found = waitpid(-1, nil, WNOHANG)
            if found > 0 { continue }
            if found < 0 && errno == ECHILD { return }
            for child in ChildProcesses.all { kill(child, SIGKILL) }
            usleep(1000)
        }
    }

    /// The maximum number of rounds, in case processes are forked faster than they are killed.
    private static let mostRounds = 1000

    /// The death of a child.
    private struct End {
        var cause: ChildExit.Cause
        /// The report of a sanitizer.
        var report: String?
        /// See ``ChildExit/isBusy``.
        var isBusy = false
    }

    /// Waits for a child. Returns how it died, or `nil` if it completed its work.
    private func watch(_ child: pid_t, _ signals: inout sigset_t) -> End? {
        let memory = MemoryGauge(process: child)
        let processor = ProcessorGauge(process: child)
        let start = memory.held
        let allowed = budget.memory.map { start + $0 << 20 }
        // The memory at the start of the current case.
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
                if shared.isDone(worker: number) { return nil }
                if shared.isOverMemory(worker: number) { return End(cause: .leak) }
                if shared.hasLostOutput(worker: number) { return End(cause: .descriptor) }
                // The child has printed the reason.
                if shared.hasGivenUp(worker: number) { _exit(1) }
                let report = takeReport(of: child)
                return End(
                    cause: verdict ?? cause(ofStatus: status, hasReport: report != nil), report: report,
                    isBusy: isBusy)
            }
            if isAbandoned() {
                kill(child, SIGKILL)
                waitpid(child, nil, 0)
                killOrphans()
                _exit(0)
            }
            if verdict != nil { continue }
            let now = DispatchTime.now().uptimeNanoseconds
            let index = shared.position(ofWorker: number).index
            if !shared.isBusy(worker: number) || late.index != index {
                late = (shared.isBusy(worker: number) ? index : UInt64.max, now)
                shared.set(start: now, worker: number)
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
        let fault = unsafe Fault(word: shared.faultWord(ofWorker: number)[Slot(0)])
        // A hit on a guard page names the array, which a sanitizer report does not.
        if case .plugin = fault { return .signal(SIGSEGV, fault) }
        if hasReport { return .sanitizer }
        let signal = status & 0x7f
        if signal == 0 { return .exit(status >> 8 & 0xff) }
        if signal == SIGKILL || signal == SIGTERM || signal == SIGINT { return .outside(signal) }
        return .signal(signal, fault)
    }

    /// Reads and removes the sanitizer report of a child.
    private func takeReport(of child: pid_t) -> String? {
        guard let reports else { return nil }
        let path = "\(reports).\(child)"
        defer { try? SystemCall.unlink(path) }
        let text = FileManager.default.contents(atPath: path).map { String(decoding: $0, as: UTF8.self) }
        return text.map(SanitizerReports.condensed)
    }

    /// Returns true if the parent process has ended, which closes standard input.
    private func isAbandoned() -> Bool {
        var leash = [pollfd(fd: STDIN_FILENO, events: 0, revents: 0)]
        let hasEvent = (try? SystemCall.wait(for: &leash, within: 0)) == true
        return hasEvent && leash[0].revents & Int16(POLLHUP | POLLERR) != 0
    }
}

/// The processor time of all threads of a process.
struct ProcessorGauge {
    private let clock: clockid_t?

    init(process: pid_t) {
        var clock = clockid_t()
        self.clock = unsafe clock_getcpuclockid(process, &clock) == 0 ? clock : nil
    }

    /// 0 if unknown, as for a process that has ended.
    ///
    /// - Units: seconds
    var used: Double {
        var time = timespec()
        guard let clock, unsafe clock_gettime(clock, &time) == 0 else { return 0 }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }
}

/// The resident memory of a process.
struct MemoryGauge {
    private let path: String
    private static let page = UInt64(sysconf(Int32(_SC_PAGESIZE)))

    init(process: pid_t) { path = "/proc/\(process)/statm" }

    /// - Units: bytes
    var held: UInt64 { pages[1] * MemoryGauge.page }

    /// The resident memory without the pages of files, which processes share.
    ///
    /// - Units: bytes
    var own: UInt64 {
        let pages = pages
        return (pages[1] - min(pages[2], pages[1])) * MemoryGauge.page
    }

    /// The first numbers of `statm`: size, resident and shared pages; 0 if unknown, as for a process that has ended.
    private var pages: [UInt64] {
        let unknown: [UInt64] = [0, 0, 0]
        guard let file = try? FileDescriptor.opening(path, .readOnly) else { return unknown }
        defer { file.end() }
        let words = ((try? file.readBytes(128)) ?? []).split(separator: UInt8(ascii: " "))
        let numbers = words.prefix(3).compactMap { UInt64(String(decoding: $0, as: UTF8.self)) }
        return numbers.count == 3 ? numbers : unknown
    }
}
