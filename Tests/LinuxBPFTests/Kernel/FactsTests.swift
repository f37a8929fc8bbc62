import BPF
import KernelRewrites
import Testing

@testable import LinuxBPF

@Suite(
    "What the running kernel is found to have", .serialized,
    .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct FactsTests {
    @Test("print") func dump() throws {
        let kernel = try RunningKernel()
        let facts = kernel.facts
        print(facts.release, facts.version)
        print("features", facts.features.map(\.rawValue).sorted())
        print("missing", Set(KernelFeature.allCases).subtracting(facts.features).map(\.rawValue))
        print("types", facts.programTypes.map(\.name).sorted(), facts.programTypes.count)
        print("functions", Set(KernelFacts.knownFunctions).subtracting(facts.functions))
        print(facts.configuration)
        for probe in FeatureProbe.all {
            switch kernel.load(probe.program) {
            case .loaded: break
            case .refused(let r): print(probe.feature, r)
            }
        }
        for type in KernelFacts.allTypes {
            switch kernel.load(FeatureProbe.program(of: type)) {
            case .loaded: break
            case .refused(let r): print(type, r)
            }
        }
    }
}
extension KernelFacts { static var allTypes: [ProgramType] { ProgramType.allCases } }
