import SystemPackage

/// An error that makes a file or folder unusable. The text contains the name, the system's reason and advice.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }

    /// An error with the reason of the system.
    ///
    /// - Parameter verb: the participle of the failed operation, such as `read` or `written`
    package init(_ path: String, cannotBe verb: String, _ reason: Errno, advice: String = "") {
        self.init("\(path.named): cannot be \(verb): \(reason.reason)\(advice)")
    }

    /// An error of a file of the wrong type.
    init(_ path: String, cannotBe verb: String, type: FileType, advice: String) {
        self.init("\(path.named): cannot be \(verb): it is \(type.words); \(advice)")
    }
}

extension String {
    /// A path for an error, in which an empty one can be seen.
    fileprivate var named: String { isEmpty ? "''" : self }
}
