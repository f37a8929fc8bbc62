import Foundation

/// Where the address was that ended a child, in terms that are the same in every run, and what was done with it.
///
/// - Shape: as a word, two times 4 bits for kind and access, and the number above
struct FaultPlace: Hashable {
    enum Kind: UInt64 {
        case unknown
        /// Next to address 0; the number is the address.
        case null
        /// Memory that nobody has mapped.
        case unmapped
        /// Memory that is there, but not for this.
        case protected
        /// An address that no memory can have.
        case impossible
        /// Near an array that a plug-in was given; the number is the distance from its end.
        case array
    }

    enum Access: UInt64 {
        case read, write, jump
    }

    var kind: Kind
    var access: Access
    var number = 0

    /// Where null pointers lead to, with the offset of a field or an index.
    ///
    /// - Units: bytes
    private static let nullReach: UInt = 1 << 16

    /// Looks at an address.
    ///
    /// - Parameter code: what the kernel says of it: `SEGV_MAPERR`, `SEGV_ACCERR` or `SI_KERNEL`
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

    /// Reads a word back.
    init(word: UInt64) {
        kind = Kind(rawValue: word & 15) ?? .unknown
        access = Access(rawValue: word >> 4 & 15) ?? .read
        number = Int(Int64(bitPattern: word) >> 8)
    }

    /// The place as a word.
    var word: UInt64 { kind.rawValue | access.rawValue << 4 | UInt64(bitPattern: Int64(number)) << 8 }

    /// What was done, in words that follow the name of a signal, or `nil` when nothing is known.
    ///
    /// - Parameter file: the place of the address in a file that is loaded, if it is in one
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
        case .protected: return "\(verb) \(file ?? "memory"), where it may not"
        case .impossible: return "uses an address that no memory can have"
        case .array:
            let count = CountText.of(abs(number), "byte")
            return "\(count) \(number < 0 ? "before" : "after") the end"
        }
    }
}
