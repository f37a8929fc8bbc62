import Testing

@testable import Plugins

/// Whether a program is one static file.
@Suite struct StaticFileTests {
    /// What a kernel tells at the start, and whether that is of a static file; 7 is the place of the loader.
    private static let vectors: [(words: [UInt], isStatic: Bool)] = [
        ([3, 0x1000, 7, 0x7f00, 0, 0], false), ([3, 0x1000, 7, 0, 0, 0], true), ([3, 7, 0, 0], true), ([], true),
        ([7], true), ([7, 5], false),
    ]

    @Test(arguments: vectors.indices) func loaderIsLookedFor(number: Int) {
        #expect(StaticFile.isStatic(StaticFileTests.vectors[number].words) == StaticFileTests.vectors[number].isStatic)
    }

    @Test func testsAreLinkedWithALoader() { #expect(!StaticFile.isRunning) }
}
