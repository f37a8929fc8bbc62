import ArgumentParser
import Campaign

/// Parses the numbers of options; errors contain an example.
enum NumberOption {
    /// A count.
    static func count(_ text: String) throws -> UInt64 {
        guard let number = NumberText.count(text) else {
            throw ValidationError("a whole number below 2^64 is expected, as \(NumberText.countExamples)")
        }
        return number
    }

    /// A count within a range.
    static func count(in range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        { text in
            guard let number = NumberText.count(text).flatMap({ Int(exactly: $0) }), range.contains(number) else {
                throw ValidationError(
                    "a number from \(CountText.grouped(range.lowerBound)) to \(CountText.grouped(range.upperBound)) is "
                        + "expected, as \(CountText.grouped(min(range.upperBound, max(range.lowerBound, 4))))")
            }
            return number
        }
    }

    /// A count of at least one.
    static func positiveCount(_ text: String) throws -> UInt64 {
        let number = try count(text)
        if number == 0 {
            throw ValidationError("a whole number from 1 on is expected, below 2^64, as \(NumberText.countExamples)")
        }
        return number
    }

    /// The n of "one in n", or 0 for none.
    static func oneIn(_ text: String) throws -> UInt32 {
        guard let number = NumberText.count(text).flatMap({ UInt32(exactly: $0) }) else {
            throw ValidationError("a whole number below 2^32 is expected, as 10 for one in ten, or 0 for none")
        }
        return number
    }

    /// A seed.
    static func seed(_ text: String) throws -> UInt64 {
        guard let number = NumberText.count(text) else {
            throw ValidationError("a whole number from 0 to 2^64 - 1 is expected, as 7 or 0x10")
        }
        return number
    }

    /// The longest duration.
    ///
    /// - Units: days
    private static let mostDays = 10_000.0

    /// A duration of at least some seconds.
    ///
    /// - Units: seconds
    static func time(from least: Double) -> @Sendable (String) throws -> Double {
        { text in
            guard let seconds = NumberText.seconds(text), seconds >= least, seconds <= mostDays * 86_400 else {
                throw ValidationError(
                    "a time from \(least < 1 ? "\(Int(least * 1000))ms" : "\(Int(least))s") to \(Int(mostDays))d is "
                        + "expected, as " + NumberText.timeExamples)
            }
            return seconds
        }
    }

    /// An amount of memory.
    ///
    /// - Units: mebibytes
    static func memory(_ text: String) throws -> UInt64 {
        guard let amount = NumberText.mebibytes(text), amount <= 1 << 30 else {
            throw ValidationError("MiB or a size up to 1024T is expected, as \(NumberText.memoryExamples)")
        }
        return amount
    }
}
