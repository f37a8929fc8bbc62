extension Checkpoint.Part {
    /// What makes the cases of a campaign and judges them, as it was named; which cases were run makes no difference.
    struct Command: Hashable {
        var target: CampaignTarget
        var seed: UInt64
    }

    var command: Command { Command(target: configuration.target, seed: configuration.cases.seed) }

    /// What makes the cases of a campaign and judges them, on any machine: the contents of files replace their paths.
    struct Identity: Hashable {
        var command: Command
        /// The contents of the objects. A folder of objects and the same objects named one by one have the same programs.
        var objects: [String]
    }

    /// - Complexity: O(files)
    var identity: Identity {
        var command = command
        guard case .patchers(var fuzzTarget) = command.target else { return Identity(command: command, objects: []) }
        let contents = Dictionary(files.map { ($0.path, $0.content) }, uniquingKeysWith: { one, _ in one })
        let objects = files.filter { !fuzzTarget.plugins.contains($0.path) }.map(\.content)
        fuzzTarget.objects = []
        fuzzTarget.patchers = fuzzTarget.patchers.map { $0.moved { contents[$0] ?? $0 } }
        command.target = .patchers(fuzzTarget)
        return Identity(command: command, objects: objects)
    }
}
