import Foundation
import UserFiles

/// Stand-ins: headers that replace the rest of the kernel.
struct StandIns {
    /// The headers of this package and the user's header.
    let files: [CFile]
    /// The text of the user's header for the compiled file; empty if there is none.
    let text: String

    /// Reads the headers.
    ///
    /// - Parameter header: the path of the user's header, or `nil`
    /// - Throws: ``PluginError`` if the user's header cannot be read
    init(header: String?) throws(PluginError) {
        var headers = [
            ("standins.h", PackageResources.standins_h), ("common.h", PackageResources.common_h),
            ("helpers.h", PackageResources.helpers_h),
        ]
        if let header {
            let bytes = try onFiles { () throws(FileError) in try FileReader.bytes(of: header) }
            headers.append((header, bytes))
            let name = header.replacingOccurrences(of: "\\", with: "\\\\").replacingOccurrences(of: "\"", with: "\\\"")
            text = "#line 1 \"\(name)\"\n" + String(decoding: bytes, as: UTF8.self)
        } else {
            text = ""
        }
        files = headers.map { CFile(name: $0.0, bytes: $0.1, number: 0, defined: []) }
    }

    /// The macros that are defined for the conditionals of the tree.
    var macros: Set<String> {
        Set(files.flatMap(\.definitions).filter { $0.kind == .macro && $0.body > 0 }.map(\.name))
    }

    /// The advice for a missing stand-in.
    static let remedy = "define a harmless one in a header and pass it with --stand-ins"
}
