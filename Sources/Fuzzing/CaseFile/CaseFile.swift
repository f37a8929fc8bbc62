import BPF
import Patching

/// The text form of a ``Case``, for reviews and line-by-line comparison.
///
/// <doc:CaseFiles> has the grammar. A case with zeros as placeholders (``Edit/withPlaceholdersCleared()``) is read back
/// unchanged, and it prints as the same text again.
package enum CaseFile {
    /// Reads a case.
    ///
    /// The program need not be well formed; see `Program.fault()`.
    ///
    /// - Parameter file: the name of the file in errors
    /// - Throws: the first error
    /// - Complexity: O(length + slots)
    package static func parse(_ text: String, file: String) throws(TextError) -> Case {
        var reader = Reader(text, sections: Self.sections)
        do throws(AssemblyError) {
            return try reader.readCase()
        } catch {
            throw TextError(error, file: file, line: reader.lineNumber)
        }
    }

    /// The first line of every file.
    static let title = "# bpf-patch-fuzz case"

    /// Writes a case; the contents of placeholders are lost.
    ///
    /// - Complexity: O(slots + edits)
    package static func print(_ c: Case) -> String {
        var writer = Writer(title + "\n")
        writer.write(c)
        return writer.text
    }

    /// The length of the result of an accepted pass in slots: the place of `append` in the next pass.
    static func length(after pass: Pass, of length: Int) -> Int {
        pass.edits.reduce(length) { $0 + $1.patch.count - Int($1.remove) }
    }
}
