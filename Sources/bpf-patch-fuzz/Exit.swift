import ArgumentParser
import Campaign
import Foundation
import Fuzzing
import UserFiles

extension ExitCode {
    /// There are findings.
    static let findings = ExitCode(77)
}

/// Prints an error and returns its exit status: 64 for wrong usage, else 1.
func stop(_ error: some Error) -> ExitCode {
    complain("error: \(error)")
    let isWrongUse = error is ValidationError || (error as? CampaignError)?.isWrongUse == true
    return isWrongUse ? .validationFailure : .failure
}

/// Writes a line to standard error.
func complain(_ text: String) {
    Output.note(text + "\n")
}

/// Reads a file, or standard input for `-`.
///
/// - Throws: ``CampaignError`` with the file and the reason
func read(_ path: String) throws(CampaignError) -> String {
    let isInput = path == "-"
    let bytes = try onFiles { () throws(FileError) in
        if !isInput { return try FileReader.bytes(of: path) }
        return try FileReader.bytes(of: .standardInput, named: "standard input")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
        throw CampaignError("\(isInput ? "standard input" : path): is not text in UTF-8")
    }
    return text
}
