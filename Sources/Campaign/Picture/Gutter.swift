/// The arrows beside a program, from each jump and call to its target.
///
/// Jumps to one target share a lane with one arrow head. A lane is outside the shorter lanes that it overlaps. A line
/// that crosses another lane is interrupted there: `─│─` is a crossing, `┼` a junction.
struct Gutter {
    /// The characters of a lane: light for jumps, double for calls, heavy for emphasized jumps.
    private struct Stroke {
        var horizontal: Character
        var vertical: Character
        /// Corners down, up and both; then the same with a line from further out.
        var corners: [Character]

        static let light = Stroke(horizontal: "─", vertical: "│", corners: ["╭", "╰", "├", "┬", "┴", "┼"])
        static let double = Stroke(horizontal: "═", vertical: "║", corners: ["╔", "╚", "╠", "╦", "╩", "╬"])
        static let heavy = Stroke(horizontal: "━", vertical: "┃", corners: ["┏", "┗", "┣", "┳", "┻", "╋"])
    }

    /// The jumps or calls to one target.
    private struct Lane {
        var target: Int
        var sources: [Int]
        var isCall: Bool
        var tone: Tone
        var column = 0
        /// The first row; the last is ``bottom``.
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

        var isEmphasized: Bool { tone != .plain }
        var stroke: Stroke { isEmphasized ? .heavy : isCall ? .double : .light }
        var ink: Tone { tone == .plain && isCall ? .call : tone }
        /// The priority: of overlapping lines, the one with the highest rank is drawn.
        var rank: Int { isEmphasized ? 2 : isCall ? 1 : 0 }

        func overlaps(_ other: Lane) -> Bool { top <= other.bottom && other.top <= bottom }
    }

    /// The sign of a jump without a lane.
    private struct Stub {
        var sign: Character
        var tone: Tone
    }

    private var lanes: [Lane] = []
    private var stubs: [Int: Stub] = [:]
    /// Target rows of jumps without a lane.
    private var bareHeads: Set<Int> = []
    /// The lanes that touch each row.
    private var lanesOfRow: [[Int]]
    private var columns = 0
    private let pitch: Int

    /// - Units: columns
    var width: Int { columns == 0 && stubs.isEmpty ? 0 : columns * pitch + 2 }

    /// Places the arcs of a program.
    ///
    /// - Parameters:
    ///   - row: the row that shows a slot, or `nil` for a hidden slot
    ///   - pitch: the columns of a lane
    ///   - limit: the most lanes side by side; further jumps are shown as `↑` and `↓`
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
            if one.isEmphasized != other.isEmphasized { return !one.isEmphasized }
            return (one.bottom - one.top, one.top) < (other.bottom - other.top, other.top)
        }
        for var lane in all {
            for other in lanes where other.column >= lane.column && other.overlaps(lane) {
                lane.column = other.column + 1
            }
            if lane.column >= limit && !lane.isEmphasized {
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

    /// The cells of a row, or of its continuation lines.
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

    /// The column of a lane, from the left.
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
