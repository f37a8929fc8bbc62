import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// A file or device that gets the seed and index of each case before its program is loaded.
///
/// In a virtual machine, this is a serial port: the host knows the case even if its load ends the machine. The host
/// makes the case again from the first line, which describes the kernel and the profiles.
///
/// - Shape: lines `target JSON` and `SEED INDEX`
struct LoadLog {
    /// The environment variable with the path; workers inherit it.
    static let variable = "BPF_PATCH_FUZZ_LOADS"

    private let file: FileDescriptor?

    /// Opens the file of ``variable``; without the variable, nothing is written.
    init() {
        let path = ProcessInfo.processInfo.environment[Self.variable] ?? ""
        file = path.isEmpty ? nil : try? .opening(path, .writeOnly, [.append, .create], permissions: .ownerReadWrite)
    }

    /// Writes the kernel and the profiles.
    func write(_ target: KernelTarget) {
        if file == nil { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        guard let json = try? encoder.encode(target) else { return }
        put(KernelTarget.linePrefix + String(decoding: json, as: UTF8.self) + "\n")
    }

    /// Writes a case whose program is loaded next.
    func write(_ origin: Case.Origin) {
        if file != nil { put("\(origin.seed) \(origin.index)\n") }
    }

    /// Writes a line and waits until it has left the machine.
    private func put(_ line: String) {
        guard let file else { return }
        try? file.put(Array(line.utf8))
        if tcdrain(file.rawValue) != 0 { try? file.synchronize() }
    }
}

extension KernelTarget {
    /// The start of the line with the target.
    fileprivate static let linePrefix = "target "

    /// Reads the target from a file with the lines of a load log.
    ///
    /// - Throws: ``CampaignError`` if no line has it
    package init(loadLog path: String) throws(CampaignError) {
        let text = String(decoding: try WholeFile.read(path), as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).filter { $0.hasPrefix(Self.linePrefix) }
        for line in lines {
            let json = Data(line.dropFirst(Self.linePrefix.count).utf8)
            guard let target = try? JSONDecoder().decode(KernelTarget.self, from: json) else { continue }
            self = target
            return
        }
        throw CampaignError("\(path): has no line 'target JSON' of a load log; see Tests/VirtualMachine/run --help")
    }
}
