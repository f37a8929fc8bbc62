import BPF
import KernelRewrites
import LinuxBPF

/// Takes the programs of objects through the running kernel, one after the other, and checks what came back.
struct ObjectSurvey: ~Copyable {
    /// How programs are loaded: each in each of these ways.
    enum Way: String, CaseIterable, Encodable, Sendable {
        /// As the object asks for.
        case plain
        /// With `BPF_F_TEST_RND_HI32` as well.
        case rndHi32 = "rnd_hi32"

        var flags: LoadFlags { self == .plain ? [] : .testRndHi32 }
    }

    /// A program that was loaded in one way, and what the check says.
    struct Load {
        var object: String
        var name: String
        var way: Way
        var loaded: LoadedObjectProgram
        var report: RewriteReport
        /// Whether the verifier's log was too long to tell what is dead, so that everything is taken for live.
        var isWithoutLog: Bool { loaded.live == nil }
    }

    /// What a survey comes to, one after the other.
    enum Event {
        /// An object, of so many programs.
        case object(programs: Int)
        /// An object or program that is not loaded, and why.
        case refused(ObjectError)
        case loaded(Load)
    }

    private let loader: ObjectLoader
    private var checker: RewriteChecker
    /// The kernel at hand.
    let facts: KernelFacts

    /// - Throws: ``CampaignError`` when this process may not load programs
    init() throws(CampaignError) {
        let parts: (facts: KernelFacts, loader: ObjectLoader)
        do throws(KernelError) { parts = try (RunningKernel().facts, ObjectLoader()) } catch {
            throw CampaignError(error.description)
        }
        (facts, loader) = parts
        checker = RewriteChecker(facts: facts)
    }

    /// Loads and checks all programs that paths lead to.
    ///
    /// - Complexity: O(slots) a program, and what the verifier takes
    mutating func run(_ paths: [String], _ take: (Event) -> Void) {
        for entry in ObjectPaths(paths).entries {
            switch entry {
            case .refusal(let error): take(.refused(error))
            case .file(let path):
                do throws(ObjectError) {
                    let loads = try loader.load(path, flags: Way.allCases.map(\.flags))
                    take(.object(programs: loads.count))
                    for load in loads { check(load, take) }
                } catch {
                    take(.refused(error))
                }
            }
        }
    }

    private mutating func check(_ load: ObjectLoad, _ take: (Event) -> Void) {
        for (way, outcome) in zip(Way.allCases, load.outcomes) {
            switch outcome {
            case .refused(let reason):
                take(.refused(ObjectError(object: load.object, program: load.name, .notLoaded(reason))))
            case .loaded(let loaded):
                let live = loaded.live ?? loaded.input.program.insns.map { _ in true }
                let report = checker.check(loaded.input, live: live, result: loaded.result)
                take(.loaded(Load(object: load.object, name: load.name, way: way, loaded: loaded, report: report)))
            }
        }
    }
}
