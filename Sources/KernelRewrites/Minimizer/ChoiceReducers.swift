import Fuzzing

/// Makes the choices of a generated program smaller, and the program from them.
///
/// Each candidate is a program of the generator, so a verifier accepts nearly all of them. The reducers share the choices
/// of the smallest program so far.
package final class ChoiceReduction {
    private var generator: KernelProgramGenerator
    /// The choices of the smallest program so far.
    private(set) var smallest: ProgramChoices

    /// - Parameter choices: those of the case that is minimized, made by the generator
    package init(_ choices: ProgramChoices, _ generator: KernelProgramGenerator) {
        smallest = choices
        self.generator = generator
    }

    /// The reducers, for ``Minimizer``, before those of any case: those that remove most come first.
    package var reducers: [any Reducer] {
        [LineReducer(self), FunctionReducer(self), SpanReducer(self), LoweringReducer(self)]
    }

    /// Makes a program from choices, and tries it; returns true if it is the smallest now.
    func attempt(_ choices: ProgramChoices, _ minimization: Minimization) -> Bool {
        if minimization.isOver { return false }
        let made = generator.make(choices)
        let isTaken = minimization.attempt { $0.replace(made.program.loadable, live: made.program.live) }
        if isTaken { smallest = made }
        return isTaken
    }

    /// Tries to remove all of some parts, then each half of them, down to single ones.
    ///
    /// - Parameter without: the choices without some of the parts; always of the same choices
    func removeInParts<Part>(
        _ parts: [Part], _ minimization: Minimization, without: ([Part]) -> ProgramChoices
    ) {
        var removed: [Part] = []
        _ = minimization.attemptInParts(parts[...]) { some in
            let isTaken = attempt(without(removed + some), minimization)
            if isTaken { removed += some }
            return isTaken
        }
    }
}

/// Removes line records: all, or all but those of functions. Else each instruction gets one, so that a record stays where
/// it is needed if other reducers remove instructions; ``TableReducer`` removes the rest.
private struct LineReducer: Reducer {
    let name = "lines"
    let reduction: ChoiceReduction
    init(_ reduction: ChoiceReduction) { self.reduction = reduction }

    func minimize(_ minimization: Minimization) {
        for choices in reduction.smallest.withOtherLines where reduction.attempt(choices, minimization) { return }
    }
}

/// Removes functions: first with those that only they call, then alone, so that their callers call those.
private struct FunctionReducer: Reducer {
    let name = "functions"
    let reduction: ChoiceReduction
    init(_ reduction: ChoiceReduction) { self.reduction = reduction }

    func minimize(_ minimization: Minimization) {
        let base = reduction.smallest
        reduction.removeInParts(Array(1..<max(base.functionCount, 1)), minimization) { base.removing(functions: $0) }
        for function in (1..<max(reduction.smallest.functionCount, 1)).reversed() {
            guard let choices = reduction.smallest.hoisting(callsOf: function) else { continue }
            _ = reduction.attempt(choices, minimization)
        }
    }
}

/// Removes spans of draws: the parts of functions, fragments, and fragments in fragments.
private struct SpanReducer: Reducer {
    let name = "spans"
    let reduction: ChoiceReduction
    init(_ reduction: ChoiceReduction) { self.reduction = reduction }

    func minimize(_ minimization: Minimization) {
        var depth = 1
        while true {
            let base = reduction.smallest
            let spans = base.draws.spans.filter { $0.depth == depth }
            if spans.isEmpty { return }
            reduction.removeInParts(spans, minimization) { base.removing($0) }
            depth += 1
        }
    }
}

/// Replaces each draw by a smaller one: by 0, by half of it, and by one less.
private struct LoweringReducer: Reducer {
    let name = "draws"
    let reduction: ChoiceReduction
    init(_ reduction: ChoiceReduction) { self.reduction = reduction }

    func minimize(_ minimization: Minimization) {
        var number = 0
        while number < reduction.smallest.draws.places.count && !minimization.isOver {
            let place = reduction.smallest.draws.places[number]
            for value in Self.others(reduction.smallest.draws[place: place]) {
                var choices = reduction.smallest
                choices.draws[place: place].value = value
                if reduction.attempt(choices, minimization) { break }
            }
            number += 1
        }
    }

    /// The values to try instead. Of two, either may be the smaller program.
    private static func others(_ choice: RecordedChoices.Choice) -> [UInt64] {
        if choice.bound == 2 { return [1 - choice.value] }
        var values: [UInt64] = []
        for value in [0, choice.value / 2, choice.value &- 1] where value < choice.value && !values.contains(value) {
            values.append(value)
        }
        return values
    }
}
