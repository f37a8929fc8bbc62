import BPF
import CLibbpf

/// The build options of the kernel that affect BPF.
enum KernelConfiguration {
    /// The options as `CONFIG_NAME=value`, sorted; empty if they cannot be read.
    ///
    /// - Complexity: O(bytes of the configuration)
    static func read(release: String) -> [String] {
        for path in ["/proc/config.gz", "/boot/config-\(release)", "/lib/modules/\(release)/config"] {
            let text = text(of: path)
            if !text.isEmpty { return text.split(separator: "\n").filter(bearsOnBPF).map(String.init).sorted() }
        }
        return []
    }

    private static let names = [
        "BPF", "JIT", "SMP", "HZ", "X86_64", "ARM64", "KASAN", "UBSAN", "CFI", "X86_KERNEL_IBT", "DEBUG_INFO_BTF",
        "LSM",
        "FUNCTION_ERROR_INJECTION", "MITIGATION_SPECTRE_V1", "MITIGATION_SPECTRE_V2", "MITIGATION_SSB",
        "CPU_MITIGATIONS",
    ]

    /// Returns true if a line sets an option that affects programs or their execution.
    private static func bearsOnBPF(_ line: Substring) -> Bool {
        guard line.hasPrefix("CONFIG_"), let sign = line.firstIndex(of: "=") else { return false }
        let name = line[..<sign].dropFirst("CONFIG_".count)
        // A comparison by characters would take longer than all other steps.
        return names.contains(String(name))
            || name.utf8.split(separator: UInt8(ascii: "_")).contains { $0.elementsEqual("BPF".utf8) }
    }

    /// The unpacked text of a file; empty if it cannot be read.
    private static func text(of path: String) -> String {
        guard let file = unsafe gzopen(path, "r") else { return "" }
        defer { unsafe gzclose(file) }
        let storage = Scratch<UInt8>(capacity: 1 << 16)
        let row: UnsafeTypedBuffer<Slot, UInt8> = storage.buffer()
        var bytes: [UInt8] = []
        while true {
            let count = unsafe gzread(file, row.baseAddress, UInt32(row.capacity))
            if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += row.array(count: Int(count))
        }
    }
}
