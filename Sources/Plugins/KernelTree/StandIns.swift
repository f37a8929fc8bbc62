import Foundation
import UserFiles

/// The headers with stand-ins for the rest of the kernel.
struct StandIns {
    /// The headers of this package, and the caller's own.
    let files: [CFile]
    /// The caller's own as a part of the file that is compiled.
    let text: String

    /// Reads them.
    ///
    /// - Parameter header: the path of the caller's own, if there is one
    /// - Throws: ``PluginError`` when that cannot be read
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

    /// The macros that conditionals of the tree see as defined.
    var macros: Set<String> {
        Set(files.flatMap(\.definitions).filter { $0.kind == .macro && $0.body > 0 }.map(\.name))
    }

    /// What to do where one is missing.
    static let remedy = "write a harmless one in a header, and name that with --stand-ins"
}
