/// Evaluates the conditionals of C files with the compiler's own preprocessor.
///
/// The preprocessor gets the directives only, with a marker at the start of each region between them. A region whose marker is
/// missing in its output is not compiled.
struct CConditionals {
    /// The regions of all files, by number.
    private var regions: [Region] = []
    /// The enums of all files that macros fill, by number.
    private var enums: [MacroEnum] = []
    /// The text for the preprocessor.
    private(set) var text = ""

    /// The text between two conditionals.
    private struct Region {
        var file: Int
        var range: Range<Int>
    }

    private static let marker = "standin_region_"
    private static let enumMarker = "standin_enum_"
    private static let conditionals: Set<String> = ["if", "ifdef", "ifndef", "elif", "else", "endif"]

    /// Removes all text that is not compiled. Lines keep their numbers.
    ///
    /// - Parameters:
    ///   - files: files in the order in which their macros are defined
    ///   - standins: headers whose macros are defined before
    ///   - preprocess: runs the preprocessor on a text
    /// - Complexity: O(bytes)
    static func compiled(
        _ files: [CFileSource], after standins: [CFileSource], preprocess: (String) throws(PluginError) -> String
    ) throws(PluginError) -> [CFileSource] {
        var conditionals = CConditionals()
        for standin in standins { conditionals.add(standin, number: nil) }
        for (number, file) in files.enumerated() { conditionals.add(file, number: number) }
        let output = try preprocess(conditionals.text)
        return conditionals.apply(output, to: files)
    }

    private mutating func add(_ file: CFileSource, number: Int?) {
        var start = 0
        func endRegion(_ end: Int, _ regions: inout [Region], _ text: inout String) {
            guard let number else { return }
            text += "\(CConditionals.marker)\(regions.count)\n"
            regions.append(Region(file: number, range: start..<end))
        }
        var enums = (number.map { CConditionals.enums(of: file, number: $0) } ?? [])[...]
        for token in DirectiveScanner.directives(of: file.bytes) {
            // The macros of an enum may be undefined after it.
            while let next = enums.first, next.body.upperBound <= token.range.lowerBound {
                add(enums.removeFirst(), of: file)
            }
            let directive = CDirective(file.bytes, token)
            if CConditionals.conditionals.contains(directive.name) {
                endRegion(token.range.lowerBound, &regions, &text)
                start = token.range.upperBound
            } else if directive.name != "define" && directive.name != "undef" {
                continue
            }
            text += String(decoding: file.bytes[token.range], as: UTF8.self) + "\n"
        }
        for macroEnum in enums { add(macroEnum, of: file) }
        endRegion(file.bytes.count, &regions, &text)
    }

    /// An enum with constants that macros make.
    private struct MacroEnum {
        var file: Int
        /// The range of the braces.
        var body: Range<Int>
    }

    /// The enums that macros fill, such as `enum bpf_func_id`, in order.
    private static func enums(of file: CFileSource, number: Int) -> [MacroEnum] {
        ByteSearch.all("enum", in: file.bytes).compactMap { start in
            macroBody(after: start + 4, in: file.bytes).map { MacroEnum(file: number, body: $0) }
        }
    }

    /// Adds the body of an enum. The output has its constants.
    private mutating func add(_ macroEnum: MacroEnum, of file: CFileSource) {
        text += "\(CConditionals.enumMarker)\(enums.count)\n"
        text += String(decoding: file.bytes[macroEnum.body], as: UTF8.self) + "\n"
        text += "\(CConditionals.enumMarker)end\n"
        enums.append(macroEnum)
    }

    /// The braces of an enum if a name with arguments is where a constant could be, else `nil`.
    private static func macroBody(after start: Int, in bytes: [UInt8]) -> Range<Int>? {
        var scanner = CScanner(bytes, in: start..<bytes.count)
        var open: Int?
        var hasCall = false
        var before = UInt8(ascii: " ")
        var isName = false
        while let token = scanner.next() {
            let byte = bytes[token.range.lowerBound]
            guard let open else {
                if byte == UInt8(ascii: "{") {
                    open = token.range.lowerBound
                } else if token.kind != .word {
                    return nil
                }
                before = byte
                continue
            }
            if byte == UInt8(ascii: "}") { return hasCall ? open..<token.range.upperBound : nil }
            if byte == UInt8(ascii: "(") && isName { hasCall = true }
            isName = token.kind == .word && (before == UInt8(ascii: "{") || before == UInt8(ascii: ","))
            before = byte
        }
        return nil
    }

    private func apply(_ output: String, to files: [CFileSource]) -> [CFileSource] {
        var compiled = files
        var isActive = Array(repeating: false, count: regions.count)
        var current: Int?
        for line in output.split(separator: "\n") {
            if line.hasPrefix(CConditionals.marker) {
                if let number = Int(line.dropFirst(CConditionals.marker.count)) { isActive[number] = true }
            } else if line.hasPrefix(CConditionals.enumMarker) {
                current = Int(line.dropFirst(CConditionals.enumMarker.count))
            } else if let current, !line.hasPrefix("#") {
                let macroEnum = enums[current]
                compiled[macroEnum.file].macroConstants[macroEnum.body.lowerBound, default: ""] += "\(line)\n"
            }
        }
        var kept = files.map { Array(repeating: UInt8(ascii: " "), count: $0.bytes.count) }
        for (number, region) in regions.enumerated() where isActive[number] {
            kept[region.file].replaceSubrange(region.range, with: files[region.file].bytes[region.range])
        }
        for number in compiled.indices {
            let bytes = files[number].bytes
            for at in bytes.indices where bytes[at] == UInt8(ascii: "\n") { kept[number][at] = bytes[at] }
            compiled[number].bytes = kept[number]
        }
        return compiled
    }
}

/// A parsed `#` line.
struct CDirective {
    /// `define`, `ifdef` and so on.
    var name: String
    /// The tokens that follow the name.
    var rest: [String]
    /// The offset after the name of a macro.
    var bodyStart: Int

    init(_ bytes: [UInt8], _ token: CToken) {
        var scanner = CScanner(bytes, in: token.range, line: token.line, isInDirective: true)
        var words: [String] = []
        bodyStart = token.range.upperBound
        while let part = scanner.next() {
            words.append(String(decoding: bytes[part.range], as: UTF8.self))
            if words.count == 3 {
                bodyStart = part.range.upperBound
                if words[1] == "define" { break }
            }
        }
        name = words.count > 1 ? words[1] : ""
        rest = Array(words.dropFirst(2))
    }
}

/// Finds the directives of a file without splitting the rest into tokens.
enum DirectiveScanner {
    static func directives(of bytes: [UInt8]) -> [CToken] {
        var scanner = CScanner(bytes)
        var found: [CToken] = []
        while let token = scanner.nextDirective() { found.append(token) }
        return found
    }
}

/// A file as it is read, or with the text that is compiled.
struct CFileSource: Sendable {
    var name: String
    var bytes: [UInt8]
    /// The expanded braces of enums that macros fill, by the offset of the opening brace.
    var macroConstants: [Int: String] = [:]

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
    }

    var isHeader: Bool { name.hasSuffix(".h") }

    /// Returns true if the file contains a text.
    func contains(_ text: String) -> Bool { ByteSearch.first(text, in: bytes) != nil }
}
