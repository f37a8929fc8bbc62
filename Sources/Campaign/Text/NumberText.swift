/// Parses the numbers of options.
///
/// Only unambiguous forms are accepted: `1,000` and `1_000` are a thousand, `1.000` is one.
package enum NumberText {
    package static let countExamples = "1000000, 1_000_000, 1e6, 10k or 2M"
    package static let timeExamples = "90, 90s, 1.5h, 1h30m, 7d or 500ms"
    package static let memoryExamples = "2048, 512M or 2G"

    /// A whole number: `1000000`, `1_000_000`, `1,000,000`, `1e6`, `1.5e6`, `10k`, `2M`, `0x10`.
    ///
    /// - Returns: `nil` if the text is malformed or the number does not fit
    package static func count(_ text: String) -> UInt64? {
        if text.hasPrefix("0x") || text.hasPrefix("0X") {
            return joined(text.dropFirst(2), \.isHexDigit).flatMap { UInt64($0, radix: 16) }
        }
        var rest = text[...]
        var power = 0
        if let last = rest.last, let thousands = ["k": 3, "K": 3, "M": 6, "G": 9][last] {
            power = thousands
            rest.removeLast()
        }
        return Decimal(rest)?.whole(timesTenTo: power)
    }

    /// The units of time in seconds, the longest first.
    private static let units: [(names: Set<String>, seconds: Double)] = [
        (["w", "week", "weeks"], 604_800), (["d", "day", "days"], 86_400), (["h", "hour", "hours"], 3_600),
        (["m", "min", "minute", "minutes"], 60), (["s", "sec", "second", "seconds"], 1), (["ms"], 0.001),
    ]

    /// A duration: seconds, or numbers with units, the longest first: `90`, `90s`, `2m`, `1.5h`, `1h30m`, `7d`, `500ms`.
    ///
    /// - Returns: `nil` if the text is malformed
    /// - Units: seconds
    package static func seconds(_ text: String) -> Double? {
        if let plain = Decimal(text[...]) { return plain.value }
        var rest = text[...]
        var sum = 0.0
        var last = -1
        while !rest.isEmpty {
            let number = rest.prefix { $0.isASCII && ($0.isNumber || "._,".contains($0)) }
            rest = rest[number.endIndex...]
            let word = rest.prefix { $0.isASCII && $0.isLetter }
            rest = rest[word.endIndex...]
            guard let value = Decimal(number)?.value,
                let unit = units.firstIndex(where: { $0.names.contains(String(word)) }), unit > last
            else { return nil }
            sum += value * units[unit].seconds
            last = unit
        }
        return last < 0 || !sum.isFinite ? nil : sum
    }

    /// An amount of memory: mebibytes, or a number with a unit: `2048`, `512M`, `1.5G`, `2GiB`.
    ///
    /// - Returns: `nil` if the text is malformed, or the amount is not a whole number of mebibytes
    /// - Units: mebibytes
    package static func mebibytes(_ text: String) -> UInt64? {
        for (shift, names) in [(UInt64(0), ["MiB", "M"]), (10, ["GiB", "G"]), (20, ["TiB", "T"])] {
            for name in names where text.hasSuffix(name) {
                return Decimal(text.dropLast(name.count))?.whole(times: 1 << shift)
            }
        }
        return Decimal(text[...])?.whole(timesTenTo: 0)
    }

    /// Removes single underscores between digits; `nil` if there is anything else.
    private static func joined(_ text: Substring, _ isDigit: (Character) -> Bool) -> String? {
        let groups = text.split(separator: "_", omittingEmptySubsequences: false)
        guard groups.allSatisfy({ !$0.isEmpty && $0.allSatisfy { $0.isASCII && isDigit($0) } }) else { return nil }
        return groups.joined()
    }

    /// An exact decimal number: digits and a power of ten.
    private struct Decimal {
        private var digits: UInt64
        private var power: Int

        /// Parses digits with an optional fraction and exponent.
        init?(_ text: Substring) {
            let parts = text.split(separator: "e", maxSplits: 1, omittingEmptySubsequences: false)
            guard let number = parts.first else { return nil }
            var power = 0
            if parts.count == 2 {
                let sign = parts[1].hasPrefix("-") ? -1 : 1
                let exponent = parts[1].hasPrefix("+") || sign < 0 ? parts[1].dropFirst() : parts[1]
                guard exponent.count <= 3, let number = Self.digits(exponent).flatMap({ Int($0) }) else { return nil }
                power = sign * number
            }
            let halves = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
            guard let whole = Self.grouped(halves[0]) else { return nil }
            var fraction = ""
            if halves.count == 2 {
                guard let digits = Self.digits(halves[1]) else { return nil }
                fraction = digits
                while fraction.hasSuffix("0") { fraction.removeLast() }
            }
            guard let digits = UInt64(whole + fraction) else { return nil }
            self.digits = digits
            self.power = power - fraction.count
        }

        private static func digits(_ text: Substring) -> String? { joined(text, \.isNumber) }

        /// Removes underscores between digits, or commas between groups of three.
        private static func grouped(_ text: Substring) -> String? {
            let groups = text.split(separator: ",", omittingEmptySubsequences: false)
            if groups.count == 1 { return digits(text) }
            guard (1...3).contains(groups[0].count), groups.dropFirst().allSatisfy({ $0.count == 3 }),
                groups.allSatisfy({ $0.allSatisfy { $0.isASCII && $0.isNumber } })
            else { return nil }
            return groups.joined()
        }

        var value: Double { Double("\(digits)e\(power)") ?? .infinity }

        /// The product as a whole number; `nil` if it has a fraction or does not fit.
        func whole(times factor: UInt64 = 1, timesTenTo more: Int = 0) -> UInt64? {
            var (number, isTooLarge) = digits.multipliedReportingOverflow(by: factor)
            if isTooLarge { return nil }
            var power = number == 0 ? 0 : power + more
            while power > 0 {
                (number, isTooLarge) = number.multipliedReportingOverflow(by: 10)
                if isTooLarge { return nil }
                power -= 1
            }
            while power < 0 {
                if number % 10 != 0 { return nil }
                number /= 10
                power += 1
            }
            return number
        }
    }
}
