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

extension Errno {
    /// The reason why a program of `PATH` cannot be started, which takes /usr/bin/env.
    var startReason: String { self == .noSuchFileOrDirectory ? "is there a /usr/bin/env?" : reason }
}
