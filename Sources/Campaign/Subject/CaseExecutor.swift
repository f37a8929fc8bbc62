import Fuzzing

/// What a worker does with indices: the case of each is made, run and judged.
///
/// It is made in the process that stays, and used in children of it that may be lost.
package protocol CaseExecutor: AnyObject {
    /// Runs cases one after the other.
    ///
    /// - Parameters:
    ///   - begin: is told of each index before it is run, and returns the targets that are not asked, a bit for each, or
    ///     `nil` to run no more
    ///   - found: is given what was wrong with a case
    func run(_ indices: Range<UInt64>, begin: (UInt64) -> UInt64?, found: (UInt64, [Finding]) -> Void)

    /// What was counted since the last time, by name.
    func takeCounts() -> [String: UInt64]

    /// Whether the death of a child is put down to a target at once, instead of trying whether it comes again.
    ///
    /// - Parameters:
    ///   - target: who was at work, by number
    ///   - isKilled: whether somebody has sent the child a signal that ends it
    func isCertain(target: Int?, isKilled: Bool) -> Bool
}
