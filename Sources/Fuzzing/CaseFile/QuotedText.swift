import BPF

/// Text in a line of a case file, quoted if it is ambiguous.
enum QuotedText {
    /// Writes text so that it stays in its line and is read back unchanged.
    static func write(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let isPlain =
            !bytes.isEmpty && bytes.first != 0x20 && bytes.last != 0x20
            && bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "#") && $0 != UInt8(ascii: "\"") }
        return isPlain ? text : quoted(text)
    }

    /// Writes text in quotes.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7f:
                quoted += "\\u{\(String(scalar.value, radix: 16))}"
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }

    /// Reads text in quotes.
    static func read(_ line: inout LineScanner) throws(AssemblyError) -> String {
        let start = line.position
        _ = line.takeSymbol("\"")
        var text = ""
        while let byte = line.takeByte() {
            switch byte {
            case UInt8(ascii: "\""): return text
            case UInt8(ascii: "\\"): text.unicodeScalars.append(try escape(&line))
            default:
                line.position -= 1
                text += line.takeText()
            }
        }
        throw line.fault("a text that ends in `\"`", at: start)
    }

    private static func escape(_ line: inout LineScanner) throws(AssemblyError) -> Unicode.Scalar {
        let start = line.position
        switch line.takeByte() {
        case UInt8(ascii: "\""): return "\""
        case UInt8(ascii: "\\"): return "\\"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            if line.takeSymbol("{") {
                let digits = line.takeText(until: UInt8(ascii: "}"))
                if let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value), line.takeSymbol("}") {
                    return scalar
                }
            }
        default: break
        }
        throw line.fault("`\\\\`, `\\\"`, `\\n`, `\\t` or `\\u{…}`", at: start - 1)
    }
}
