import BPF
import CLibbpf
import Glibc

/// Checks that this process may load programs.
enum KernelRights {
    /// The capabilities that a campaign needs, and their names.
    private static let needed: [(capability: Capabilities, name: String)] = [
        (.bpf, "CAP_BPF"), (.perfmon, "CAP_PERFMON"), (.netAdmin, "CAP_NET_ADMIN"),
    ]

    /// Tries the system call with the smallest program.
    ///
    /// A kernel may allow any user to load some types of programs (`kernel.unprivileged_bpf_disabled`), but not BTF.
    ///
    /// - Throws: ``KernelError`` with the missing right and the remedy
    static func check() throws(KernelError) {
        let effective = Capabilities.effective
        let missing = needed.filter { !effective.contains($0.capability) && !effective.contains(.sysAdmin) }
        if !missing.isEmpty { throw KernelError(.use, code: EPERM, lack(of: missing.map(\.name))) }
        let insns = [Instruction(code: 0xb7, dst: 0), Instruction(code: 0x95)]
        let result = unsafe insns.withUnsafeBytes { bytes in
            unsafe bpf_prog_load(
                BPF_PROG_TYPE_SOCKET_FILTER, nil, "GPL", bytes.baseAddress?.assumingMemoryBound(to: bpf_insn.self),
                insns.count, nil)
        }
        if result >= 0 {
            close(result)
        } else {
            throw KernelError(.use, code: errno, reason(errno))
        }
    }

    /// The explanation for missing capabilities.
    private static func lack(of names: [String]) -> String {
        let verb = names.count == 1 ? "is" : "are"
        // In a container the user may be root already.
        let way =
            geteuid() == 0
            ? "run it with \(names.count == 1 ? "that capability" : "these capabilities")"
            : "run it as root, or once `setcap cap_bpf,cap_perfmon,cap_net_admin+ep` its file"
        return "\(names.joined(separator: ", ")) \(verb) missing: \(way), or in a container give `"
            + names.map { "--cap-add \($0.dropFirst("CAP_".count))" }.joined(separator: " ") + "`"
    }

    /// The reason why a process with the capabilities is refused; `nil` if it is unknown.
    private static func reason(_ code: Int32) -> String? {
        let isFiltered = line("Seccomp:", of: "/proc/self/status").map { $0 != "0" } ?? false
        if isFiltered && (code == EPERM || code == ENOSYS) {
            return "a seccomp filter forbids bpf(): run it outside of the filter, in a container with"
                + " `--security-opt seccomp=unconfined`"
        }
        if code == ENOSYS { return "the kernel has no bpf(): it needs CONFIG_BPF_SYSCALL" }
        guard code == EPERM || code == EACCES else { return nil }
        if let map = line("", of: "/proc/self/uid_map"), map != "0 0 4294967295" {
            return
                "the capabilities are those of a user namespace, and bpf() asks the first one: run it as root outside"
        }
        if let lockdown = line("", of: "/sys/kernel/security/lockdown"), !lockdown.contains("[none]") {
            return "the kernel is locked down (\(lockdown)), or a security module forbids bpf()"
        }
        return "a security module forbids bpf()"
    }

    /// The rest of the line that starts with a word, with single blanks; `nil` if there is no such line.
    private static func line(_ start: String, of path: String) -> String? {
        guard let bytes = try? HostFile.bytes(of: path) else { return nil }
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let words = line.split(whereSeparator: \.isWhitespace)
            if start.isEmpty { return words.joined(separator: " ") }
            if words.first == Substring(start) { return words.dropFirst().joined(separator: " ") }
        }
        return nil
    }
}
