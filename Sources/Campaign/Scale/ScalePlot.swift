import Foundation

/// A plot of time over patches with a line for each patcher; both axes are logarithmic.
///
/// Each line has its name at its end, so that colours are not needed. Extrapolated parts are dashed and have hollow
/// points. Text and background follow the light or dark theme; the lines are readable on both.
package struct ScalePlot {
    /// A line with its points.
    private struct Line {
        var name: String
        var color: String
        var points: [Point]
    }

    private struct Point {
        var patches: Double
        var seconds: Double
        var isExtrapolated: Bool
    }

    private static let colors = [
        "#d1495b", "#2e86de", "#2a9d4a", "#9b59d0", "#e0701a", "#159a9c", "#b8880b", "#c2549d",
    ]
    private static let gray = "#8b949e"
    /// The least distance between two names at the ends of lines.
    private static let nameDistance = 17.0

    private let lines: [Line]
    private let horizontal: LogarithmicAxis
    private let vertical: LogarithmicAxis
    private let patches: [Int]

    /// Prepares a plot of at least one row.
    package init(_ rows: [ScaleRow]) {
        precondition(!rows.isEmpty)
        patches = Set(rows.map(\.patches)).sorted()
        var lines = [Line(name: "copy of the result", color: ScalePlot.gray, points: [])]
        for row in rows {
            let x = Double(row.patches)
            if lines[0].points.last?.patches != x {
                lines[0].points.append(Point(patches: x, seconds: row.copy, isExtrapolated: false))
            }
            let point = Point(patches: x, seconds: row.seconds, isExtrapolated: row.isExtrapolated)
            if let number = lines.firstIndex(where: { $0.name == row.patcher }) {
                lines[number].points.append(point)
            } else {
                let color = ScalePlot.colors[(lines.count - 1) % ScalePlot.colors.count]
                lines.append(Line(name: row.patcher, color: color, points: [point]))
            }
        }
        self.lines = lines
        let seconds = lines.flatMap(\.points).map(\.seconds)
        horizontal = LogarithmicAxis(over: patches.map(Double.init), from: 90, to: 690)
        vertical = LogarithmicAxis(over: seconds, from: 490, to: 70)
    }

    /// The plot as an SVG file.
    package var svg: String {
        """
        <?xml version="1.0" encoding="UTF-8"?>
        <svg xmlns="http://www.w3.org/2000/svg" width="880" height="560" viewBox="0 0 880 560" \
        font-family="system-ui, sans-serif" font-size="13" role="img" aria-labelledby="title">
        <title id="title">Time of one pass by the number of its patches</title>
        <style>
        .paper { fill: #ffffff } .ink { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0 }
        @media (prefers-color-scheme: dark) {
        .paper { fill: #0d1117 } .ink { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d }
        }
        </style>
        <rect class="paper" width="880" height="560"/>
        <text class="ink" x="90" y="32" font-size="17" font-weight="600">Time of one pass by the number of its patches</text>
        <text class="faint" x="90" y="52">One patch an instruction, 1 → 2, every eighth instruction a jump. \
        Dashed: extrapolated.</text>
        \(grid)
        \(lines.map(draw).joined(separator: "\n"))
        \(names)
        </svg>

        """
    }

    /// The grid lines with their numbers, and the titles of the axes.
    private var grid: String {
        var text = ""
        for tick in vertical.ticks {
            let y = ScalePlot.number(vertical.place(tick))
            text += "<line class=\"grid\" x1=\"90\" x2=\"690\" y1=\"\(y)\" y2=\"\(y)\"/>\n"
            text += "<text class=\"faint\" x=\"82\" y=\"\(y)\" dy=\"4\" text-anchor=\"end\">"
            text += "\(ScalePlot.duration(tick))</text>\n"
        }
        var free = -Double.infinity
        for size in patches {
            let place = horizontal.place(Double(size))
            let x = ScalePlot.number(place)
            text += "<line class=\"grid\" x1=\"\(x)\" x2=\"\(x)\" y1=\"70\" y2=\"490\"/>\n"
            // Of sizes close to each other, only the first has room for its number.
            let label = CountText.grouped(size)
            let half = Double(label.count) * 4 + 4
            if place - half < free { continue }
            free = place + half
            text += "<text class=\"faint\" x=\"\(x)\" y=\"510\" text-anchor=\"middle\">\(label)</text>\n"
        }
        text += "<text class=\"ink\" x=\"390\" y=\"538\" text-anchor=\"middle\">patches</text>\n"
        text +=
            "<text class=\"ink\" transform=\"translate(20 280) rotate(-90)\" text-anchor=\"middle\">time of the pass</text>"
        return text
    }

    private func draw(_ line: Line) -> String {
        var text = "<g class=\"line\" fill=\"none\" stroke=\"\(line.color)\" stroke-width=\"2\">\n"
        let measured = line.points.prefix { !$0.isExtrapolated }
        text += path(Array(measured), dashed: false)
        // The dashes start at the last measured point.
        text += path(Array(line.points.dropFirst(max(0, measured.count - 1))), dashed: true)
        for point in line.points {
            text += "<circle cx=\"\(x(point))\" cy=\"\(y(point))\" r=\"3.5\" "
            text += point.isExtrapolated ? "class=\"paper\"/>\n" : "fill=\"\(line.color)\"/>\n"
        }
        return text + "</g>"
    }

    private func path(_ points: [Point], dashed: Bool) -> String {
        if points.count < 2 { return "" }
        let places = points.map { "\(x($0)),\(y($0))" }.joined(separator: " ")
        return "<polyline points=\"\(places)\"\(dashed ? " stroke-dasharray=\"6 5\"" : "")/>\n"
    }

    /// The names at the ends of the lines, moved apart where they would overlap.
    private var names: String {
        var ends: [(line: Line, end: Double, place: Double)] = []
        for line in lines {
            guard let last = line.points.last else { continue }
            let place = vertical.place(last.seconds)
            ends.append((line, place, place))
        }
        ends.sort { $0.end < $1.end }
        for number in ends.indices.dropFirst() {
            ends[number].place = max(ends[number].place, ends[number - 1].place + ScalePlot.nameDistance)
        }
        // Names below the bottom move up again, and push others up.
        var limit = 490.0
        for number in ends.indices.reversed() {
            ends[number].place = min(ends[number].place, limit)
            limit = ends[number].place - ScalePlot.nameDistance
        }
        return ends.map { end in
            let y = ScalePlot.number(end.place)
            let start = ScalePlot.number(horizontal.place(Double(patches[patches.count - 1])) + 6)
            let color = end.line.color
            return "<polyline points=\"\(start),\(ScalePlot.number(end.end)) 706,\(y) 712,\(y)\" fill=\"none\" "
                + "stroke=\"\(color)\" stroke-opacity=\"0.6\"/>"
                + "<text x=\"716\" y=\"\(y)\" dy=\"4\" font-weight=\"600\" fill=\"\(color)\">"
                + "\(ScalePlot.escaped(end.line.name))</text>"
        }.joined(separator: "\n")
    }

    private func x(_ point: Point) -> String { ScalePlot.number(horizontal.place(point.patches)) }
    private func y(_ point: Point) -> String { ScalePlot.number(vertical.place(point.seconds)) }

    private static func number(_ place: Double) -> String { String(format: "%.1f", place) }

    /// A power of ten in seconds, with a unit.
    private static func duration(_ seconds: Double) -> String {
        let (value, unit) =
            seconds < 0.9e-3 ? (seconds * 1e6, "µs") : seconds < 0.9 ? (seconds * 1e3, "ms") : (seconds, "s")
        return value < 0.9 ? "\(value) \(unit)" : "\(CountText.grouped(Int(value.rounded()))) \(unit)"
    }

    private static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
    }
}
