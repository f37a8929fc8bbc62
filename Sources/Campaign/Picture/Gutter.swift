/// The lines beside a program that show where its jumps and calls go.
///
/// All that lands on one slot shares a lane, and each lane has one arrow head. A lane stands outside of those that it
/// overlaps and that are shorter. Where a line passes another's lane it goes behind it: `─│─` is a crossing, `┼` joins.
struct Gutter {
    /// How a lane is drawn: jumps light, calls double, what stands out heavy.
    private struct Stroke {
        var horizontal: Character
        var vertical: Character
        /// Down, up, both; the same with a line that comes from further out.
        var corners: [Character]

        static let light = Stroke(horizontal: "─", vertical: "│", corners: ["╭", "╰", "├", "┬", "┴", "┼"])
        static let double = Stroke(horizontal: "═", vertical: "║", corners: ["╔", "╚", "╠", "╦", "╩", "╬"])
        static let heavy = Stroke(horizontal: "━", vertical: "┃", corners: ["┏", "┗", "┣", "┳", "┻", "╋"])
    }

    /// What goes to one slot.
    private struct Lane {
        var target: Int
        var sources: [Int]
        var isCall: Bool
        var tone: Tone
        var column = 0
        /// The rows between which it runs.
        var top: Int
        var bottom: Int

        init(to target: Int, from source: Int, _ arc: Arc) {
            self.target = target
            sources = [source]
            isCall = arc.isCall
            tone = arc.tone
            top = min(source, target)
            bottom = max(source, target)
        }

        mutating func add(_ source: Int) {
            sources.append(source)
            top = min(top, source)
            bottom = max(bottom, source)
        }

        var standsOut: Bool { tone != .plain }
        var stroke: Stroke { standsOut ? .heavy : isCall ? .double : .light }
        var ink: Tone { tone == .plain && isCall ? .call : tone }
        /// Of lines that run together, the higher rank is drawn.
        var rank: Int { standsOut ? 2 : isCall ? 1 : 0 }

        func overlaps(_ other: Lane) -> Bool { top <= other.bottom && other.top <= bottom }
    }

    /// What a row has besides lanes.
    private struct Stub {
        var sign: Character
        var tone: Tone
    }

    private var lanes: [Lane] = []
    private var stubs: [Int: Stub] = [:]
    /// Rows at which a jump without a lane arrives.
    private var bareHeads: Set<Int> = []
    /// The lanes that touch each row.
    private var lanesOfRow: [[Int]]
    private var columns = 0
    private let pitch: Int

    /// How many columns it takes.
    var width: Int { columns == 0 && stubs.isEmpty ? 0 : columns * pitch + 2 }

    /// Places the arcs of a program.
    ///
    /// - Parameters:
    ///   - row: the row that shows a slot, or `nil` where it is left out
    ///   - pitch: how many columns a lane takes
    ///   - limit: how many lanes may stand side by side; jumps beyond show as `↑` and `↓`
    /// - Complexity: O(lanes² + rows × lanes)
    init(_ arcs: [Arc], rowCount: Int, pitch: Int, limit: Int, row: (Int) -> Int?) {
        self.pitch = pitch
        lanesOfRow = Array(repeating: [], count: rowCount)
        var numbers: [Arc: Int] = [:]
        var all: [Lane] = []
        for arc in arcs {
            guard let source = row(arc.source) else { continue }
            guard let target = row(arc.target), target != source else {
                let sign: Character = arc.target == arc.source ? "↺" : arc.target < arc.source ? "↑" : "↓"
                stubs[source] = Stub(sign: sign, tone: arc.tone)
                continue
            }
            let key = Arc(source: 0, target: target, isCall: arc.isCall, tone: arc.tone)
            if let number = numbers[key] {
                all[number].add(source)
            } else {
                numbers[key] = all.count
                all.append(Lane(to: target, from: source, arc))
            }
        }
        all.sort { one, other in
            if one.standsOut != other.standsOut { return !one.standsOut }
            return (one.bottom - one.top, one.top) < (other.bottom - other.top, other.top)
        }
        for var lane in all {
            for other in lanes where other.column >= lane.column && other.overlaps(lane) {
                lane.column = other.column + 1
            }
            if lane.column >= limit && !lane.standsOut {
                for source in lane.sources {
                    stubs[source] = Stub(sign: lane.target < source ? "↑" : "↓", tone: lane.tone)
                }
                bareHeads.insert(lane.target)
                continue
            }
            for row in lane.top...lane.bottom { lanesOfRow[row].append(lanes.count) }
            columns = max(columns, lane.column + 1)
            lanes.append(lane)
        }
    }

    /// The cells of a row, or of the space below it.
    func cells(ofRow row: Int, below: Bool = false) -> StyledText {
        if width == 0 { return StyledText() }
        var cells = Array(repeating: (Character(" "), Tone.plain), count: width)
        let touching = lanesOfRow[row].map { lanes[$0] }
        for lane in touching where !below || lane.bottom > row {
            cells[place(lane)] = (lane.stroke.vertical, lane.ink)
        }
        if !below { drawEnds(touching.filter { $0.target == row || $0.sources.contains(row) }, row, &cells) }
        var text = StyledText()
        for (character, tone) in cells { text.append(character, tone) }
        return text
    }

    /// Where the lane stands, from the left.
    private func place(_ lane: Lane) -> Int { (columns - 1 - lane.column) * pitch }

    /// Draws the lines of a row between the lanes and the instruction.
    private func drawEnds(_ ends: [Lane], _ row: Int, _ cells: inout [(Character, Tone)]) {
        let head = columns * pitch
        let outsideIn = ends.sorted { $0.column > $1.column }
        var shown: Lane?
        for (number, lane) in outsideIn.enumerated() {
            if lane.rank >= shown?.rank ?? 0 { shown = lane }
            guard let shown else { continue }
            let up = lane.top < row
            let down = lane.bottom > row
            let corner = (up && down ? 2 : up ? 1 : 0) + (number > 0 ? 3 : 0)
            cells[place(lane)] = (lane.stroke.corners[corner], lane.ink)
            let next = number + 1 < outsideIn.count ? place(outsideIn[number + 1]) : head
            for at in place(lane) + 1..<next where cells[at].0 == " " {
                cells[at] = (shown.stroke.horizontal, shown.ink)
            }
        }
        let arriving = ends.filter { $0.target == row }
        let isLeaving = ends.contains { $0.target != row }
        if let shown {
            let both = isLeaving && !arriving.isEmpty
            cells[head] = (both ? "◄" : shown.stroke.horizontal, shown.ink)
            cells[head + 1] = (shown.stroke.horizontal, shown.ink)
        }
        if let stub = stubs[row] {
            cells[head] = (stub.sign, stub.tone)
            if ends.isEmpty { cells[head + 1] = ("─", stub.tone) }
        }
        if let wrong = arriving.first(where: { $0.tone == .wrong }) {
            cells[head + 1] = ("✗", wrong.ink)
        } else if let first = arriving.max(by: { $0.rank < $1.rank }) {
            cells[head + 1] = ("►", first.ink)
        } else if bareHeads.contains(row) {
            cells[head + 1] = ("►", .plain)
        }
    }
}
