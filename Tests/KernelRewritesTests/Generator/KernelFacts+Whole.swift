import BPF
import KernelModel
import KernelRewrites

extension KernelFacts {
    /// A kernel that has everything that programs are made for.
    static let whole = KernelFacts(
        release: "6.18.0", features: Set(KernelFeature.allCases), functions: Set(KernelFacts.knownFunctions))
    /// A kernel of long ago: maps can be addressed, and that is all.
    static let old = KernelFacts(
        release: "5.15.0", features: [.addressableMaps],
        programTypes: [.socketFilter, .schedCLS, .xdp, .cgroupSKB])
}
