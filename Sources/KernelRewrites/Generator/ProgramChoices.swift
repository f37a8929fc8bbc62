import Fuzzing

/// A program with the choices that it is made from; from fewer or smaller ones, another program is made.
///
/// - Shape: the plan, and the draws of the text after it
package struct ProgramChoices: Sendable {
    var plan: ProgramPlan
    /// The draws of the text.
    package var draws: RecordedChoices
    /// The program that the choices make. After a change of the choices, it is the program before that.
    package internal(set) var program: GeneratedProgram
}

extension RecordedChoices.SpanKind {
    /// One function, by its number.
    static let function = Self(1)
    /// The start of a function.
    static let start = Self(2)
    /// One of the parts of a function that are gone through in any order.
    static let chunk = Self(3)
    /// One fragment.
    static let fragment = Self(4)
    /// The call of a function that must be called next.
    static let child = Self(5)
    /// The call of a function that must be called, by its number.
    static let call = Self(6)
    /// The number of a function.
    static let callee = Self(7)
    /// A row of fragments in a fragment. Else one row would take the fragments of the next.
    static let run = Self(8)
}

// MARK: Fewer functions

extension ProgramChoices {
    /// How many functions the program has.
    package var functionCount: Int { plan.functions.count }

    /// The choices without some functions, those that only they call, and the calls of them.
    ///
    /// - Parameter functions: not the entry
    /// - Complexity: O(functions² + draws)
    package func removing(functions: some Sequence<Int>) -> ProgramChoices {
        var isRemoved = [Bool](repeating: false, count: functionCount)
        for function in functions { isRemoved[function] = true }
        isRemoved[0] = false
        // A function may come before its parent.
        for _ in plan.functions {
            for number in 1..<functionCount where isRemoved[plan.functions[number].parent] { isRemoved[number] = true }
        }
        // The new number of each function that is left.
        var numbers: [Int] = []
        for number in isRemoved.indices { numbers.append((numbers.last ?? -1) + (isRemoved[number] ? 0 : 1)) }
        var copy = self
        copy.plan.remove(isRemoved, numbers)
        copy.draws = draws.removing(spans { isRemoved[$0] })
        copy.draws.renumberCallees(isRemoved, numbers)
        return copy
    }

    /// The choices without one function, whose caller calls what it calls instead; `nil` if it calls none, or its caller
    /// cannot call them.
    ///
    /// - Complexity: O(functions + draws)
    package func hoisting(callsOf function: Int) -> ProgramChoices? {
        var copy = self
        guard function > 0, copy.plan.hoist(callsOf: function) else { return nil }
        let isRemoved = plan.functions.indices.map { $0 == function }
        let numbers = plan.functions.indices.map { $0 < function ? $0 : $0 - 1 }
        copy.plan.remove(isRemoved, numbers)
        // The call of the function becomes that of the first function that it calls.
        copy.draws = draws.removing(draws.spans.filter { $0.kind == .function && $0.number == function })
        copy.draws.renumberCallees(isRemoved, numbers)
        return copy
    }

    /// The spans of some functions and the fragments that call them.
    private func spans(_ isRemoved: (Int) -> Bool) -> [RecordedChoices.Span] {
        var found: [RecordedChoices.Span] = []
        // The last fragment that has begun is the innermost around a call.
        var fragments: [RecordedChoices.Span] = []
        for span in draws.spans {
            fragments.removeAll { $0.items.upperBound <= span.items.lowerBound }
            switch span.kind {
            case .fragment: fragments.append(span)
            case .function where isRemoved(span.number): found.append(span)
            case .call where isRemoved(span.number): found.append(fragments.last ?? span)
            default: break
            }
        }
        return found
    }
}

extension ProgramPlan {
    /// Puts the functions that a function must call into the place of that function; returns false if that is impossible.
    ///
    /// Their depths stay, since these decide what draws mean.
    fileprivate mutating func hoist(callsOf function: Int) -> Bool {
        let (parent, first) = (functions[function].parent, functions[function].firstChild)
        let caller = functions[parent].kind
        if first == 0 { return false }
        var last = first
        while true {
            let kind = functions[last].kind
            if caller.isCallback && kind != .plain || caller == .plain && kind == .contextual { return false }
            functions[last].parent = parent
            if functions[last].nextSibling == 0 { break }
            last = functions[last].nextSibling
        }
        functions[last].nextSibling = functions[function].nextSibling
        if functions[parent].firstChild == function {
            functions[parent].firstChild = first
        } else {
            var before = functions[parent].firstChild
            while functions[before].nextSibling != function { before = functions[before].nextSibling }
            functions[before].nextSibling = first
        }
        return true
    }

    /// Removes functions.
    ///
    /// - Parameter numbers: the new number of each function that is left
    fileprivate mutating func remove(_ isRemoved: [Bool], _ numbers: [Int]) {
        /// The first function of a list that is left; 0 for none.
        func left(_ first: Int) -> Int {
            var function = first
            while function != 0 && isRemoved[function] { function = functions[function].nextSibling }
            return function == 0 ? 0 : numbers[function]
        }
        functions = functions.indices.filter { !isRemoved[$0] }.map { number in
            var function = functions[number]
            function.parent = numbers[function.parent]
            function.firstChild = left(function.firstChild)
            function.nextSibling = left(function.nextSibling)
            return function
        }
    }
}

extension RecordedChoices {
    /// Changes the numbers of functions in draws to those that the functions then have.
    fileprivate mutating func renumberCallees(_ isRemoved: [Bool], _ numbers: [Int]) {
        for span in spans where span.kind == .callee && span.items.count == 3 {
            let place = Place(item: span.items.lowerBound + 1)
            // The entry has no number in draws.
            let function = Int(self[place: place].value) + 1
            if function >= numbers.count { continue }
            self[place: place].value = UInt64(max(numbers[function], 1) - 1)
        }
    }
}

// MARK: Fewer draws

extension ProgramChoices {
    /// The choices without some spans of draws.
    ///
    /// - Complexity: O(draws)
    func removing(_ spans: [RecordedChoices.Span]) -> ProgramChoices {
        var copy = self
        copy.draws = draws.removing(spans)
        return copy
    }
}

// MARK: Fewer lines

extension ProgramChoices {
    /// The choices with other line records, those with the fewest first.
    package var withOtherLines: [ProgramChoices] {
        if plan.lines == .none { return [] }
        return [LineChoice.none, .starts, .all].filter { $0 != plan.lines }.map { lines in
            var copy = self
            copy.plan.lines = lines
            return copy
        }
    }
}
