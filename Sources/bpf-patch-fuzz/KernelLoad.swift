import ArgumentParser
import Campaign
import Foundation
import LinuxBPF

struct KernelLoad: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "x")
    @Argument var paths: [String]
    func run() throws {
        let loader = try ObjectLoader()
        for path in ObjectPaths(paths).entries.compactMap({ if case .file(let f) = $0 { f } else { nil } }) {
            do {
                let begun = Date()
                for load in try loader.load(path) {
                    for (flags, outcome) in load.outcomes.enumerated() {
                        switch outcome {
                        case .refused(let reason): print("\(path) \(load.name) \(flags*4) refused: \(reason)")
                        case .loaded(let loaded):
                            print("\(path) \(load.name) \(flags*4) loaded \(loaded.input.type.name) \(loaded.input.program.insns.count) -> \(loaded.result.insns.count) live \(loaded.live?.count { $0 } ?? -1) lines \(loaded.input.program.lines.count) -> \(loaded.result.lines.count) subs \(loaded.input.program.subprograms.count) -> \(loaded.result.subprograms.count) fault \(loaded.input.program.fault()?.description ?? "none")")
                        }
                    }
                }
                print("\(path) took \(Date().timeIntervalSince(begun))")
            } catch { print("\(error)") }
        }
    }
}
