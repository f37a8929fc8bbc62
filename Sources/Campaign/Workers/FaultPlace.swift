import Foundation

/// The faulting access of a child in terms that are the same in every run.
///
/// - Shape: as a word, 4 bits for the kind, 4 bits for the access, and the number in the upper 56 bits
struct FaultPlace: Hashable {
    enum Kind: UInt64 {
        case unknown
        /// Near address 0; the number is the address.
        case null
        /// Unmapped memory.
        case unmapped
        /// Mapped memory without permission for the access.
        case protected
        /// A non-canonical address.
        case impossible
        /// Near an array argument of a plug-in; the number is the distance from its end.
        case array
    }

    enum Access: UInt64 {
        case read, write, jump
    }

    var kind: Kind
    var access: Access
    var number = 0

    /// The addresses below this are null pointers with the offset of a field or an index.
    ///
    /// - Units: bytes
    private static let nullReach: UInt = 1 << 16

    /// Classifies an address.
    ///
    /// - Parameter code: the `si_code` of the signal: `SEGV_MAPERR`, `SEGV_ACCERR` or `SI_KERNEL`
    init(address: UInt, code: Int32, access: Access) {
        self.access = access
        switch code {
        case _ where address == 0 && code == 128: kind = .impossible
        case _ where address < Self.nullReach: (kind, number) = (.null, Int(address))
        case 1: kind = .unmapped
        case 2: kind = .protected
        case 128: kind = .impossible
        default: kind = .unknown
        }
    }

    init(kind: Kind, access: Access, number: Int) {
        self.kind = kind
        self.access = access
        self.number = number
    }

    /// Decodes a word.
    init(word: UInt64) {
        kind = Kind(rawValue: word & 15) ?? .unknown
        access = Access(rawValue: word >> 4 & 15) ?? .read
        number = Int(Int64(bitPattern: word) >> 8)
    }

    /// The place as a word.
    var word: UInt64 { kind.rawValue | access.rawValue << 4 | UInt64(bitPattern: Int64(number)) << 8 }

    /// The access in words that follow the name of a signal; `nil` if unknown.
    ///
    /// - Parameter file: the mapped file of the address with the offset in it, or `nil`
    func text(file: String?) -> String? {
        let verb =
            switch access {
            case .read: "reads from"
            case .write: "writes to"
            case .jump: "jumps to"
            }
        switch kind {
        case .unknown: return nil
        case .null: return "\(verb) address 0x\(String(number, radix: 16)), next to a null pointer"
        case .unmapped: return "\(verb) \(file ?? "an address") where nothing is mapped"
        case .protected: return "\(verb) \(file ?? "memory") without permission"
        case .impossible: return "uses a non-canonical address"
        case .array:
            let count = CountText.of(abs(number), "byte")
            return "\(count) \(number < 0 ? "before" : "after") the end"
        }
    }
}
