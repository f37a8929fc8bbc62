import BPF
import Fuzzing
import Testing

@testable import Campaign

/// Lines lead from each jump to its target and to no other row.
@Suite struct GutterTests {
    private enum Direction: CaseIterable { case left, right, up, down }

    /// The directions in which a character's line continues.
    private static let arms: [Character: Set<Direction>] = {
        let shapes: [(String, Set<Direction>)] = [
            ("─═━◄↺↑↓", [.left, .right]), ("│║┃", [.up, .down]), ("╭╔┏", [.right, .down]), ("╰╚┗", [.right, .up]),
            ("├╠┣", [.right, .up, .down]), ("┬╦┳", [.left, .right, .down]), ("┴╩┻", [.left, .right, .up]),
            ("┼╬╋", [.left, .right, .up, .down]), ("►", [.left]),
        ]
        var all: [Character: Set<Direction>] = [:]
        for (characters, directions) in shapes { for character in characters { all[character] = directions } }
        return all
    }()

    /// The rows with an arrow head that are connected to the instruction of a row.
    private func heads(from row: Int, _ cells: [[Character]]) -> Set<Int> {
        struct Step: Hashable { var row: Int, column: Int, direction: Direction }
        var seen: Set<Step> = []
        var open = [Step(row: row, column: cells[row].count - 1, direction: .left)]
        var found: Set<Int> = []
        while let step = open.popLast() {
            guard seen.insert(step).inserted, cells.indices.contains(step.row), step.column >= 0,
                step.column < cells[step.row].count
            else { continue }
            let character = cells[step.row][step.column]
            if character == "►" && step.direction == .right { found.insert(step.row) }
            let isSideways = step.direction == .left || step.direction == .right
            // A horizontal line continues beyond a lane that it crosses.
            let passes = isSideways && "│║┃".contains(character)
            let directions = passes ? [step.direction] : Self.arms[character] ?? []
            for direction in directions {
                let down = direction == .down ? 1 : direction == .up ? -1 : 0
                let right = direction == .right ? 1 : direction == .left ? -1 : 0
                open.append(Step(row: step.row + down, column: step.column + right, direction: direction))
            }
        }
        return found
    }

    private func check(_ arcs: [Arc], rows: Int, pitch: Int, _ context: String) -> Bool {
        let gutter = Gutter(arcs, rowCount: rows, pitch: pitch, limit: 99) { $0 }
        let cells = (0..<rows).map { gutter.cells(ofRow: $0).characters }
        let picture = cells.map { String($0) }.joined(separator: "\n")
        for arc in arcs where arc.source != arc.target {
            if !heads(from: arc.source, cells).contains(arc.target) {
                Issue.record("\(context): no line from \(arc.source) to \(arc.target)\n\(picture)")
                return false
            }
        }
        let targets = Set(arcs.filter { $0.source != $0.target }.map(\.target))
        for row in 0..<rows where cells[row].contains("►") != targets.contains(row) {
            Issue.record("\(context): row \(row) has a head without a jump, or a jump without a head\n\(picture)")
            return false
        }
        return true
    }

    @Test func everyPairOfJumps() {
        let count = 5
        for code in 0..<count * count * count * count * 4 {
            let numbers = [code % count, code / count % count, code / 25 % count, code / 125 % count]
            let arcs = [
                Arc(source: numbers[0], target: numbers[1], isCall: code / 625 & 1 == 1),
                Arc(source: numbers[2], target: numbers[3], isCall: code / 625 & 2 == 2),
            ]
            if numbers[0] == numbers[2] { continue }
            guard check(arcs, rows: count, pitch: 1 + code & 1, "\(numbers)") else { return }
        }
    }

    @Test func generatedPrograms() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of GutterTests.generatedPrograms: \(seed)")
        var fuzzer = Fuzzer(seed: seed, patchers: [])
        for index in 0..<2000 as Range<UInt64> {
            let program = fuzzer.makeCase(index: index).program
            if program.insns.count > 64 { continue }
            let arcs = Listing("", program).arcs
            guard check(arcs, rows: program.insns.count, pitch: 1 + Int(index & 1), "seed \(seed), index \(index)")
            else { return }
        }
    }

    @Test func jumpsWithoutALane() {
        let arcs =
            (0..<6).map { Arc(source: $0, target: 11 - $0, isCall: false) } + [
                Arc(source: 6, target: 6, isCall: false), Arc(source: 8, target: 99, isCall: false),
            ]
        let gutter = Gutter(arcs, rowCount: 12, pitch: 1, limit: 2) { $0 < 12 ? $0 : nil }
        let picture = (0..<12).map { String(gutter.cells(ofRow: $0).characters) }
        #expect(
            picture == [
                "  ↓─", "  ↓─", "  ↓─", "  ↓─", "╭───", "│╭──", "│╰↺►", "╰──►", "  ↓►", "   ►", "   ►", "   ►",
            ])
    }
}
