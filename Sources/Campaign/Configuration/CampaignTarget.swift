/// What a campaign tests.
public enum CampaignTarget: Codable, Hashable, Sendable {
    case patchers(PatcherSubject)
    case kernel(KernelSubject)

    /// The target that makes, runs and judges the cases.
    var subject: any CampaignSubject {
        switch self {
        case .patchers(let subject): subject
        case .kernel(let subject): subject
        }
    }

    /// Patchers, or `nil`.
    public var patchers: PatcherSubject? { if case .patchers(let subject) = self { subject } else { nil } }

    /// The plug-ins among the patchers, as an option names them.
    var pluginFiles: [PluginFile] {
        (patchers?.patchers ?? []).compactMap(\.plugin).map { PluginFile(path: $0.path, name: $0.givenName) }
    }

    /// A kernel, or `nil`.
    public var kernel: KernelSubject? { if case .kernel(let subject) = self { subject } else { nil } }
}
