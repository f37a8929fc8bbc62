/// The software under test: patchers or a kernel.
package enum CampaignTarget: Codable, Hashable, Sendable {
    case patchers(PatcherTarget)
    case kernel(KernelTarget)

    /// The patchers, or `nil` for a kernel.
    package var patchers: PatcherTarget? { if case .patchers(let target) = self { target } else { nil } }

    /// The kernel, or `nil` for patchers.
    package var kernel: KernelTarget? { if case .kernel(let target) = self { target } else { nil } }

    /// The properties that patchers and a kernel have in common.
    var properties: any TargetProperties {
        switch self {
        case .patchers(let target): target
        case .kernel(let target): target
        }
    }

    /// The plug-ins among the patchers, with the paths and names of their options.
    var pluginFiles: [PluginFile] {
        (patchers?.patchers ?? []).compactMap(\.plugin).map { PluginFile(path: $0.path, name: $0.givenName) }
    }
}
