import BPF
import KernelModel
import KernelRewrites
import TestSupport
import Testing

@testable import LinuxBPF

@Suite("What is found out of the running kernel", .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct FactsTests {
    @Test("What the kernel is known to have since a version is found")
    func features() throws {
        let facts = try RunningKernel().facts
        let since: [(KernelVersion, KernelFeature)] = [
            (KernelVersion(5, 14), .addressableMaps), (KernelVersion(5, 3), .rndHi32),
            (KernelVersion(5, 13), .pseudoFunction), (KernelVersion(5, 17), .loop), (KernelVersion(5, 15), .timer),
            (KernelVersion(6, 6), .gotol), (KernelVersion(6, 6), .signedDivision),
            (KernelVersion(6, 6), .signExtension),
            (KernelVersion(6, 9), .mayGoto), (KernelVersion(6, 14), .mayGotoNop), (KernelVersion(4, 18), .loadAbsolute),
            (KernelVersion(5, 8), .speculationHardening), (KernelVersion(4, 12), .testRun),
        ]
        for (version, feature) in since where facts.version >= version {
            #expect(facts.features.contains(feature), "\(feature) since \(version)")
        }
        if facts.features.contains(.kernelTypes) && facts.version >= KernelVersion(6, 7) {
            #expect(facts.features.isSuperset(of: [.kptr, .percpuKptr, .kernelFunctions]))
        }
        #expect(facts.programTypes.isSuperset(of: [.socketFilter, .schedCLS, .xdp, .cgroupSKB]))
        #expect(facts.features.contains(.blinding) == !LoadingRight.isPlain)
        #expect(facts.release.hasPrefix("\(facts.version)."))
    }

    @Test("Versions are in order")
    func version() {
        #expect(KernelVersion(6, 9) < KernelVersion(6, 10))
        #expect(KernelVersion(5, 19) < KernelVersion(6, 0))
    }
}
