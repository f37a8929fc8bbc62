/// Words and numbers in columns.
enum Column {
    static func left(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }

    /// A whole number.
    static func right(_ number: Double, _ width: Int) -> String { right(String(Int(number.rounded())), width) }

    /// A number with two decimals.
    static func decimal(_ number: Double, _ width: Int) -> String {
        let hundredths = Int((number * 100).rounded())
        let rest = hundredths % 100
        return right("\(hundredths / 100).\(rest < 10 ? "0" : "")\(rest)", width)
    }

    /// A ratio.
    static func ratio(_ number: Double, _ width: Int) -> String { decimal(number, width - 1) + "x" }

    private static func right(_ text: String, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
