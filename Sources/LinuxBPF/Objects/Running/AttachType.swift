import CLibbpf

/// `enum bpf_attach_type`, by libbpf's names.
package enum AttachType {
    /// The number of an attach type: a number as text, or the name without `BPF_` in lower case; `nil` if it is unknown.
    ///
    /// - Source: libbpf 1.1, `libbpf.h`, `libbpf_bpf_attach_type_str`
    package static func number(named text: String) -> UInt32? {
        if let number = UInt32(text) { return number }
        var number: UInt32 = 0
        while let name = unsafe libbpf_bpf_attach_type_str(bpf_attach_type(rawValue: number)) {
            if unsafe String(cString: name) == text { return number }
            number += 1
        }
        return nil
    }
}
