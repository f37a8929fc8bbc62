/// The lines and conditions of taken functions, for a plug-in that counts those that run.
struct CoveredText {
    /// One line of text for each place: file, line, function, kind and condition, separated by tabs.
    private var places: [String] = []

    /// The text of a function with probes.
    mutating func text(_ range: Range<Int>, of function: CDefinition, in file: CFile) -> String {
        let probes = CProbes(function, in: file, from: places.count)
        places += probes.places.map { place in
            "\(file.name)\t\(place.line)\t\(function.name)\t\(place.kind.rawValue)\t\(place.condition)"
        }
        return probes.text(range)
    }

    /// The definitions that precede the functions.
    ///
    /// - Parameter name: the name of the plug-in
    func lines(name: String) -> [String] {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in places.joined(separator: "\n").utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let texts = ["\(name)"] + places
        return [
            "#define COVERAGE_NAME \"\(name)-\(String(hash, radix: 16))\"",
            "#define COVERAGE_COUNT \(max(places.count, 1))", "static const char coverage_places[] =",
        ] + texts.map { "\"\(CoveredText.escaped($0))\\n\"" } + [";", "#include \"coverage.h\""]
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"").replacing("\t", with: "\\t")
            .replacing("?", with: "\\?")
    }
}
