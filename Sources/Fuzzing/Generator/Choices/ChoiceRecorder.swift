/// Records the draws of a generator, which come from its seed or from earlier recorded choices.
///
/// Recorded choices need not fit: spans may be missing, or have too few or too many choices. Within a span, choices are
/// taken in order; a missing one is 0, one that is too large becomes the largest possible value, and those left at the
/// end of the span are dropped. So a change in one span does not change the meaning of the choices in others.
struct ChoiceRecorder: Sendable {
    /// The choices that the draws come from; `nil` for the seed.
    private let source: RecordedChoices?
    /// For each `open` of the source, the index of its `close`.
    private let ends: [Int]
    /// The next item of the source, and the end of the current span in it.
    private var next = 0
    private var end = 0
    /// The spans around the current one: where the source goes on after it, and where they end.
    private struct Frame {
        var next: Int
        var end: Int
    }
    private var outer: [Frame] = []
    /// The choices as they were drawn.
    private(set) var record = RecordedChoices()
    /// The postponed choices in the source, by the index of their item in the record.
    private var postponed: [Int: [RecordedChoices.Choice]] = [:]
    /// The item of ``postpone()`` whose choices are drawn now; `nil` for the end of the record.
    var resumed: Int?

    init(_ source: RecordedChoices?) {
        self.source = source
        var ends = [Int](repeating: 0, count: source?.items.count ?? 0)
        var open: [Int] = []
        for (index, item) in (source?.items ?? []).enumerated() {
            if case .open = item { open.append(index) }
            if case .close = item, let start = open.popLast() { ends[start] = index }
        }
        self.ends = ends
        end = ends.count
    }

    /// True if draws come from recorded choices.
    var isReplaying: Bool { source != nil }

    /// Takes the next choice, and records it.
    ///
    /// - Parameters:
    ///   - drawn: the choice if it comes from the seed
    ///   - bound: one more than the largest possible value; 0 for a number of 64 bits
    mutating func take(_ drawn: UInt64, bound: UInt64) -> UInt64 {
        var value = drawn
        if let resumed {
            guard case .postponed(var choices) = record.items[resumed] else { return 0 }
            if isReplaying {
                let known = postponed[resumed] ?? []
                value = choices.count < known.count ? known[choices.count].value : 0
                value = Self.limited(value, bound)
            }
            choices.append(RecordedChoices.Choice(value: value, bound: bound))
            record.items[resumed] = .postponed(choices)
            return value
        }
        if let source {
            value = 0
            if next < end, case .choice(let choice) = source.items[next] {
                value = Self.limited(choice.value, bound)
                next += 1
            }
        }
        record.items.append(.choice(RecordedChoices.Choice(value: value, bound: bound)))
        return value
    }

    private static func limited(_ value: UInt64, _ bound: UInt64) -> UInt64 {
        bound == 0 ? value : min(value, bound - 1)
    }

    /// The next item of the source in the current span that is no choice. Choices before it are left over.
    private var nextPart: Int? {
        guard let source, next < end else { return nil }
        return (next..<end).first {
            if case .choice = source.items[$0] { false } else { true }
        }
    }

    /// Begins a span.
    ///
    /// - Parameters:
    ///   - isWanted: whether the generator wants the span, if its draws come from the seed
    ///   - isOptional: true if recorded choices decide about the span: it begins only if they have it
    /// - Returns: true if the span has begun
    mutating func begin(_ kind: RecordedChoices.SpanKind, number: Int, isWanted: Bool, isOptional: Bool) -> Bool {
        if let source {
            var start: Int?
            if let part = nextPart, case .open(kind, _) = source.items[part] { start = part }
            if start == nil && isOptional { return false }
            outer.append(Frame(next: start.map { ends[$0] + 1 } ?? next, end: end))
            // A missing span has no choices.
            (next, end) = start.map { ($0 + 1, ends[$0]) } ?? (next, next)
        } else if !isWanted {
            return false
        }
        record.items.append(.open(kind, number: number))
        return true
    }

    /// Ends the current span; choices that are left in it are dropped.
    mutating func finish() {
        record.items.append(.close)
        guard let frame = outer.popLast() else { return }
        (next, end) = (frame.next, frame.end)
    }

    /// Makes a place for choices that are drawn later.
    mutating func postpone() -> Int {
        if let source, let part = nextPart, case .postponed(let choices) = source.items[part] {
            postponed[record.items.count] = choices
            next = part + 1
        }
        record.items.append(.postponed([]))
        return record.items.count - 1
    }
}
