/// Spans of draws, which a minimizer removes. Without a record they cost the test of a flag.
extension Draws {
    /// Records the draws from now on.
    package mutating func record() {
        recorder = ChoiceRecorder(nil)
        isPlain = false
    }

    /// Draws from recorded choices from now on, and records the draws.
    package mutating func replay(_ choices: RecordedChoices) {
        recorder = ChoiceRecorder(choices)
        isPlain = false
    }

    /// The draws since ``record()`` or ``replay(_:)``; `nil` without these.
    package var recorded: RecordedChoices? { recorder?.record }

    /// Begins a span that the value always has, such as a function of a program; ends with ``end()``.
    ///
    /// - Parameter number: the part of the value that the span makes
    @inlinable @inline(__always)
    package mutating func begin(_ kind: RecordedChoices.SpanKind, number: Int = 0) {
        if !isPlain { _ = slowBegin(kind, number, isWanted: true, isOptional: false) }
    }

    /// Begins a span that the value has or has not, such as one round of a loop; returns false if it has not.
    ///
    /// If draws come from recorded choices, these decide: the span begins if they have it. So the draws for `isWanted`
    /// are made with ``unrecorded(_:)``.
    ///
    /// - Parameters:
    ///   - isWanted: whether the generator wants the span
    ///   - number: the part of the value that the span makes
    @inlinable @inline(__always)
    package mutating func begin(_ kind: RecordedChoices.SpanKind, if isWanted: Bool, number: Int = 0) -> Bool {
        isPlain ? isWanted : slowBegin(kind, number, isWanted: isWanted, isOptional: true)
    }

    @usableFromInline @inline(never)
    mutating func slowBegin(
        _ kind: RecordedChoices.SpanKind, _ number: Int, isWanted: Bool, isOptional: Bool
    ) -> Bool {
        recorder?.begin(kind, number: number, isWanted: isWanted, isOptional: isOptional) ?? isWanted
    }

    /// Ends the last span that was begun.
    @inlinable @inline(__always)
    package mutating func end() {
        if !isPlain { slowEnd() }
    }

    @usableFromInline @inline(never)
    mutating func slowEnd() { recorder?.finish() }

    /// Draws without a record what the presence of spans tells. If draws come from recorded choices, these are zeros.
    @inlinable @inline(__always)
    package mutating func unrecorded<Result>(_ draw: (inout Draws) -> Result) -> Result {
        if isPlain { return draw(&self) }
        var copy = withoutRecord
        let result = draw(&copy)
        if copy.isPlain { state = copy.state }
        return result
    }

    /// Draws from the same seed that are not recorded, or zeros.
    @usableFromInline var withoutRecord: Draws {
        guard let recorder else { return self }
        if recorder.isReplaying { return Draws(bytes: []) }
        var copy = self
        copy.recorder = nil
        copy.isPlain = true
        return copy
    }

    /// Makes a place in the current span for draws that belong to it but come later, such as the target of a jump.
    @inlinable @inline(__always)
    package mutating func postpone() -> Int { isPlain ? 0 : slowPostpone() }

    @usableFromInline @inline(never)
    mutating func slowPostpone() -> Int { recorder?.postpone() ?? 0 }

    /// Makes the following draws at a place of ``postpone()``, until ``endResuming()``.
    @inlinable @inline(__always)
    package mutating func resume(_ place: Int) {
        if !isPlain { slowResume(place) }
    }

    @usableFromInline @inline(never)
    mutating func slowResume(_ place: Int?) { recorder?.resumed = place }

    @inlinable @inline(__always)
    package mutating func endResuming() {
        if !isPlain { slowResume(nil) }
    }
}
