/// Why a program was not loaded.
public struct LoadRefusal: Error, Hashable, Sendable {
    /// The `errno` of the load.
    public var code: Int32
    /// The line of the verifier's log that says why, or the error in words where there is no log.
    public var text: String

    public init(code: Int32, text: String) {
        self.code = code
        self.text = text
    }

    /// The text with `N` for each number, so that refusals of one kind can be counted.
    ///
    /// - Complexity: O(text)
    public var reason: String {
        var reason = ""
        var number = Substring()
        for character in text {
            let isDigit = character.isASCII && (character.isNumber || number.hasPrefix("0x") && character.isHexDigit)
            if isDigit || number == "0" && character == "x" {
                if number.isEmpty {
                    if reason.last == "-" { reason.removeLast() }
                    reason += "N"
                }
                number.append(character)
            } else {
                reason.append(character)
                number = ""
            }
        }
        return reason
    }
}

extension LoadRefusal: CustomStringConvertible {
    /// The text and the error in words.
    public var description: String { "\(text) (\(LibbpfLog.words(for: code)))" }
}
