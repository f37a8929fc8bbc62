/// The software under test: patchers or a kernel.
public enum CampaignTarget: Codable, Hashable, Sendable {
    case patchers(PatcherSubject)
    case kernel(KernelSubject)

    /// The target that generates, runs and judges the cases.
    var subject: any CampaignSubject {
        switch self {
        case .patchers(let subject): subject
        case .kernel(let subject): subject
        }
    }

    /// The patchers, or `nil` for a kernel.
    public var patchers: PatcherSubject? { if case .patchers(let subject) = self { subject } else { nil } }

    /// The plug-ins among the patchers, with the paths and names of their options.
    var pluginFiles: [PluginFile] {
        (patchers?.patchers ?? []).compactMap(\.plugin).map { PluginFile(path: $0.path, name: $0.givenName) }
    }

    /// The kernel, or `nil` for patchers.
    public var kernel: KernelSubject? { if case .kernel(let subject) = self { subject } else { nil } }
}
