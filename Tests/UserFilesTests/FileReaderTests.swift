import Foundation
import SystemPackage
import Testing

@testable import UserFiles

/// Reads devices and pipes, which may be endless.
@Suite struct FileReaderTests {
    /// A pipe is read to its end, or to a limit: its writer may never come to one.
    @Test func pipesHaveALimit() throws {
        for (limit, isRead) in [(1 << 16, true), (9999, false)] {
            let (input, output) = try FileDescriptor.pipe()
            defer { input.end() }
            let written = [UInt8](repeating: 1, count: 10_000)
            try output.closeAfter { try output.put(written) }
            do throws(FileError) {
                let bytes = try FileReader.bytes(of: input, named: "it", mostOfPipe: limit)
                #expect(isRead && bytes == written)
            } catch {
                #expect(
                    !isRead && error.description.hasPrefix("it: cannot be read: the pipe has more than "), "\(error)")
            }
        }
    }
}
