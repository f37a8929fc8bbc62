import Foundation
import UserFiles

/// Stand-ins: headers that replace the rest of the kernel.
struct StandIns {
    /// The headers of this package and the user's header. Their macros are defined for the conditionals of the tree.
    let sources: [CFileSource]
    /// The same headers with their definitions.
    let files: [CFile]
    /// The text of the user's header for the compiled file; empty if there is none.
    let text: String

    /// Reads the headers.
    ///
    /// - Parameter headers: the paths of the user's headers
    /// - Throws: ``PluginError`` if one cannot be read
    init(headers: [String]) throws(PluginError) {
        var sources = StandIns.kit.filter { StandIns.own.contains($0.name) }
        var text = ""
        for header in headers {
            let bytes = try onFiles { () throws(FileError) in try FileReader.bytes(of: header) }
            sources.append(CFileSource(name: header, bytes: bytes))
            let name = header.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"")
            text += "#line 1 \"\(name)\"\n" + String(decoding: bytes, as: UTF8.self) + "\n"
        }
        self.sources = sources
        self.text = text
        files = sources.map { CFile($0, number: 0) }
    }

    /// The headers of this package whose definitions replace those of the tree.
    private static let own: Set<String> = ["standins.h", "common.h", "helpers.h"]

    /// All C files of this package, which are compiled with the functions of a tree.
    static let kit = [
        ("adapter.c", PackageResources.adapter_c), ("bpf_patcher.h", PackageResources.bpf_patcher_h),
        ("bpf_patcher_kernel.h", PackageResources.bpf_patcher_kernel_h), ("check.h", PackageResources.check_h),
        ("common.h", PackageResources.common_h), ("coverage.h", PackageResources.coverage_h),
        ("disguise.h", PackageResources.disguise_h),
        ("edits.h", PackageResources.edits_h),
        ("environment.h", PackageResources.environment_h), ("facts.h", PackageResources.facts_h),
        ("helpers.h", PackageResources.helpers_h),
        ("kernel.c", PackageResources.kernel_c), ("kit.h", PackageResources.kit_h),
        ("layout.h", PackageResources.layout_h), ("memory.h", PackageResources.memory_h),
        ("owned.h", PackageResources.owned_h), ("passes.h", PackageResources.passes_h),
        ("report.h", PackageResources.report_h),
        ("rows.h", PackageResources.rows_h), ("snapshot.h", PackageResources.snapshot_h),
        ("standins.h", PackageResources.standins_h), ("state.h", PackageResources.state_h),
        ("steps.h", PackageResources.steps_h), ("tables.h", PackageResources.tables_h),
        ("whole.h", PackageResources.whole_h), ("words.h", PackageResources.words_h),
    ].map { CFileSource(name: $0.0, bytes: $0.1) }

    /// The advice for a missing stand-in.
    static let remedy = "define a harmless one in a header and pass it with --stand-ins"
    /// The advice for a type of unknown size.
    static let typeRemedy = "define it in a header and pass that with --stand-ins"
}
