import Fuzzing
import Patching
import Plugins

/// A plug-in on the command line: a file, or `NAME=FILE` for another name.
package struct PluginFile: Codable, Hashable, Sendable {
    /// The path on the command line.
    package var path: String
    /// The name that replaces the one that the plug-in exports, or `nil`.
    package var name: String?

    /// Names a file.
    package init(path: String, name: String? = nil) {
        self.path = path
        self.name = name
    }

    /// Reads `FILE` or `NAME=FILE`.
    ///
    /// The text before the first `=` is a name unless it contains a slash, so that `./a=b.so` is a file.
    ///
    /// - Throws: ``CampaignError`` if the name is invalid, or no file follows it
    package init(argument: String) throws(CampaignError) {
        guard let equals = argument.firstIndex(of: "="), !argument[..<equals].contains("/") else {
            self.init(path: argument)
            return
        }
        let name = String(argument[..<equals])
        let path = String(argument[argument.index(after: equals)...])
        let advice = "if it is part of the file's name, write ./\(argument)"
        if path.isEmpty { throw CampaignError("\(argument): no file follows the '='; write NAME=FILE, or \(advice)") }
        if let fault = Plugin.fault(inName: name) { throw CampaignError("\(argument): the name \(fault); \(advice)") }
        if Self.reserved.contains(name) {
            throw CampaignError("\(argument): the name '\(name)' \(Self.reservedReason); choose another name")
        }
        self.init(path: path, name: name)
    }

    /// The text that ``init(argument:)`` reads.
    package static func argument(name: String?, path: String) -> String {
        if let name { return "\(name)=\(path)" }
        // A relative path that contains an '=' would be read as a name.
        return path.contains("=") && !path.contains("/") ? "./" + path : path
    }

    /// Names that buckets use for something else than a plug-in.
    static let reserved = Set(
        BuiltInPatchers.allCases.map(\.name) + PlantedFault.all.map(\.name)
            + ["all", Finding.oracleTarget, Finding.passCheckTarget, Finding.kernelTarget, JudgeMessage.unknown])

    /// The reason for an error about a name in ``reserved``.
    static let reservedReason = "is that of another patcher or of a part of the harness"
}
