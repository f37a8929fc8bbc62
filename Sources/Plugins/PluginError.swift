import Foundation
import UserFiles

/// Why a plug-in cannot be used or built, in one line that says which file and what to do.
public struct PluginError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}

/// Does something with files, whose errors become those of a plug-in.
///
/// - Throws: ``PluginError`` with the words of the file's error
func onFiles<Result>(_ work: () throws(FileError) -> Result) throws(PluginError) -> Result {
    do throws(FileError) { return try work() } catch { throw PluginError(error.description) }
}

extension Error {
    /// The words of the system for the reason that a process could not be started.
    var startReason: String {
        var error = self as any Error
        while let deeper = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error { error = deeper }
        let number = error as NSError
        return number.domain == NSPOSIXErrorDomain ? SystemReason.text(Int32(number.code)) : "is there a /usr/bin/env?"
    }
}
