import ArgumentParser
import Campaign
import Fuzzing

/// `show`: the picture of a case.
struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Show program, passes and result side by side, with jumps drawn and the wrong one marked.",
        discussion: """
            Example:
              bpf-patch-fuzz show Seeds/leave-a-patch-into-a-skipped-prologue.case
            """)

    @Argument(help: "A case file, or a file with one JSON line.")
    var file: String

    func run() throws {
        do { print(CaseFile.print(try CaseSource.single(file))) } catch { throw stop(error) }
    }
}
