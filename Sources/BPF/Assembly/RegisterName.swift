/// The name of a register: `r0` to `r15` for 64 bits, `w0` to `w15` for the lower 32.
struct RegisterName: Hashable, CustomStringConvertible {
    var number: UInt8
    var isDouble: Bool

    init(_ number: UInt8, isDouble: Bool = true) {
        self.number = number
        self.isDouble = isDouble
    }

    /// Reads a whole word; `nil` if it is not a register.
    init?(_ word: String) {
        let bytes = Array(word.utf8)
        guard bytes.count == 2 || bytes.count == 3, let letter = bytes.first else { return nil }
        guard letter == UInt8(ascii: "r") || letter == UInt8(ascii: "w") else { return nil }
        guard let number = UInt8(String(decoding: bytes[1...], as: UTF8.self)), number < 16 else { return nil }
        // `r07` would be a second name for one register.
        guard bytes.count == 2 || number >= 10 else { return nil }
        self.init(number, isDouble: letter == UInt8(ascii: "r"))
    }

    var description: String { (isDouble ? "r" : "w") + "\(number)" }
}

extension LineScanner {
    /// Takes a register of either width, if one is next.
    mutating func takeRegister() -> RegisterName? {
        guard let word = peekWord(), let register = RegisterName(word) else { return nil }
        position += word.utf8.count
        return register
    }

    /// Takes a 64-bit register.
    mutating func doubleRegister() throws(AssemblyError) -> UInt8 {
        try register(isDouble: true)
    }

    /// Takes a register of one width, or of either width.
    mutating func register(isDouble: Bool, orEither: Bool = false) throws(AssemblyError) -> UInt8 {
        skipBlanks()
        let start = position
        if let register = takeRegister(), orEither || register.isDouble == isDouble { return register.number }
        throw fault(isDouble ? "a register r0 to r15" : "a register w0 to w15", at: start)
    }

    /// Takes the given register.
    mutating func sameRegister(_ register: RegisterName) throws(AssemblyError) {
        skipBlanks()
        let start = position
        if takeRegister() != register { throw fault("`\(register)`", at: start) }
    }

    /// Takes required punctuation.
    package mutating func symbol(_ symbol: String) throws(AssemblyError) {
        if !takeSymbol(symbol) { throw fault("`\(symbol)`") }
    }

    /// Takes a required word.
    package mutating func word(_ word: String) throws(AssemblyError) {
        if !takeWord(word) { throw fault("`\(word)`") }
    }
}
