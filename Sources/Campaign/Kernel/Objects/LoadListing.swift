import BPF
import Fuzzing

/// The instructions around a place of a loaded program, before and after the kernel's rewrites.
struct LoadListing {
    /// The number of slots before and after the place.
    private static let around = 4

    private let load: ObjectSurvey.Load
    private let input: Listing
    private let result: Listing

    /// - Complexity: O(slots)
    init(_ load: ObjectSurvey.Load) {
        self.load = load
        input = Listing("program", load.loaded.input.program)
        result = Listing("result", load.loaded.result)
    }

    /// The instructions around the place of a finding.
    func text(_ finding: Finding) -> String {
        let place: Int
        switch finding.rule {
        case .subprogram: place = start(load.loaded.result.subprograms.map(\.start), finding.place)
        case .line: place = start(load.loaded.result.lines.map(\.insnOff), finding.place)
        default: place = finding.place
        }
        return text(slot: slot(of: place), place: place)
    }

    private func start(_ starts: [UInt32], _ row: Int) -> Int { Int(starts.dropFirst(row).first ?? starts.last ?? 0) }

    /// The program slot of a result slot; inside a patch, the first slot that it replaces.
    private func slot(of place: Int) -> Int {
        var shift = 0
        for applied in load.report.applied {
            if Int(applied.result.lowerBound) > place { break }
            if applied.result.contains(UInt32(place)) { return Int(applied.input.lowerBound) }
            shift = Int(applied.input.upperBound) - Int(applied.result.upperBound)
        }
        return place + shift
    }

    /// The instructions around a slot of the program and a place of the result, with both marked.
    func text(slot: Int, place: Int) -> String {
        "  program\n" + Self.lines(input, around: slot) + "  result\n" + Self.lines(result, around: place)
    }

    private static func lines(_ listing: Listing, around center: Int) -> String {
        var text = ""
        let count = listing.program.insns.count
        for slot in max(center - around, 0)..<max(min(center + around + 1, count), max(center - around, 0))
        where listing.isStart[slot] {
            let marks = slot <= center && center < slot + listing.width(at: slot) ? "  > " : "    "
            let subprograms = listing.subprograms(at: slot).map { "  subprogram \($0)" }.joined()
            let records = listing.lineRecords(of: slot)
            text += "\(marks)\(listing.name(of: slot)): \(listing.text(of: slot))\(subprograms)"
            text += records.isEmpty ? "\n" : "  line \(records)\n"
        }
        return text
    }
}
