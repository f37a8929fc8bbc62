import Foundation
import Fuzzing

/// The unexpected end of a child.
struct ChildExit: Hashable {
    enum Cause: Hashable {
        case signal(Int32, Fault?)
        /// It exited with this status before its work was done.
        case exit(Int32)
        /// A sanitizer ended it.
        case sanitizer
        /// A case exceeded its time limit.
        case hang(timeout: Double)
        /// A case exceeded the memory limit; `taken` is its memory in MiB if it reached the time limit first.
        case memory(taken: UInt64?, timeout: Double)
        /// Memory that many cases leaked exceeded the memory limit.
        case leak
        /// A signal of another process killed it.
        case outside(Int32)
        /// Its report is missing or invalid: a patcher closed or used the descriptors of its process.
        case descriptor
    }

    var cause: Cause
    /// The number of the patcher that was running, or `nil`.
    var patcher: Int?
    /// The case.
    var index: UInt64
    /// The output of the sanitizer or the patcher, and the call stack.
    var report: String?
    /// The kind and address of the faulting access, in words.
    var place: String?
    /// True if the child used a processor for at least a quarter of its time, so the machine was not suspended.
    var isBusy = false

    /// True if a signal of another process killed it.
    var isFromOutside: Bool {
        if case .outside = cause { true } else { false }
    }

    /// The counter of a death: ``TargetCounts/hangs``, ``TargetCounts/memory`` or ``TargetCounts/crashes``.
    enum Kind: Hashable { case hang, memory, crash }

    var kind: Kind {
        switch cause {
        case .hang: .hang
        case .memory, .leak: .memory
        default: .crash
        }
    }

    /// The finding against a patcher.
    func finding(against target: String) -> Finding {
        let (rule, words, detail) = description
        return Finding(target: target, rule: rule, insn: words, edit: "none", pass: 0, place: 0, detail: detail)
    }

    private var description: (rule: BrokenRule, words: String, detail: String) {
        switch cause {
        case .signal(_, .plugin(.inputWritten, let part, _)):
            (.inputWritten, "\(part.name)", "writes to the \(part.name) of its input, which is read-only" + rest)
        case .signal(_, .plugin(.wildWrite, let part, let isOutput)):
            (
                .wildWrite, "\(part.name)",
                "writes beyond the \(part.name) of its \(isOutput ? "output" : "input")" + rest
            )
        case .signal(_, .plugin(.readPastEnd, let part, let isOutput)):
            (
                .crash, "reads-past-\(part.name)",
                "reads beyond the \(part.name) of its \(isOutput ? "output" : "input")" + rest
            )
        case .signal(_, .stackOverflow): (.crash, "stack-overflow", "runs out of stack")
        case .signal(let number, _):
            (
                .crash, Self.name(ofSignal: number),
                "ends the process with \(Self.name(ofSignal: number).uppercased())" + rest
            )
        case .exit(let status): (.crash, "exit", "ends the process with exit status \(status)")
        case .sanitizer:
            (.crash, "asan-\(Self.kind(ofReport: report ?? ""))", Self.summary(ofReport: report ?? ""))
        case .hang(let timeout): (.hang, "none", "does not return within \(Self.seconds(timeout))")
        case .memory(let taken?, let timeout):
            (
                .memory, "none",
                "does not return within \(Self.seconds(timeout)), with \(CountText.grouped(taken)) MiB allocated by then"
            )
        case .memory: (.memory, "none", "exceeds the memory limit")
        case .leak:
            (.memory, "leak", "leaks memory in each case, up to the memory limit")
        case .outside(let number):
            (.crash, Self.name(ofSignal: number), "ends the process with \(Self.name(ofSignal: number).uppercased())")
        case .descriptor: (.crash, "descriptor", "closes or writes to descriptors that are not its own")
        }
    }

    /// The place of the access, if known.
    private var rest: String { place.map { ": \($0)" } ?? "" }

    static func seconds(_ number: Double) -> String {
        (number == number.rounded() ? String(Int(number)) : String(number)) + " s"
    }

    /// The name of a signal in a bucket.
    static func name(ofSignal number: Int32) -> String {
        let names = [
            SIGILL: "sigill", SIGTRAP: "sigtrap", SIGABRT: "sigabrt", SIGSEGV: "sigsegv", SIGBUS: "sigbus",
            SIGFPE: "sigfpe", SIGKILL: "sigkill", SIGALRM: "sigalrm", SIGPIPE: "sigpipe", SIGTERM: "sigterm",
            SIGINT: "sigint",
        ]
        return names[number] ?? "signal"
    }

    /// The kind of error in a report of AddressSanitizer: the word after its name.
    private static func kind(ofReport report: String) -> String {
        guard let start = report.range(of: "AddressSanitizer: ") else { return "error" }
        let word = report[start.upperBound...].prefix { $0.isLetter || $0 == "-" }
        return word.isEmpty ? "error" : word.lowercased()
    }

    private static func summary(ofReport report: String) -> String {
        let line = report.split(separator: "\n").first { $0.contains("ERROR: AddressSanitizer: ") }
        return line.flatMap { $0.range(of: "AddressSanitizer: ").map { range in String(line![range.lowerBound...]) } }
            ?? "AddressSanitizer ends the process"
    }
}
