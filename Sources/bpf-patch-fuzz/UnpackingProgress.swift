import Campaign
import Foundation

/// Shows on standard error that an archive is being unpacked: the percentage on a terminal, one line elsewhere.
struct UnpackingProgress {
    private let archive: String
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var percent: Int?

    init(archive: String) { self.archive = archive }

    /// Shows the share that is read, from 0 to 1.
    mutating func show(_ part: Double) {
        let now = Int(part * 100)
        if now == percent { return }
        if isTerminal {
            Output.note("\r\u{1b}[K\(archive): unpacking kernel/bpf and its headers, \(now) %")
        } else if percent == nil {
            Output.note("\(archive): unpacking kernel/bpf and its headers\n")
        }
        percent = now
    }

    /// Erases the line on a terminal.
    func end() {
        if isTerminal && percent != nil { Output.note("\r\u{1b}[K") }
    }
}
