import BPF
import LinuxBPF
import TestSupport
import Testing

@testable import KernelRewrites

/// Programs are made for a verifier that accepts them, and what they say of themselves is what it sees.
@Suite(.enabled(if: LoadingRight.reason.isEmpty, "\(LoadingRight.reason)"), .serialized)
struct AcceptanceTests {
    /// Loads some programs; gives how many the kernel took, and why it did not take others.
    private func load(
        _ profiles: [ProgramProfile], seed: UInt64, count: UInt64, comparing isCompared: Bool
    ) throws -> (accepted: Int, reasons: [String: Int]) {
        let kernel = try RunningKernel()
        var generator = KernelProgramGenerator(seed: seed, profiles: profiles, facts: try kernel.facts)
        var accepted = 0
        var reasons: [String: Int] = [:]
        for index in 0..<count {
            let program = generator.make(index: index)
            switch kernel.load(program.loadable) {
            case .loaded: accepted += 1
            case .refused(let refusal):
                reasons[refusal.reason, default: 0] += 1
                continue
            }
            // A verifier that follows what processors may do by mistake names that in its log too.
            if !isCompared || program.loadable.privilege != .all { continue }
            let seen = try kernel.seen(program.loadable)
            let differs = seen.indices.first { seen[$0] != program.live[$0] }
            #expect(differs == nil, "seed \(seed), index \(index)")
        }
        return (accepted, reasons)
    }

    @Test(arguments: ProgramProfile.allCases.filter { $0 != .far }) func profilesAreAccepted(_ profile: ProgramProfile)
        throws
    {
        let facts = try RunningKernel().facts
        if !profile.lacks(in: facts).isEmpty { return }
        let (accepted, reasons) = try load([profile], seed: 11, count: 100, comparing: true)
        #expect(accepted >= 95, "\(reasons)")
    }

    @Test func allTogetherAreAccepted() throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let (accepted, reasons) = try load(ProgramProfile.allCases, seed: seed, count: 500, comparing: true)
        #expect(accepted >= 475, "seed \(seed): \(reasons)")
    }

    /// A jump that 16 bits just reach is out of reach where the kernel makes the program longer; most are not so long.
    @Test func someFarProgramsAreAccepted() throws {
        let (accepted, reasons) = try load([.far, .division], seed: 5, count: 16, comparing: false)
        #expect(accepted >= 12, "\(reasons)")
        #expect(reasons.keys.allSatisfy { $0.contains("bit range") }, "\(reasons)")
    }
}
