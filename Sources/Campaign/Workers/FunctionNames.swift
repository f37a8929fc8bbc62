import Foundation

/// The functions of a 64-bit ELF file by address, including local ones.
///
/// - Source: `elf.h`, `Elf64_Ehdr`, `Elf64_Shdr` and `Elf64_Sym`
struct FunctionNames {
    private struct Function {
        var start: UInt64
        var size: UInt64
        var name: String
    }

    private var functions: [Function] = []

    private static let (symbolTable, dynamicSymbolTable): (UInt32, UInt32) = (2, 11)
    private static let functionType: UInt8 = 2
    private static let (headerSize, sectionSize, symbolSize) = (64, 64, 24)

    /// Reads a file; an unreadable one has no functions.
    ///
    /// - Complexity: O(size of the file)
    init(path: String) {
        guard let bytes = try? Data(contentsOf: URL(fileURLWithPath: path), options: .mappedIfSafe) else { return }
        let file = Bytes(bytes)
        guard bytes.count >= Self.headerSize, bytes.prefix(5) == Data([0x7f, 0x45, 0x4c, 0x46, 2]) else { return }
        let (sections, count) = (Int(file.number(40, 8)), Int(file.number(60, 2)))
        func section(_ number: Int) -> Int { sections + number * Self.sectionSize }
        for number in 0..<count {
            let kind = UInt32(file.number(section(number) + 4, 4))
            if kind != Self.symbolTable && kind != Self.dynamicSymbolTable { continue }
            let (start, size) = (
                Int(file.number(section(number) + 24, 8)), Int(file.number(section(number) + 32, 8))
            )
            let names = Int(file.number(section(Int(file.number(section(number) + 40, 4))) + 24, 8))
            for symbol in stride(from: start, to: start + size, by: Self.symbolSize)
            where UInt8(file.number(symbol + 4, 1)) & 15 == Self.functionType {
                functions.append(
                    Function(
                        start: file.number(symbol + 8, 8), size: file.number(symbol + 16, 8),
                        name: file.text(names + Int(file.number(symbol, 4)))))
            }
        }
    }

    /// The function at an address and the offset in it, such as `apply+0x12`; `nil` if there is none.
    ///
    /// - Complexity: O(functions)
    func name(at place: UInt64) -> String? {
        functions.first { place >= $0.start && place < $0.start + $0.size }.map {
            "\($0.name)+0x\(String(place - $0.start, radix: 16))"
        }
    }

    /// Numbers and texts in a file; bytes after its end are 0.
    private struct Bytes {
        private let bytes: Data

        init(_ bytes: Data) { self.bytes = bytes }

        func number(_ place: Int, _ size: Int) -> UInt64 {
            guard place >= 0, place <= bytes.count - size else { return 0 }
            return (0..<size).reversed().reduce(0) { $0 << 8 | UInt64(bytes[bytes.startIndex + place + $1]) }
        }

        func text(_ place: Int) -> String {
            guard place >= 0, place < bytes.count else { return "" }
            return String(decoding: bytes[(bytes.startIndex + place)...].prefix { $0 != 0 }, as: UTF8.self)
        }
    }
}
