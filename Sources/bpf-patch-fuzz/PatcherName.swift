import ArgumentParser
import Patching

extension BuiltInPatchers: ExpressibleByArgument {
    /// Reads a name; the parser lists the known ones when it is none of them.
    public init?(argument: String) { self.init(rawValue: argument) }
}
