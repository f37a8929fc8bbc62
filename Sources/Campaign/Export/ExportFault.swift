/// The reason for which a case does not fit a format.
struct ExportFault: Error, CustomStringConvertible {
    var description: String

    init(_ description: String) { self.description = description }
}
