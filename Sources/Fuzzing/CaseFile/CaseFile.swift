import BPF
import Patching

/// The text form of a ``Case``, meant to be read in a review and compared line by line.
///
/// <doc:CaseFiles> has the grammar. A case whose placeholders are zero (``Edit/withPlaceholdersCleared()``) is read
/// back as it was, and a text that was printed is printed the same again.
package enum CaseFile {
    /// Reads a case.
    ///
    /// The program need not be well formed; see `Program.fault()`.
    ///
    /// - Parameter file: what errors call the file
    /// - Throws: the first place at which the text stops making sense
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

    /// Writes a case; what its placeholders hold is lost.
    ///
    /// - Complexity: O(slots + edits)
    package static func print(_ c: Case) -> String {
        var writer = Writer(title + "\n")
        writer.write(c)
        return writer.text
    }

    /// The length of the program that a pass gives if it is accepted, in slots.
    ///
    /// It is where `append` stands in the next pass.
    static func length(after pass: Pass, of length: Int) -> Int {
        pass.edits.reduce(length) { $0 + $1.patch.count - Int($1.remove) }
    }
}
