import Foundation
import SystemPackage
import UserFiles

/// The reason why a plug-in cannot be used or built: one line with the file and the remedy.
package struct PluginError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
    package init(_ description: String) { self.description = description }
}

/// Converts the file errors of an operation to plug-in errors.
///
/// - Throws: ``PluginError`` with the text of the file error
func onFiles<Result>(_ work: () throws(FileError) -> Result) throws(PluginError) -> Result {
    do throws(FileError) { return try work() } catch { throw PluginError(error.description) }
}

extension Error {
    /// The system's reason why a process could not be started.
    var startReason: String {
        var error = self as any Error
        while let deeper = (error as NSError).userInfo[NSUnderlyingErrorKey] as? any Error { error = deeper }
        let number = error as NSError
        if number.domain != NSPOSIXErrorDomain { return "is there a /usr/bin/env?" }
        return Errno(rawValue: Int32(number.code)).reason
    }
}
