import Foundation
import Testing

@testable import UserFiles

/// Reading what may have no end.
@Suite struct FileReaderTests {
    /// A pipe is read to its end, or to a limit: its writer may never come to one.
    @Test func pipesHaveALimit() throws {
        for (limit, isRead) in [(1 << 16, true), (9999, false)] {
            var ends: [Int32] = [0, 0]
            try #require(unsafe pipe(&ends) == 0)
            defer { close(ends[0]) }
            let written = [UInt8](repeating: 1, count: 10_000)
            #expect(unsafe write(ends[1], written, written.count) == written.count)
            close(ends[1])
            do throws(FileError) {
                let bytes = try FileReader.bytes(of: ends[0], named: "it", mostOfPipe: limit)
                #expect(isRead && bytes == written)
            } catch {
                #expect(
                    !isRead && error.description.hasPrefix("it: cannot be read: the pipe has more than "), "\(error)")
            }
        }
    }
}
