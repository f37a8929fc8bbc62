/// What the records of a program name: the function of each subprogram, and where in the source each line record points.
///
/// A record that the kernel gives back says nowhere which one it was; what it names is all that tells it. Two line
/// records can name the same place, where a macro or an inlined function is spread. Such records are the same to whoever
/// reads them, so they are given the same id here, that of the first of them, and a table that is right to the byte is
/// right by these ids too.
package struct RecordNames: Hashable, Sendable {
    /// The BTF type of the function that each `func_info` record is for.
    package var functions: [UInt32] = []
    /// Where each `line_info` record points.
    package var lines: [SourcePlace] = []

    /// Makes names; without any, there are no records.
    package init(functions: [UInt32] = [], lines: [SourcePlace] = []) {
        self.functions = functions
        self.lines = lines
    }
}

/// Where in the source an instruction comes from, as BTF says it.
///
/// - Source: `include/uapi/linux/bpf.h`, `struct bpf_line_info`
package struct SourcePlace: Hashable, Sendable {
    /// The offset of the file's name among the strings of the BTF.
    package var file: UInt32
    /// The offset of the line's text among them.
    package var text: UInt32
    /// Line and column in one word.
    package var position: UInt32

    package init(file: UInt32, text: UInt32, position: UInt32) {
        self.file = file
        self.text = text
        self.position = position
    }
}

/// Numbers things by the first place at which each is met.
struct FirstPlaces<Name: Hashable> {
    private var numbers: [Name: UInt32] = [:]

    init(_ names: [Name]) {
        for (place, name) in names.enumerated() where numbers[name] == nil { numbers[name] = UInt32(place) }
    }

    /// The number of a name; one that no place has where the name was not met.
    func number(of name: Name) -> UInt32 { numbers[name] ?? UInt32.max }
}
