/// The C header of the ABI for patchers, for C programs that must not depend on an installed one.
package enum PatcherHeader {
    /// The contents of `bpf_patcher.h`.
    package static let text = String(decoding: PackageResources.bpf_patcher_h, as: UTF8.self)
}
