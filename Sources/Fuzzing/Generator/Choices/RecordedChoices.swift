/// The choices that a generator drew for one value, as a tree of spans.
///
/// The generator makes the same value from the same choices again, and another value from changed ones: without a span,
/// or with smaller numbers. So a value gets smaller without a rule of the generator being broken.
///
/// - Shape: a flat list; each span is its choices and inner spans between ``Item/open(_:number:)`` and ``Item/close``
/// - Source: the idea of Hypothesis: MacIver and Donaldson, "Test-Case Reduction via Test-Case Generation", ECOOP 2020
package struct RecordedChoices: Hashable, Sendable {
    /// A number that was drawn.
    package struct Choice: Hashable, Sendable {
        package var value: UInt64
        /// One more than the largest possible value; 0 for a number of 64 bits.
        package var bound: UInt64
    }

    /// The part of a value that a span makes. Its meaning is the generator's.
    package struct SpanKind: Hashable, Sendable {
        var rawValue: UInt8
        package init(_ rawValue: UInt8) { self.rawValue = rawValue }
    }

    package enum Item: Hashable, Sendable {
        case choice(Choice)
        /// Choices that are drawn at this place later; see ``Draws/postpone()``.
        case postponed([Choice])
        /// The number tells the generator which part of the value the span made; it does not matter for making it again.
        case open(SpanKind, number: Int)
        case close
    }

    package internal(set) var items: [Item] = []

    package init() {}

    /// A span of some choices: all items from its `open` to its `close`.
    package struct Span: Hashable, Sendable {
        package var kind: SpanKind
        package var number: Int
        package var items: Range<Int>
        /// The number of spans around it.
        package var depth: Int
    }

    /// All spans, in order; a span comes before its inner ones.
    ///
    /// - Complexity: O(items)
    package var spans: [Span] {
        var spans: [Span] = []
        var open: [Int] = []
        for (index, item) in items.enumerated() {
            switch item {
            case .open(let kind, let number):
                open.append(spans.count)
                spans.append(Span(kind: kind, number: number, items: index..<index, depth: open.count - 1))
            case .close:
                guard let last = open.popLast() else { continue }
                spans[last].items = spans[last].items.lowerBound..<index + 1
            case .choice, .postponed: break
            }
        }
        return spans
    }

    /// The choices without some spans.
    ///
    /// - Complexity: O(items + spans)
    package func removing(_ spans: some Sequence<Span>) -> RecordedChoices {
        var isRemoved = [Bool](repeating: false, count: items.count)
        for span in spans { for index in span.items { isRemoved[index] = true } }
        var copy = RecordedChoices()
        copy.items.reserveCapacity(items.count)
        for (index, item) in items.enumerated() where !isRemoved[index] { copy.items.append(item) }
        return copy
    }

    /// The place of a single choice.
    package struct Place: Hashable, Sendable {
        var item: Int
        var index: Int

        /// - Parameters:
        ///   - item: the index of the item
        ///   - index: the index in the choices of a postponed item; 0 for another
        package init(item: Int, index: Int = 0) {
            self.item = item
            self.index = index
        }
    }

    /// The places of all choices, in order.
    ///
    /// - Complexity: O(items)
    package var places: [Place] {
        items.indices.flatMap { item -> [Place] in
            switch items[item] {
            case .choice: [Place(item: item)]
            case .postponed(let choices): choices.indices.map { Place(item: item, index: $0) }
            case .open, .close: []
            }
        }
    }

    /// The choice at a place.
    package subscript(place place: Place) -> Choice {
        get {
            switch items[place.item] {
            case .choice(let choice): choice
            case .postponed(let choices): choices[place.index]
            case .open, .close: preconditionFailure("a place of no choice")
            }
        }
        set {
            switch items[place.item] {
            case .choice: items[place.item] = .choice(newValue)
            case .postponed(var choices):
                choices[place.index] = newValue
                items[place.item] = .postponed(choices)
            case .open, .close: preconditionFailure("a place of no choice")
            }
        }
    }
}
