import Glibc
import KernelModel

/// The addresses of kernel functions that programs call.
enum KernelSymbols {
    /// Reads the addresses of some functions, from `__bpf_call_base` on; empty if the kernel hides them.
    ///
    /// - Complexity: O(symbols), some tens of milliseconds
    static func addresses(of names: Set<String>) -> [String: Int64] {
        guard let file = unsafe fopen("/proc/kallsyms", "r") else { return [:] }
        defer { unsafe fclose(file) }
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        defer { unsafe free(line) }
        var found: [String: UInt64] = [:]
        let prefixes = ["bpf_", "__bpf_call_base", "__htab_map", "arch_bpf_", "sk_skb_", "crash_"]
        while unsafe getline(&line, &capacity, file) > 20, let text = unsafe line {
            // Sixteen digits, a blank, the type, a blank and the name.
            let name = unsafe text + 19
            if !prefixes.contains(where: { unsafe strncmp(name, $0, $0.utf8.count) == 0 }) { continue }
            let word = unsafe String(String(cString: name).prefix { $0 != "\n" && $0 != "\t" })
            if word != base && !names.contains(word) || found[word] != nil { continue }
            found[word] = unsafe UInt64(strtoull(text, nil, 16))
        }
        guard let start = found[base], start != 0 else { return [:] }
        found[base] = nil
        return found.mapValues { Int64(bitPattern: $0 &- start) }
    }

    private static let base = "__bpf_call_base"
}
