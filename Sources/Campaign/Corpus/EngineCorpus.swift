import Foundation
import Fuzzing
import SystemPackage
import UserFiles

/// Copies cases between the corpora of fuzzing engines and case files.
package struct EngineCorpus: ~Copyable {
    /// The outcome of a copy.
    package struct Summary: Codable, Sendable {
        /// The inputs or files that were written.
        package var written = 0
        /// Those whose case is a string of choices.
        package var choices = 0
        /// Those whose case is the text of a case file.
        package var texts = 0
        /// A line for each file that could not be read.
        package var refusals: [String] = []
    }

    private var cases: EngineCases
    private let output: String
    private var names: Set<String> = []

    /// Checks the folder for the copies.
    ///
    /// - Parameters:
    ///   - target: the patchers, on whose capabilities the case of a byte string depends
    ///   - output: the folder; it is made if it is missing
    /// - Throws: ``CampaignError`` if it cannot be written
    package init(_ target: PatcherTarget, output: String) throws(CampaignError) {
        cases = EngineCases(limits: target.limits)
        self.output = output
        try onFiles { () throws(FileError) in try Folder.check(output) }
    }

    /// Writes a case file for each input of some corpora.
    ///
    /// - Parameter paths: files, and folders with all that is below them
    /// - Throws: ``CampaignError`` if a file cannot be written
    package mutating func export(_ paths: [String]) throws(CampaignError) -> Summary {
        var summary = Summary()
        for file in Self.files(paths, in: &summary) {
            let bytes: [UInt8]
            do throws(CampaignError) { bytes = Array(try WholeFile.read(file)) } catch {
                summary.refusals.append("\(error)")
                continue
            }
            let c = cases.makeCase(bytes)
            try write(Array(CaseFile.print(c).utf8), as: Self.name(of: file), suffix: ".case")
            summary.count(isText: EngineInput.text(bytes) != nil)
        }
        return summary
    }

    /// Writes an input for each case of some files and folders.
    ///
    /// - Throws: ``CampaignError`` if a file cannot be written
    package mutating func `import`(_ paths: [String]) throws(CampaignError) -> Summary {
        var summary = Summary()
        for item in CaseSource.items(paths) {
            switch item.content {
            case .failure(let error): summary.refusals.append("\(error)")
            case .success(let c):
                if let fault = c.program.fault() {
                    summary.refusals.append("\(item.place): the program is ill formed: \(fault)")
                    continue
                }
                let (bytes, isText) = cases.input(of: c)
                try write(bytes, as: Self.name(of: item.place), suffix: "")
                summary.count(isText: isText)
            }
        }
        return summary
    }

    /// The files of some paths. An engine's notes, such as AFL's README.txt, are left out.
    private static func files(_ paths: [String], in summary: inout Summary) -> [String] {
        paths.flatMap { path -> [String] in
            if (try? FileType(of: path)) != .directory { return [path] }
            do throws(FileError) {
                let names = try Folder.names(in: path).filter { !$0.hasPrefix(".") }
                return names.flatMap { name -> [String] in
                    let below = path.hasSuffix("/") ? path + name : path + "/" + name
                    if (try? FileType(of: below, followingLinks: false)) == .directory {
                        return files([below], in: &summary)
                    }
                    return notes.contains(name) ? [] : [below]
                }
            } catch {
                summary.refusals.append("\(error)")
                return []
            }
        }
    }

    private static let notes: Set<String> = [
        "README.txt", "fuzzer_stats", "fuzzer_setup", "plot_data", "cmdline", "fuzz_bitmap", "target_hash",
        "fastresume.bin",
        "is_main_node",
    ]

    /// The name of a copy: letters, digits, `-`, `_` and `.`.
    private static func name(of file: String) -> String {
        var name = (file as NSString).lastPathComponent
        if name.hasSuffix(".case") { name.removeLast(".case".count) }
        return String(name.map { $0.isASCII && ($0.isLetter || $0.isNumber || "-_.".contains($0)) ? $0 : "_" })
    }

    private mutating func write(_ bytes: [UInt8], as name: String, suffix: String) throws(CampaignError) {
        var unique = name
        var number = 2
        while !names.insert(unique).inserted {
            unique = "\(name)-\(number)"
            number += 1
        }
        if names.count == 1 { try onFiles { () throws(FileError) in try Folder.make(output) } }
        let path = "\(output)/\(unique)\(suffix)"
        try onFiles { () throws(FileError) in try OutputFile.write(bytes, to: path) }
    }
}

extension EngineCorpus.Summary {
    fileprivate mutating func count(isText: Bool) {
        written += 1
        if isText { texts += 1 } else { choices += 1 }
    }
}
