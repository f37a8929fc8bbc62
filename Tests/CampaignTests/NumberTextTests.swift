import Testing

@testable import Campaign

/// Numbers in options and in printed text.
@Suite struct NumberTextTests {
    @Test(
        arguments: [
            ("0", 0), ("7", 7), ("1000000", 1_000_000), ("1_000_000", 1_000_000), ("1,000,000", 1_000_000),
            ("12,345", 12_345), ("1e6", 1_000_000), ("1.5e6", 1_500_000), ("1e+3", 1_000), ("25e-1", nil), ("20e-1", 2),
            ("1.0", 1), ("1.5", nil), ("10k", 10_000), ("10K", 10_000), ("2M", 2_000_000), ("1.5k", 1_500),
            ("1G", 1_000_000_000),
            ("0x10", 16), ("0XfF", 255), ("0xffff_ffff_ffff_ffff", UInt64.max), ("18446744073709551615", UInt64.max),
            ("18446744073709551616", nil), ("1e20", nil), ("0x1_0000_0000_0000_0000", nil), ("0e999", 0),
            ("", nil), ("-1", nil), ("+1", nil), (" 1", nil), ("x", nil), ("0x", nil), ("1_", nil), ("_1", nil),
            ("1__0", nil),
            ("1,00", nil), ("1,0000", nil), (",100", nil), ("1.", nil), (".5", nil), ("1e", nil), ("e6", nil),
            ("1m", nil),
            ("1kk", nil), ("1e9999", nil), ("٣", nil), ("nan", nil), ("inf", nil), ("0x-1", nil), ("1.000", 1),
        ] as [(String, UInt64?)]) func counts(_ text: String, _ number: UInt64?)
    {
        #expect(NumberText.count(text) == number)
    }

    @Test(
        arguments: [
            ("90", 90), ("90s", 90), ("2m", 120), ("1h", 3_600), ("1.5h", 5_400), ("7d", 604_800), ("1w", 604_800),
            ("500ms", 0.5), ("1h30m", 5_400), ("1d12h", 129_600), ("1m30s", 90), ("0.25", 0.25), ("1e3", 1_000),
            ("0", 0),
            ("10min", 600), ("2hours", 7_200), ("1_000s", 1_000),
            ("", nil), ("h", nil), ("-1", nil), ("1x", nil), ("1m1h", nil), ("1h1h", nil), ("1h30", nil), ("1 h", nil),
            ("nan", nil), ("inf", nil), ("1M", nil), ("1y", nil),
        ] as [(String, Double?)]) func durations(_ text: String, _ seconds: Double?)
    {
        #expect(NumberText.seconds(text) == seconds)
    }

    @Test(
        arguments: [
            ("2048", 2_048), ("0", 0), ("512M", 512), ("512MiB", 512), ("2G", 2_048), ("1.5G", 1_536), ("2GiB", 2_048),
            ("1T", 1 << 20), ("1k", nil), ("1MB", nil), ("", nil), ("-1", nil), ("G", nil), ("1.5", nil), ("2GB", nil),
            ("99999999999999999999G", nil),
        ] as [(String, UInt64?)]) func memory(_ text: String, _ mebibytes: UInt64?)
    {
        #expect(NumberText.mebibytes(text) == mebibytes)
    }

    /// The examples in error messages are valid.
    @Test func examplesAreValid() {
        func each(_ text: String) -> [String] {
            text.replacing(" or ", with: ", ").split(separator: ", ").map(String.init)
        }
        for text in each(NumberText.countExamples) { #expect(NumberText.count(text) != nil, "\(text)") }
        for text in each(NumberText.timeExamples) { #expect(NumberText.seconds(text) != nil, "\(text)") }
        for text in each(NumberText.memoryExamples) { #expect(NumberText.mebibytes(text) != nil, "\(text)") }
    }

    @Test func countsHaveSeparators() {
        #expect(CountText.grouped(0) == "0" && CountText.grouped(999) == "999" && CountText.grouped(1_000) == "1,000")
        #expect(CountText.grouped(UInt64.max) == "18,446,744,073,709,551,615" && CountText.grouped(-1_234) == "-1,234")
        #expect(CountText.of(1, "finding") == "1 finding" && CountText.of(0, "finding") == "0 findings")
        #expect(CountText.of(1_200, "pass", plural: "passes") == "1,200 passes")
        // Printed counts can be parsed again.
        #expect(NumberText.count(CountText.grouped(UInt64.max)) == UInt64.max)
    }
}
