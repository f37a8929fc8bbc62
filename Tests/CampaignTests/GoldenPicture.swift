import Fuzzing
import Patching
import Testing

@testable import Campaign

/// The picture of a case in text form, without its legend.
func goldenPicture(_ text: String, _ patchers: [any Patcher] = [], width: Int = 100) throws -> String {
    let c = try CaseFile.parse(text, file: "golden")
    let picture = try CasePicture(c, patchers: patchers, width: width).text()
    let legend = try #require(picture.firstRange(of: "\n- taken out"))
    return String(picture[..<legend.lowerBound])
}
