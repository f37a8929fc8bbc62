import Glibc
import SystemPackage
import UserFiles

/// The kernel's log from now on, read without waiting; or its taint flags, if the log cannot be read.
///
/// A read of the log takes about 10 µs, one of the taint flags 30 µs, of a load of some milliseconds. Every taint is
/// also in the log.
///
/// For one thread at a time. A forked child that reads on must call ``skip()`` first.
///
/// - Source: `Documentation/ABI/testing/dev-kmsg`
package final class KernelLog {
    private let file: FileDescriptor?
    private let taintFile: FileDescriptor?
    private var taint: UInt64 = 0
    /// The reason why the log cannot be read; `nil` if it can.
    package let failure: String?
    /// True if process numbers in the log are those of this process's own namespace.
    private let showsOwnNumbers: Bool

    /// The longest record of `/dev/kmsg`.
    ///
    /// - Units: bytes
    private static let longestRecord = 8192

    /// The first PID namespace, whose numbers are in the log.
    ///
    /// - Source: `include/linux/proc_ns.h`, `PROC_PID_INIT_INO`
    private static let firstNamespace = "pid:[4026531836]"

    /// Opens the log at its end.
    package init() {
        var failure: String?
        do throws(Errno) {
            file = try FileDescriptor.opening("/dev/kmsg", .readOnly, .nonBlocking)
        } catch {
            file = nil
            failure = "/dev/kmsg: \(error.reason)"
        }
        self.failure = failure
        taintFile = try? FileDescriptor.opening("/proc/sys/kernel/tainted", .readOnly)
        showsOwnNumbers = (try? SystemCall.target(ofLink: "/proc/self/ns/pid")) == Self.firstNamespace
        skip()
    }

    deinit {
        file?.end()
        taintFile?.end()
    }

    /// Skips all records so far.
    package func skip() {
        if let file { _ = try? file.seek(offset: 0, from: .end) } else { taint = readTaint() }
    }

    /// The complaints since the last call, without those that name another process.
    ///
    /// - Parameter process: the number of the process whose loads are watched
    /// - Complexity: one read(2) if there is no new record
    package func complaints(of process: pid_t) -> [KernelComplaint] {
        if file != nil {
            return KernelComplaint.all(in: readRecords()).filter {
                !showsOwnNumbers || $0.process == nil || $0.process == process
            }
        }
        let before = taint
        taint = readTaint()
        return taint & ~before == 0 ? [] : [KernelComplaint(taint: taint & ~before)]
    }

    /// True if the kernel has had an oops since its start.
    ///
    /// - Source: `Documentation/admin-guide/tainted-kernels.rst`, bit 7
    package var hasOopsed: Bool { readTaint() >> 7 & 1 != 0 }

    private func readTaint() -> UInt64 {
        guard let bytes = try? taintFile?.readBytes(32, at: 0) else { return 0 }
        return bytes.reduce(0) { (48...57).contains($1) ? $0 * 10 + UInt64($1 - 48) : $0 }
    }

    /// The texts of the new records.
    private func readRecords() -> [String] {
        guard let file else { return [] }
        var records: [String] = []
        while true {
            do throws(Errno) {
                let bytes = try file.readBytes(Self.longestRecord)
                if bytes.isEmpty { return records }
                records.append(Self.text(of: bytes))
            } catch {
                // EPIPE: older records were overwritten before they were read.
                if error != .brokenPipe { return records }
            }
        }
    }

    /// The text of a record: after the first semicolon, up to the end of the line; properties follow on further lines.
    static func text(of record: [UInt8]) -> String {
        let rest = record.drop { $0 != UInt8(ascii: ";") }.dropFirst()
        return String(decoding: rest.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    }
}

/// A complaint of the kernel in its log, or a new taint flag.
package struct KernelComplaint: Hashable, Sendable {
    /// The kind of complaint, in a word for buckets.
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        case verifierBug = "verifier-bug"
        case warning, bug, kasan, ubsan, oops, taint
    }

    package var kind: Kind
    /// The kernel function or the rest of the line that tells complaints of one kind apart, in words joined by hyphens.
    package var place: String
    /// The lines that tell what happened, joined.
    package var line: String
    /// The number of the process that the record names, or `nil`.
    package var process: pid_t?

    init(kind: Kind, place: String, line: String, process: pid_t?) {
        self.kind = kind
        self.place = place
        self.line = line
        self.process = process
    }

    /// Describes new taint flags.
    ///
    /// - Source: `Documentation/admin-guide/tainted-kernels.rst`
    init(taint: UInt64) {
        let letters = Array("PFSRMBUDAWCIOELKXTNJ")
        let flags = (0..<64).filter { taint >> UInt64($0) & 1 != 0 }
        let words = flags.map { $0 < letters.count ? String(letters[$0]) : String($0) }
        self.init(
            kind: .taint, place: words.joined().lowercased(),
            line: "the kernel is newly tainted (\(words.joined(separator: ", ")))", process: nil)
    }

    /// Reads one line; `nil` if it is no complaint.
    package init?(_ line: String) {
        guard let found = Self.all(in: [line]).first else { return nil }
        self = found
    }

    /// The complaints in some records of the log.
    ///
    /// - Complexity: O(length)
    static func all(in records: [String]) -> [KernelComplaint] {
        var found: [KernelComplaint] = []
        for (number, record) in records.enumerated() {
            guard let kind = kind(of: record) else { continue }
            // The number of the process follows in the register dump, if not in the line itself.
            let process = records[number...].prefix(16).lazy.compactMap(process).first
            if let last = found.last, last.kind == .verifierBug, kind == .warning {
                // A warning with a text of its own: the text comes first.
                found[found.count - 1].line += "; " + record
                found[found.count - 1].process = process
                continue
            }
            found.append(KernelComplaint(kind: kind, place: place(of: record, kind), line: record, process: process))
        }
        return found
    }

    private static func kind(of record: String) -> Kind? {
        if record.contains("verifier bug") || record.contains("verifier BUG") || record.contains("backtracking bug") {
            return .verifierBug
        }
        if record.hasPrefix("WARNING: ") { return isAboutCode(record) ? .warning : nil }
        if record.hasPrefix("BUG: KASAN") || record.hasPrefix("BUG: KFENCE") { return .kasan }
        if record.hasPrefix("UBSAN: ") { return .ubsan }
        if record.hasPrefix("BUG: ") || record.contains("watchdog: BUG: ") || record.hasPrefix("kernel BUG at ") {
            return .bug
        }
        let isOops =
            record.hasPrefix("Oops: ") || record.hasPrefix("general protection fault")
            || record.hasPrefix("Unable to handle kernel ")
        return isOops ? .oops : nil
    }

    /// True for the line of `WARN`, which names a place in the code; drivers print other lines with the same start.
    private static func isAboutCode(_ record: String) -> Bool { record.contains(" at ") }

    /// The function in a line like `WARNING: CPU: 0 PID: 1 at kernel/bpf/core.c:454 bpf_adj_branches+0x1/0x2`, or its
    /// words.
    private static func place(of record: String, _ kind: Kind) -> String {
        let words = record.split(separator: " ")
        let function = words.first { $0.contains("+0x") }?.prefix { $0 != "+" }
        let text = function.map(String.init) ?? record.prefix { !$0.isNumber }.lowercased()
        let left: [String] =
            function != nil ? [] : kind == .verifierBug ? ["verifier", "bug"] : ["warning", "bug", "kasan", "ubsan"]
        let parts = text.split { !$0.isASCII || !($0.isLetter || $0.isNumber) }.map { $0.lowercased() }
            .filter { !left.contains($0) }
        return parts.isEmpty ? "none" : parts.prefix(8).joined(separator: "-")
    }

    /// The number in `PID: 12`, or in `NAME/12` after "by task", "CPU#0:" or "scheduling while atomic:".
    private static func process(in record: String) -> pid_t? {
        let words = record.split(separator: " ")
        if let at = words.firstIndex(of: "PID:"), at + 1 < words.count { return pid_t(words[at + 1]) }
        guard let last = words.last, record.contains("CPU#") || record.contains("by task ") else { return nil }
        return last.split(separator: "/").last.flatMap { pid_t($0) }
    }
}
