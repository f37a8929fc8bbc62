import BPF
import KernelModel

/// The `gfp_t` that the kernel passes to helpers that may allocate.
enum AllocationFlags {
    /// Returns the numbers that a program may have, `GFP_ATOMIC` last.
    ///
    /// - Source: 6.12 `kernel/bpf/verifier.c`, `do_misc_fixups`; `include/linux/gfp_types.h`. `GFP_ATOMIC` lost a bit in 6.3
    static func allowed(in version: KernelVersion, isSleepable: Bool) -> [Int64] {
        let hasOldBit = version < KernelVersion(6, 3) && version != KernelVersion(0, 0)
        let atomic: [Int64] = hasOldBit ? [0xa20] : version == KernelVersion(0, 0) ? [0xa20, 0x820] : [0x820]
        return (isSleepable ? [0xcc0] : []) + atomic
    }
}
