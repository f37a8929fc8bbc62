/// Types and sizes that only other headers of the kernel define. A header is read when it is needed.
extension CSlice {
    /// Reads the header that defines a type with a tag, if there is one.
    mutating func readHeader(definingTag tag: String) {
        readHeader { CSlice.defines(tag: tag, $0.bytes) }
    }

    private mutating func readHeader(where isRight: (CFileSource) -> Bool) {
        guard let number = headers.firstIndex(where: isRight) else { return }
        read(compiled(headers.remove(at: number)))
    }

    /// Returns true if a brace follows a tag and its attributes.
    private static func defines(tag: String, _ bytes: [UInt8]) -> Bool {
        for keyword in CFile.tagKeywords {
            for start in ByteSearch.all("\(keyword) \(tag)", in: bytes) {
                var scanner = CScanner(bytes, in: (start + keyword.utf8.count)..<bytes.count)
                var isTag = true
                while let token = scanner.next() {
                    let word = String(decoding: bytes[token.range], as: UTF8.self)
                    if isTag ? word != tag : !word.hasPrefix("__") {
                        if !isTag && word == "{" { return true }
                        break
                    }
                    isTag = false
                }
            }
        }
        return false
    }

    /// Reads the header that defines a type or a size by a name. Returns true if it is defined then.
    mutating func readHeader(definingName name: String, isSize: Bool, from file: Int) -> Bool {
        let text = isSize ? "#define \(name)" : "\(name);"
        readHeader { header in
            ByteSearch.all(text, in: header.bytes).contains { start in
                let edge = isSize ? start + text.utf8.count : start - 1
                return edge >= 0 && edge < header.bytes.count && !CScanner.isWordPart(header.bytes[edge])
                    && (isSize || header.contains("typedef"))
            }
        }
        return visible(name, from: file).contains { isSize || $0.kind == .typedef }
    }

    /// Makes the slice of a tree, without text that is not compiled.
    ///
    /// - Parameter read: more files of the tree, relative to it
    /// - Throws: ``PluginError`` if the compiler cannot be started, or one of these files cannot be read
    init(
        of tree: KernelTree, _ standins: StandIns, reading read: [String], _ compiler: CCompiler
    ) throws(PluginError) {
        let sources = tree.sources + (try tree.files(read))
        let all = try CConditionals.compiled(sources + tree.others, after: standins.sources) {
            text throws(PluginError) in try compiler.preprocess(text)
        }
        self.init(
            sources: Array(all.prefix(sources.count)), others: Array(all.dropFirst(sources.count)),
            headers: tree.headers, standins: standins.files
        ) { header in
            // The compiler has run before; if it fails now, the text is taken as it is.
            let compiled = try? CConditionals.compiled([header], after: standins.sources) {
                text throws(PluginError) in try compiler.preprocess(text)
            }
            return compiled?.first ?? header
        }
    }
}
