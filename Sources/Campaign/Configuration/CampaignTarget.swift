/// The software under test: patchers or a kernel.
package enum CampaignTarget: Codable, Hashable, Sendable {
    case patchers(PatcherTarget)
    case kernel(KernelTarget)

    /// The target that generates, runs and judges the cases.
    var fuzzTarget: any FuzzTarget {
        switch self {
        case .patchers(let fuzzTarget): fuzzTarget
        case .kernel(let fuzzTarget): fuzzTarget
        }
    }

    /// The patchers, or `nil` for a kernel.
    package var patchers: PatcherTarget? { if case .patchers(let fuzzTarget) = self { fuzzTarget } else { nil } }

    /// The plug-ins among the patchers, with the paths and names of their options.
    var pluginFiles: [PluginFile] {
        (patchers?.patchers ?? []).compactMap(\.plugin).map { PluginFile(path: $0.path, name: $0.givenName) }
    }

    /// The kernel, or `nil` for patchers.
    package var kernel: KernelTarget? { if case .kernel(let fuzzTarget) = self { fuzzTarget } else { nil } }
}
