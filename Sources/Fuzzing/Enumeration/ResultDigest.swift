import BPF
import Patching

/// A hash of the results of cases, the same for any order of the cases; not cryptographic.
///
/// A result is the status and program of the rules, and the buckets of the wrong results. Each case has a hash, and the
/// digest is the sum of them. So digests of parts add up to the digest of the whole.
package struct ResultDigest: Hashable, Sendable {
    package private(set) var value: UInt64 = 0

    package init() {}

    /// Adds the result of a case.
    ///
    /// - Complexity: O(slots of the result)
    mutating func add(_ number: UInt64, _ status: PatchStatus, _ result: ProgramImage<InputIndex>) {
        var hash = Self.mix(number, UInt64(status.rawValue) + 1)
        if status == .accepted {
            for slot in 0..<result.insnCount {
                hash = unsafe Self.mix(hash, result.insns[InputIndex(slot)].bits)
                hash = unsafe Self.mix(hash, UInt64(result.aux[InputIndex(slot)]))
            }
            for place in 0..<result.subprogramCount {
                let subprogram = unsafe result.subprograms[TableIndex(place)]
                hash = Self.mix(hash, UInt64(subprogram.start) << 32 | UInt64(subprogram.id))
            }
            for place in 0..<result.lineCount {
                let line = unsafe result.lines[TableIndex(place)]
                hash = Self.mix(hash, ~(UInt64(line.insnOff) << 32 | UInt64(line.id)))
            }
        }
        value &+= hash
    }

    /// Adds a wrong result of a case.
    mutating func add(_ number: UInt64, _ bucket: String) {
        value &+= bucket.utf8.reduce(Self.mix(number, 0)) { Self.mix($0, UInt64($1)) }
    }

    /// A hash of two words in which each bit depends on all bits.
    ///
    /// - Source: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014, in the variant
    ///   of MurmurHash3's finalizer
    @inline(__always)
    private static func mix(_ hash: UInt64, _ word: UInt64) -> UInt64 {
        var mixed = (hash ^ word) &+ 0x9e37_79b9_7f4a_7c15
        mixed = (mixed ^ mixed &>> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed &>> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed &>> 31
    }
}
