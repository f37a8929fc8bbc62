import Glibc

/// Why a file or folder cannot be used: which one, the reason of the system, and what to do, in one sentence.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) { self.description = description }

    /// An error with the words of the system.
    ///
    /// - Parameters:
    ///   - verb: what could not be done to it: `read`, `written`
    ///   - code: an `errno`
    init(_ path: String, cannotBe verb: String, _ code: Int32, advice: String = "") {
        self.init("\(path.named): cannot be \(verb): \(SystemReason.text(code))\(advice)")
    }

    /// An error of something that is there and is of the wrong kind.
    init(_ path: String, cannotBe verb: String, kind: FileKind, advice: String) {
        self.init("\(path.named): cannot be \(verb): it is \(kind.words); \(advice)")
    }
}

/// The words of the system for its errors.
package enum SystemReason {
    /// The words for an `errno`.
    package static func text(_ code: Int32 = errno) -> String {
        let words = unsafe String(cString: strerror(code))
        return code == EMFILE ? words + "; raise their number with 'ulimit -n'" : words
    }
}

extension String {
    /// A path for an error, in which an empty one can be seen.
    var named: String { isEmpty ? "''" : self }
}
