import BPF
import Fuzzing
import Patching
import Testing

/// The exact passes of each workload on the programs of `Tests/Workloads`. ``SeedTests`` checks their results.
struct WorkloadPassTests {
    static let files = CaseFolder.workloads.files

    /// The workload of a file.
    private static func workload(of file: CaseFolder.File) -> Workload? {
        Workload.allCases.first { file.idea.hasPrefix($0.name + "-") }
    }

    @Test(arguments: files) func passesAreExact(_ file: CaseFolder.File) throws {
        let workload = try #require(Self.workload(of: file))
        let c = try file.parsed()
        var made = c
        made.passes = []
        var comparison = PatcherComparison([])
        var generator = WorkloadGenerator()
        let pass = PassBuffer()
        let program = ProgramBuffer()
        program.load(c.program)
        comparison.begin(program.image())
        for number in 0..<workload.passCount {
            generator.makePass(number, of: workload, for: comparison.program, into: pass)
            made.passes.append(Pass(pass.image))
            #expect(comparison.run(pass.image, isLast: number == workload.passCount - 1) == .accepted)
        }
        let found = CaseFile.print(made)
        #expect(found == CaseFile.print(c), "\(found)")
    }

    @Test func eachWorkloadHasAFile() {
        #expect(Set(Self.files.compactMap(Self.workload)) == Set(Workload.allCases))
    }
}
