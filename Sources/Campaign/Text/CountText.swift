/// Counts with thousands separators and a noun in singular or plural.
package enum CountText {
    /// A number with thousands separators: `1,234,567`.
    package static func grouped(_ number: some BinaryInteger) -> String {
        var text = ""
        for (place, digit) in String(number.magnitude).reversed().enumerated() {
            if place > 0 && place % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (number < 0 ? "-" : "") + String(text.reversed())
    }

    /// A number with a noun: `1 finding`, `1,200 cases`.
    ///
    /// - Parameter plural: an irregular plural
    package static func of(_ number: some BinaryInteger, _ noun: String, plural: String? = nil) -> String {
        "\(grouped(number)) \(number == 1 ? noun : plural ?? noun + "s")"
    }
}
