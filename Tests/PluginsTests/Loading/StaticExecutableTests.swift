import Testing

@testable import Plugins

/// Detection of static executables.
@Suite struct StaticExecutableTests {
    /// Auxiliary vectors of dynamic and static executables. Type 7 is `AT_BASE`, the address of the loader.
    private static let vectors: [(words: [UInt], isStatic: Bool)] = [
        ([3, 0x1000, 7, 0x7f00, 0, 0], false), ([3, 0x1000, 7, 0, 0, 0], true), ([3, 7, 0, 0], true), ([], true),
        ([7], true), ([7, 5], false),
    ]

    @Test(arguments: vectors.indices) func loaderIsDetected(number: Int) {
        #expect(
            StaticExecutable.isStatic(StaticExecutableTests.vectors[number].words)
                == StaticExecutableTests.vectors[number].isStatic)
    }

    @Test func testsAreLinkedDynamically() { #expect(!StaticExecutable.isRunning) }
}
