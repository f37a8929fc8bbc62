import Foundation
import FoundationXML
import Patching
import Testing

@testable import Campaign

/// The command `scale` and its plot.
@Suite struct ScaleCommandTests {
    private static let names = BuiltInPatchers.allCases.map(\.name)

    @Test func jsonIsAnArrayOfRows() throws {
        let run = try Tool.run(["scale", "--patches", "1000", "--json"])
        #expect(run.status == 0, "\(run.errors)")
        let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
        #expect(rows.map { $0["patcher"] as? String } == Self.names)
        for row in rows {
            #expect(
                Set(row.keys) == ["patches", "patcher", "seconds", "ns_per_patch", "ratio_to_copy", "extrapolated"])
            #expect(row["patches"] as? Int == 1_000 && row["extrapolated"] as? Bool == false)
            let seconds = try #require(row["seconds"] as? Double)
            let time = try #require(row["ns_per_patch"] as? Double)
            let ratio = try #require(row["ratio_to_copy"] as? Double)
            #expect(seconds > 0 && ratio > 1)
            #expect(abs(time / (seconds * 1e6) - 1) < 1e-12)
        }
    }

    @Test func rowsAreForTheNamedPatchersAndSizes() throws {
        let run = try Tool.run([
            "scale", "--patches", "300", "--patches", "100", "--patcher", "range-replace", "--patcher", "delta-array",
            "--json",
        ])
        let rows = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [[String: Any]] ?? []
        #expect(rows.map { $0["patches"] as? Int } == [100, 100, 300, 300])
        #expect(rows.prefix(2).map { $0["patcher"] as? String } == ["delta-array", "range-replace"])
    }

    @Test func wrongResultIsAFinding() throws {
        let run = try Tool.run(["scale", "--patches", "1000", "--patcher", "planted-lost-aux", "--json"])
        #expect(run.status == 77 && run.output.isEmpty)
        #expect(run.errors.contains("planted-lost-aux, 1,000 patches: the result differs from the oracle's"))
    }

    @Test(arguments: [
        (["--patches", "0"], "1 to 10,000,000"), (["--patches", "10000001"], "1 to 10,000,000"),
        (["--patches", "x"], "'x'"),
        (["--limit", "0"], "1ms to 10000d"), (["--limit", "nan"], "1ms to 10000d"), (["--patcher", "none"], "'none'"),
    ])
    func wrongUsageIsExplained(_ arguments: [String], _ words: String) throws {
        let run = try Tool.run(["scale"] + arguments)
        #expect(run.status == 64 && run.errors.contains(words), "\(run.errors)")
    }

    /// The file is checked before the measurement, which would end with another status here.
    @Test(arguments: ["/no/such/folder/scale.svg", NSTemporaryDirectory()])
    func unwritableFileIsReportedBeforeMeasuring(_ file: String) throws {
        let run = try Tool.run(["scale", "--patches", "100", "--patcher", "planted-lost-aux", "--plot", file])
        #expect(run.status == 1 && run.errors.contains("\(file): cannot be written"), "\(run.errors)")
    }

    /// The target of a symbolic link is written; a FIFO is refused.
    @Test func plotFollowsLinksAndRefusesPipes() throws {
        let folder = try Tool.Folder()
        let (target, link, pipe) = (folder.path + "/target.svg", folder.path + "/link.svg", folder.path + "/pipe")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: target)
        #expect(try Tool.run(["scale", "--patches", "100", "--plot", link]).status == 0)
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == target)
        #expect(try String(contentsOfFile: target, encoding: .utf8).contains("<svg"))

        let isMade = unsafe mkfifo(pipe, 0o600) == 0
        #expect(isMade)
        let run = try Tool.run(["scale", "--patches", "100", "--plot", pipe])
        #expect(run.status == 1 && run.errors.contains("\(pipe): cannot be written: it is a FIFO"), "\(run.errors)")
        let type = try FileManager.default.attributesOfItem(atPath: pipe)[.type] as? FileAttributeType
        #expect(type != .typeRegular)
    }

    @Test func plotIsWritten() throws {
        let folder = try Tool.Folder()
        let file = folder.path + "/scale.svg"
        let run = try Tool.run(["scale", "--patches", "100", "--patches", "1000", "--plot", file])
        #expect(run.status == 0 && run.output.contains("to the copy"), "\(run.errors)")
        #expect(try folder.texts().count == 1)
        let picture = try Picture(try String(contentsOfFile: file, encoding: .utf8))
        #expect(picture.names.isSuperset(of: Self.names) && picture.lines == Self.names.count + 1)
    }

    /// A plot parsed as XML.
    private struct Picture {
        private let root: XMLElement

        init(_ svg: String) throws {
            root = try #require(try XMLDocument(data: Data(svg.utf8)).rootElement())
        }

        private func elements(_ name: String) -> [XMLElement] {
            func below(_ element: XMLElement) -> [XMLElement] {
                let children = (element.children ?? []).compactMap { $0 as? XMLElement }
                return (element.name == name ? [element] : []) + children.flatMap(below)
            }
            return below(root)
        }

        /// All texts.
        var names: Set<String> { Set(elements("text").compactMap(\.stringValue)) }
        /// The number of lines.
        var lines: Int { elements("g").count { value("class", of: $0) == "line" } }
        /// The number of lines with a dashed part.
        var dashed: Int { elements("polyline").count { value("stroke-dasharray", of: $0) != nil } }
        /// The points of the lines: true for a hollow one.
        var points: [Bool] { elements("circle").map { value("class", of: $0) == "paper" } }
        /// The coordinates of the points: x, then y.
        var places: [Double] { elements("circle").flatMap { [number("cx", of: $0), number("cy", of: $0)] } }

        private func number(_ name: String, of element: XMLElement) -> Double {
            value(name, of: element).flatMap { Double($0) } ?? .nan
        }

        private func value(_ name: String, of element: XMLElement) -> String? {
            element.attributes?.first { $0.name == name }?.stringValue
        }
    }

    @Test func pictureHasALineAPatcher() throws {
        var rows: [ScaleRow] = []
        for size in [15_000, 45_000, 95_000] {
            let n = Double(size)
            rows.append(
                ScaleRow(
                    patches: size, patcher: "slow & <odd>", seconds: n * n / 1e9, copy: n / 1e9,
                    isExtrapolated: size > 15_000))
            rows.append(
                ScaleRow(patches: size, patcher: "fast", seconds: n / 1e8, copy: n / 1e9, isExtrapolated: false))
        }
        let picture = try Picture(ScalePlot(rows).svg)
        #expect(picture.lines == 3 && picture.dashed == 1)
        #expect(picture.names.isSuperset(of: ["slow & <odd>", "fast", "copy of the result", "patches"]))
        #expect(picture.names.isSuperset(of: ["15,000", "45,000", "95,000", "10 µs", "1 ms", "1 s", "10 s"]))
        // The copy, the slow patcher with two forecasts, the fast one.
        #expect(picture.points == [false, false, false, false, true, true, false, false, false])
        let isInside = picture.places.allSatisfy { $0 >= 70 && $0 <= 690 }
        #expect(isInside)
        // 15,000 of 10,000 to 100,000; 15 µs of 10 µs to 10 s.
        #expect(Array(picture.places.prefix(2)) == [195.7, 477.7])
    }

    @Test func pictureOfOneRowIsWhole() throws {
        let rows = [ScaleRow(patches: 1, patcher: "one", seconds: 1e-6, copy: 1e-6, isExtrapolated: true)]
        let picture = try Picture(ScalePlot(rows).svg)
        #expect(picture.lines == 2 && picture.points == [false, true] && picture.dashed == 0)
        let isFinite = picture.places.allSatisfy { $0.isFinite }
        #expect(isFinite)
    }
}
