extension Checkpoint.Part {
    /// The options that say which cases of a campaign were run, and how, but not what they are.
    private static let sizes = ["--shard", "--cases", "--time", "--jobs"]

    /// What makes the cases and judges them, as it was given: the arguments without those that say which cases were run.
    var command: [String] { words(leavingOut: Self.sizes) + (kernel ?? []) }

    /// What makes the cases and judges them, wherever it is: as the command, with files as what is in them.
    ///
    /// A folder of objects and the same objects named one by one are the same, since their programs are.
    var campaign: [String] {
        let rest = words(leavingOut: Self.sizes + ["--objects"])
        let plugins = Set(
            zip(rest, rest.dropFirst()).filter { $0.0 == "--plugin" }.map { Self.file(ofPlugin: $0.1).path })
        let contents = Dictionary(files.map { ($0.path, $0.content) }, uniquingKeysWith: { one, _ in one })
        var words: [String] = []
        for word in rest {
            guard words.last == "--plugin" else {
                words.append(word)
                continue
            }
            let file = Self.file(ofPlugin: word)
            words.append((file.name.map { $0 + "=" } ?? "") + (contents[file.path] ?? file.path))
        }
        let objects = files.filter { !plugins.contains($0.path) }
        return words + objects.flatMap { ["--objects", $0.content] } + (kernel ?? [])
    }

    /// What the word after `--plugin` names.
    private static func file(ofPlugin word: String) -> PluginFile {
        (try? PluginFile(argument: word)) ?? PluginFile(path: word)
    }

    /// The arguments without some options and the words behind them.
    private func words(leavingOut names: [String]) -> [String] {
        var words: [String] = []
        var isLeftOut = false
        for word in arguments {
            if word.hasPrefix("--") { isLeftOut = names.contains(word) }
            if !isLeftOut { words.append(word) }
        }
        return words
    }
}
