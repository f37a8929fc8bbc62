import Foundation
import KernelModel
import KernelRewrites
import LinuxBPF
import TestSupport
import Testing

extension TamperingCount {
    /// The shares of changes that must be seen, by kind.
    static let required: [(kinds: [Change.Kind], share: Double)] = [
        ([.jump, .call, .function, .start], 0.999),
        ([.line, .removal], 0.99),
        ([.shift, .mask, .bound, .element, .constant, .stack, .half, .unblinded, .register, .size], 0.99),
    ]

    /// Expects the required share of each kind, as a finding or as code that is not understood.
    func expectShares() {
        for (kinds, share) in Self.required {
            for kind in kinds {
                let row = total(kind)
                #expect(row.made > 0, "no \(kind.rawValue) was changed")
                #expect(Double(row.found + row.gaps) >= share * Double(row.made), "\(kind.rawValue): \(row)")
            }
        }
    }
}

/// The right results of the running kernel, changed in one thing: the check must see each change. Prints the shares.
@Suite(.serialized, .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct TamperingTests {
    @Test func someResultsOfAllProfiles() throws {
        var counted = TamperingCount()
        for profile in ProgramProfile.allCases {
            counted += try TamperingRun(
                profile: profile, seed: 1, programs: profile == .far ? 1 : 8, mostOfKind: 4
            ).count()
        }
        print(counted.text)
        counted.expectShares()
        #expect(counted.leftOut * 20 < counted.programs, "\(counted.leftOut) results had findings before any change")
    }
}

/// The same with more results: 600, or `TAMPERING_PROGRAMS`. Prints the shares by kind, place and profile, and examples of
/// what is not seen. Ten thousand take an hour in a debug build.
@Suite(
    .serialized, .enabled(if: LongTests.areWanted, "\(LongTests.reason)"),
    .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct TamperingEnduranceTests {
    private static let programs =
        ProcessInfo.processInfo.environment["TAMPERING_PROGRAMS"].flatMap { Int($0) } ?? 600

    @Test func manyResultsOfAllProfiles() async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        let profiles = ProgramProfile.allCases
        let counted = try await withThrowingTaskGroup(of: TamperingCount.self) { group in
            for profile in profiles {
                let share = Self.programs / (profiles.count - 1)
                let run = TamperingRun(
                    profile: profile, seed: seed, programs: profile == .far ? 20 : share, mostOfKind: 4)
                group.addTask { try run.count() }
            }
            return try await group.reduce(into: TamperingCount()) { $0 += $1 }
        }
        print("seed \(seed)\n\(counted.text)")
        counted.expectShares()
    }
}
