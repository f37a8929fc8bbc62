import Foundation

/// The parts of libFuzzer's interface that all targets have in common.
public enum Engine {
    /// The bytes of an input.
    ///
    /// - Parameters:
    ///   - data: the bytes that the engine passes; valid during the call
    public static func bytes(_ data: UnsafePointer<UInt8>?, _ count: Int) -> [UInt8] {
        unsafe Array(UnsafeBufferPointer(start: data, count: count))
    }

    /// Ends the process with a finding, in words that engines group by.
    ///
    /// `DEDUP_TOKEN` keeps libFuzzer's minimizing in one bucket. ClusterFuzz takes the text after `ASSERTION FAILED` as
    /// the state of the crash.
    ///
    /// - Parameters:
    ///   - bucket: without numbers, since runners remove them
    ///   - details: lines for people
    public static func fail(_ bucket: String, _ details: String) -> Never {
        let text = "\(details)\nDEDUP_TOKEN: \(bucket)\nASSERTION FAILED: \(bucket)\n"
        FileHandle.standardError.write(Data(text.utf8))
        abort()
    }
}

/// Returns the signals of crashes to the engine: the crash handler of the Swift runtime owns them, and the engine would
/// then write no artifact.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(_ count: UnsafeMutablePointer<CInt>?, _ words: UnsafeMutableRawPointer?) -> CInt {
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] { signal(number, SIG_DFL) }
    return 0
}
