import BPF
import KernelModel
import KernelRewrites
import LinuxBPF

/// Loads the programs of objects into the running kernel and checks the rewritten programs.
struct ObjectSurvey: ~Copyable {
    /// The ways of loading; each program is loaded in all of them.
    enum Way: String, CaseIterable, Encodable, Sendable {
        /// With the flags of the object.
        case plain
        /// With `BPF_F_TEST_RND_HI32` in addition.
        case rndHi32 = "rnd_hi32"

        var flags: LoadFlags { self == .plain ? [] : .testRndHi32 }
    }

    /// A program loaded in one way, with the report of the check.
    struct Load {
        var object: String
        var name: String
        var way: Way
        var loaded: LoadedObjectProgram
        var report: RewriteReport
        /// True if the verifier's log was too long to tell dead code, so that all code is assumed live.
        var isWithoutLog: Bool { loaded.live == nil }
    }

    /// A result of the survey.
    enum Event {
        /// An object with its number of programs.
        case object(programs: Int)
        /// An object or program that was not loaded.
        case refused(ObjectError)
        case loaded(Load)
    }

    private let process: ObjectProcess
    private var checker: RewriteChecker
    /// The facts of the running kernel.
    let facts: KernelFacts

    /// - Parameters:
    ///   - options: the types of the programs, in place of those that their sections name
    ///   - host: the program of the child processes that load objects
    /// - Throws: ``CampaignError`` if this process may not load programs
    init(_ options: LoadOptions, host: any HostProgram) throws(CampaignError) {
        do throws(KernelError) { facts = try RunningKernel().facts } catch {
            throw CampaignError(error.description)
        }
        process = ObjectProcess(options, host: host)
        checker = RewriteChecker(facts: facts, hasLocalStructures: false)
    }

    /// Loads and checks all programs of the objects at some paths.
    ///
    /// - Throws: ``CampaignError`` if no child process can be started
    /// - Complexity: O(slots) a program, and the verifier's time
    mutating func run(_ paths: [String], _ emit: (Event) -> Void) throws(CampaignError) {
        for entry in ObjectPaths(paths).entries {
            switch entry {
            case .refusal(let error): emit(.refused(error))
            case .file(let path):
                let refusal = try process.load(path) { event in
                    switch event {
                    case .object(let programs): emit(.object(programs: programs.count))
                    case .program(let load): check(load, emit)
                    }
                }
                if let refusal { emit(.refused(refusal)) }
            }
        }
    }

    private mutating func check(_ load: ObjectLoad, _ emit: (Event) -> Void) {
        for (way, outcome) in zip(Way.allCases, load.outcomes) {
            switch outcome {
            case .refused(let reason):
                emit(.refused(ObjectError(object: load.object, program: load.name, .notLoaded(reason))))
            case .loaded(let loaded):
                let live = loaded.live ?? loaded.input.program.insns.map { _ in true }
                let report = checker.check(loaded.input, live: live, result: loaded.result)
                emit(.loaded(Load(object: load.object, name: load.name, way: way, loaded: loaded, report: report)))
            }
        }
    }
}
