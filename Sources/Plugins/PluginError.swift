/// Why a plug-in cannot be used or built, in one line that says which file and what to do.
public struct PluginError: Error, Hashable, Sendable, CustomStringConvertible {
    public var description: String
    public init(_ description: String) { self.description = description }
}
