import Contenders
import Foundation
import Fuzzing

/// Measures the cost of the designs relative to each other, to the same work in C, and to copying the result.
@main
struct Ratios {
    static let usage = """
        usage: ratios [ROUNDS]              all numbers, each the fastest of ROUNDS (15) rounds in turn
               ratios shares [mixed] [N]    the cost of a case from generation to verdict, and the share of each part
               ratios check [N]             the patcher in C against range-replace on N (1000000) cases of each kind
               ratios count N NAME          N small cases through NAME, to be counted by `count`
               ratios names                 the names: every patcher, the oracle, and all of them together

        """

    static func main() {
        var words = CommandLine.arguments.dropFirst()
        switch words.first {
        case "shares":
            words.removeFirst()
            let isMixed = words.first == "mixed"
            if isMixed { words.removeFirst() }
            Shares.report(isMixed: isMixed, count: number(&words, or: isMixed ? 20_000 : 50_000))
        case "check":
            words.removeFirst()
            check(count: number(&words, or: 1_000_000))
        case "count":
            words.removeFirst()
            guard words.count == 2 else { refuse() }
            let count = number(&words, or: 0)
            if !Counting.run(words[words.startIndex], cases: count) { refuse() }
        case "names":
            print(Counting.names.joined(separator: "\n"))
        default:
            let rounds = number(&words, or: 15)
            check(count: 20_000)
            Numbers(rounds: Int(rounds)).report()
        }
    }

    /// Removes a positive number from the front, if there is one.
    private static func number(_ words: inout ArraySlice<String>, or standard: UInt64) -> UInt64 {
        guard let word = words.first else { return standard }
        guard let number = UInt64(word), number > 0 else { refuse() }
        words.removeFirst()
        return number
    }

    private static func refuse() -> Never { stop(usage, status: 64) }

    private static func stop(_ text: String, status: Int32) -> Never {
        FileHandle.standardError.write(Data(text.utf8))
        exit(status)
    }

    private static func check(count: UInt64) {
        // Passes with hundreds and thousands of edits have special loops; a few of them take as long as all others.
        let long = CaseShape.fixed(insns: 20_000, edits: 6_000, passes: 1)
        let shapes: [(name: String, shape: CaseShape, count: UInt64)] = [
            ("small", CasePool.small, count), ("mixed", .mixed, count),
            ("medium", CasePool.medium, count / 100 + 1), ("long", long, count / 10_000 + 1),
        ]
        var check = SelfCheck()
        for (name, shape, count) in shapes {
            if let index = check.difference(shape, seed: 2, count: count) {
                stop("c-index-map and range-replace differ on \(name) case \(index) of seed 2\n", status: 77)
            }
        }
        print("c-index-map agrees with range-replace on \(check.passes) passes")
    }
}
