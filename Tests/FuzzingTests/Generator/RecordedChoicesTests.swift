import TestSupport
import Testing

@testable import Fuzzing

/// Recorded choices make the same value again, and changed ones another value of the same generator.
@Suite struct RecordedChoicesTests {
    private static let list = RecordedChoices.SpanKind(1)
    private static let element = RecordedChoices.SpanKind(2)

    /// A list of numbers below 100, each with a mark that is drawn after all of them.
    private struct Numbers: Equatable {
        var title: UInt64
        var numbers: [Int] = []
        var marks: [Int] = []

        init(_ draws: inout Draws) {
            title = draws.number()
            draws.begin(list)
            var places: [Int] = []
            var left = draws.unrecorded { 2 + $0.below(5) }
            while draws.begin(element, if: left > 0, number: numbers.count) {
                left -= 1
                numbers.append(draws.chance(1, of: 3) ? 0 : 1 + draws.below(99))
                places.append(draws.postpone())
                draws.end()
            }
            for place in places {
                draws.resume(place)
                marks.append(draws.below(1000))
                draws.endResuming()
            }
            draws.end()
        }
    }

    private static func record(_ index: UInt64) -> (value: Numbers, choices: RecordedChoices) {
        var draws = Draws(seed: 5, index: index)
        draws.record()
        let value = Numbers(&draws)
        return (value, draws.recorded!)
    }

    private static func replay(_ choices: RecordedChoices) -> (value: Numbers, choices: RecordedChoices) {
        var draws = Draws(seed: 99, index: 1)
        draws.replay(choices)
        let value = Numbers(&draws)
        return (value, draws.recorded!)
    }

    /// A record changes no draw, and a replay makes the same value from it.
    @Test func valuesAreMadeAgain() {
        for index in 0..<200 as Range<UInt64> {
            var plain = Draws(seed: 5, index: index)
            let value = Numbers(&plain)
            let recorded = Self.record(index)
            #expect(recorded.value == value && plain.recorded == nil, "index \(index)")
            let again = Self.replay(recorded.choices)
            #expect(again.value == value && again.choices == recorded.choices, "index \(index)")
        }
    }

    /// Without a span, the others keep their choices, those that were drawn later too.
    @Test func aSpanIsRemovedAlone() throws {
        for index in 0..<50 as Range<UInt64> {
            let (value, choices) = Self.record(index)
            let spans = choices.spans.filter { $0.kind == Self.element }
            #expect(spans.map(\.number) == Array(value.numbers.indices))
            for (number, span) in spans.enumerated() {
                var expected = value
                expected.numbers.remove(at: number)
                expected.marks.remove(at: number)
                let made = Self.replay(choices.removing([span]))
                #expect(made.value == expected, "index \(index), element \(number)")
            }
            let none = Self.replay(choices.removing(spans)).value
            #expect(none.numbers.isEmpty && none.title == value.title)
        }
    }

    /// A missing choice is 0, one that is too large the largest, and one that is left over is dropped.
    @Test func choicesNeedNotFit() {
        let (value, choices) = Self.record(3)
        #expect(Self.replay(RecordedChoices()).value == Self.replay(RecordedChoices()).value)
        var large = choices
        for place in large.places { large[place: place].value = .max }
        let most = Self.replay(large)
        #expect(
            most.value.numbers == value.numbers.map { $0 == 0 ? 1 : 99 }
                && most.value.marks == value.marks.map { _ in 999 })
        let outcomes = most.choices.places.map { most.choices[place: $0] }.filter { $0.bound == 2 }
        #expect(outcomes.allSatisfy { $0.value == 1 })
        // The element that becomes 0 draws one number less.
        let first = choices.spans.first { $0.kind == Self.element }!
        var zero = choices
        zero[place: RecordedChoices.Place(item: first.items.lowerBound + 1)].value = 0
        let made = Self.replay(zero)
        #expect(made.value.numbers == [0] + value.numbers.dropFirst() && made.value.marks == value.marks)
        var short = choices
        short.items.removeSubrange(first.items.lowerBound + 1..<first.items.upperBound - 1)
        let less = Self.replay(short)
        #expect(less.value.numbers == [0] + value.numbers.dropFirst())
        #expect(less.value.marks == [0] + value.marks.dropFirst())
    }

    /// Random changes make values of the generator, and the record of a replay makes the same value again.
    @Test func changedChoicesMakeValues() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of RecordedChoicesTests.changedChoicesMakeValues: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        for index in 0..<300 as Range<UInt64> {
            var (_, choices) = Self.record(index)
            for _ in 0..<4 {
                let places = choices.places
                choices[place: numbers.pick(places)].value = UInt64(numbers.below(200))
                if numbers.oneIn(2), let span = choices.spans.randomElement(using: &numbers) {
                    choices = choices.removing([span])
                }
                if choices.places.isEmpty { break }
            }
            let made = Self.replay(choices)
            #expect(made.value.numbers.allSatisfy { (0..<100).contains($0) }, "seed \(seed), index \(index)")
            #expect(made.value.marks.count == made.value.numbers.count, "seed \(seed), index \(index)")
            let again = Self.replay(made.choices)
            #expect(again.value == made.value && again.choices == made.choices, "seed \(seed), index \(index)")
        }
    }
}
