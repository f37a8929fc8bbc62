import ArgumentParser
import Campaign
import Foundation
import Fuzzing

extension ExitCode {
    /// Something was found.
    static let findings = ExitCode(77)
}

/// Ends the command with status 1 and a line on standard error.
func stop(_ error: some Error) -> ExitCode {
    complain("error: \(error)")
    return error is ValidationError ? .validationFailure : .failure
}

/// Writes a line to standard error.
func complain(_ text: String) {
    Output.note(text + "\n")
}

/// Reads a file, or standard input for `-`.
///
/// - Throws: ``CampaignError`` that says which file, and why not
func read(_ path: String) throws(CampaignError) -> String {
    let data: Data
    if path == "-" {
        data = FileHandle.standardInput.readDataToEndOfFile()
    } else {
        do { data = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw CampaignError("\(path): cannot be read: \(error.localizedDescription)")
        }
    }
    guard let text = String(bytes: data, encoding: .utf8) else {
        throw CampaignError("\(path): is not text in UTF-8")
    }
    return text
}
