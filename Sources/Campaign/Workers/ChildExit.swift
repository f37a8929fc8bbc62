import Foundation
import Fuzzing

/// How a child ended that should not have.
struct ChildExit: Hashable {
    enum Cause: Hashable {
        case signal(Int32, Fault?)
        /// It ended by itself, with this status, in the middle of its work.
        case exit(Int32)
        /// A sanitizer ended it.
        case sanitizer
        /// It gave no answer in time.
        case hang(timeout: Double)
        /// It took too much memory; with how much, in MiB, when the time was up first.
        case memory(taken: UInt64?, timeout: Double)
        /// Memory that was taken case by case, and never given back, has become too much.
        case leak
        /// A signal ended it that another process sends.
        case outside(Int32)
        /// It could not tell what it had done, or told what cannot be: a patcher used the descriptors of its process.
        case descriptor
    }

    var cause: Cause
    /// The patcher that was being asked, by its number, or `nil` when none was.
    var patcher: Int?
    /// The case.
    var index: UInt64
    /// What a sanitizer or the patcher itself wrote, and the functions in which it was.
    var report: String?
    /// What was done with which address, in words.
    var place: String?
    /// True if the child kept a processor busy for at least a quarter of its time: the machine did not stand still meanwhile.
    var isBusy = false

    /// Whether a signal ended it that another process sends.
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
            (.inputWritten, "\(part.name)", "writes to the \(part.name) of its input, which it may only read" + rest)
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
        case .hang(let timeout): (.hang, "none", "gives no answer within \(Self.seconds(timeout))")
        case .memory(let taken?, let timeout):
            (
                .memory, "none",
                "gives no answer within \(Self.seconds(timeout)) and had taken \(CountText.grouped(taken)) MiB by then"
            )
        case .memory: (.memory, "none", "takes more memory than it may")
        case .leak:
            (.memory, "leak", "takes memory in case after case and does not give it back, up to the memory limit")
        case .outside(let number):
            (.crash, Self.name(ofSignal: number), "ends the process with \(Self.name(ofSignal: number).uppercased())")
        case .descriptor: (.crash, "descriptor", "closes or writes to descriptors that are not its own")
        }
    }

    /// What follows the rule, if more is known.
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

    /// What AddressSanitizer calls the error: the word behind its name.
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
