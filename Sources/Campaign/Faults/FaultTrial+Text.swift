import Foundation
import Fuzzing

extension FaultTrial {
    /// The result in a few lines.
    package var text: String {
        let origin = fault.source.map { " (\($0))" } ?? ""
        let head = OutputWidth.wrap("\(fault.name): \(fault.summary)\(origin)", indent: 2)
        let time = "\(CountText.of(cases, "case")), \(Self.seconds(seconds))"
        guard let bucket, let size else { return head + "\n  NOT FOUND in \(time)" }
        let proof =
            switch smallest {
            case nil: "the smallest is not known"
            case size: "the smallest there is"
            case let smallest?: "the smallest there is has \(smallest.text)"
            }
        return head + "\n  found in \(time): \(bucket)\n  minimized to \(size.text): \(proof)"
    }

    private static func seconds(_ seconds: Double) -> String {
        String(format: "%.2f s", seconds)
    }

    /// The result of all trials, in one line.
    package static func summary(of trials: [FaultTrial]) -> String {
        let found = trials.filter(\.isDetected)
        let times = found.map(\.seconds).sorted()
        var parts = ["\(found.count) of \(CountText.of(trials.count, "fault")) found"]
        if let longest = times.last {
            parts.append("after \(seconds(times[times.count / 2])) in the median, \(seconds(longest)) at most")
        }
        let known = found.filter { $0.smallest != nil }
        let smallest = known.count { $0.smallest == $0.size }
        parts.append("\(smallest) of \(known.count) cases whose minimum is known are minimal")
        return parts.joined(separator: "; ")
    }
}
