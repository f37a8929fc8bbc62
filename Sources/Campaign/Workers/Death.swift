import Foundation
import Fuzzing

/// How a child ended that should not have.
struct Death: Hashable {
    enum Cause: Hashable {
        case signal(Int32, Fault?)
        /// It ended by itself, with this status, in the middle of its work.
        case exit(Int32)
        /// A sanitizer ended it.
        case sanitizer
        case hang
        case memory
        /// Somebody else killed it.
        case outside
    }

    var cause: Cause
    /// The patcher that was being asked, by its number, or `nil` when none was.
    var patcher: Int?
    /// The case.
    var index: UInt64
    /// What a sanitizer or the patcher itself wrote.
    var report: String?

    /// The finding against a patcher.
    func finding(against target: String) -> Finding {
        let (rule, words, detail) = description
        return Finding(target: target, rule: rule, insn: words, edit: "none", pass: 0, place: 0, detail: detail)
    }

    private var description: (rule: BrokenRule, words: String, detail: String) {
        switch cause {
        case .signal(_, .plugin(.inputWritten, let part, _)):
            (.inputWritten, "\(part.name)", "writes to the \(part.name) of its input, which it may only read")
        case .signal(_, .plugin(.wildWrite, let part, let isOutput)):
            (.wildWrite, "\(part.name)", "writes beyond the \(part.name) of its \(isOutput ? "output" : "input")")
        case .signal(_, .plugin(.readPastEnd, let part, let isOutput)):
            (
                .crash, "reads-past-\(part.name)",
                "reads beyond the \(part.name) of its \(isOutput ? "output" : "input")"
            )
        case .signal(_, .stackOverflow): (.crash, "stack-overflow", "runs out of stack")
        case .signal(let number, _):
            (.crash, Self.name(ofSignal: number), "ends the process with \(Self.name(ofSignal: number).uppercased())")
        case .exit(let status): (.crash, "exit", "ends the process with exit status \(status)")
        case .sanitizer:
            (.crash, "asan-\(Self.kind(ofReport: report ?? ""))", Self.summary(ofReport: report ?? ""))
        case .hang: (.hang, "none", "gives no answer")
        case .memory: (.memory, "none", "takes more memory than --memory allows")
        case .outside: (.crash, "sigkill", "ends the process with SIGKILL")
        }
    }

    /// The name of a signal in a bucket.
    static func name(ofSignal number: Int32) -> String {
        let names = [
            SIGILL: "sigill", SIGTRAP: "sigtrap", SIGABRT: "sigabrt", SIGSEGV: "sigsegv", SIGBUS: "sigbus",
            SIGFPE: "sigfpe", SIGKILL: "sigkill", SIGALRM: "sigalrm", SIGPIPE: "sigpipe", SIGTERM: "sigterm",
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
