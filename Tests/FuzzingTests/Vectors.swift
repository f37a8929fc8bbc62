import Foundation
import Fuzzing

/// The files of `Tests/Vectors`.
enum Vectors {
    static let files = ["passes.jsonl", "far.jsonl", "corners.jsonl"]

    static func text(of file: String) throws -> String {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        return try String(contentsOf: folder.appendingPathComponent("Vectors/\(file)"), encoding: .utf8)
    }

    /// The parsed files, cached: parsing takes a debug build seconds.
    private static let contents = Result {
        try Dictionary(
            uniqueKeysWithValues: files.map { ($0, try ScriptLine.parseAll(try text(of: $0), file: $0)) })
    }

    static func cases(of file: String) throws -> [Case] { try contents.get()[file] ?? [] }
}

/// Random numbers that a seed reproduces.
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
        mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
        return mixed ^ mixed >> 31
    }
}
