import BPF
import KernelRewrites
import TestSupport
import Testing

@testable import LinuxBPF

@Suite(
    "What came back for objects, spoiled", .serialized, .enabled(if: Clang.isThere, Clang.need),
    .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct SpoiledObjectTests {
    /// One way to spoil what the kernel gave back, and what it makes of it.
    struct Spoiling {
        var name: String
        var result: Program
    }

    /// A result with one thing changed, in each of many ways; none of them is what any kernel may do.
    static func spoilings(of result: Program) -> [Spoiling] {
        var all: [Spoiling] = []
        func add(_ name: String, _ change: (inout Program) -> Void) {
            var spoiled = result
            change(&spoiled)
            if spoiled != result { all.append(Spoiling(name: name, result: spoiled)) }
        }
        for (slot, insn) in result.insns.enumerated() {
            let kind = insn.jumpKind
            switch kind {
            case .short:
                add("the jump at \(slot) leads one farther") { $0.insns[slot].off &+= 1 }
                add("the jump at \(slot) leads one less far") { $0.insns[slot].off &-= 1 }
            case .long, .function: add("the jump at \(slot) leads one farther") { $0.insns[slot].imm &+= 1 }
            // Compiled, with its offset in the short field and a number in the other.
            case .call:
                add("the call at \(slot) leads one farther") { $0.insns[slot].off &+= 1 }
                add("the call at \(slot) is of the next subprogram") { $0.insns[slot].imm &+= 1 }
            case .none:
                // Of second slots and calls, the numbers are the kernel's.
                if insn.code != 0 && insn.code != 0x85 {
                    add("another register at \(slot)") { $0.insns[slot].bits ^= 0x100 }
                    // How wide the fields of a context are, only the kernel knows.
                    if insn.code & 4 != 0 { add("another operation at \(slot)") { $0.insns[slot].code ^= 0x10 } }
                }
            }
            if insn.code != 0 && !insn.isWide {
                add("the instruction at \(slot) is there twice") { $0.insns.insert(insn, at: slot) }
                add("the instruction at \(slot) is missing") { $0.insns.remove(at: slot) }
            }
        }
        for row in result.lines.indices {
            add("line record \(row) is missing") { $0.lines.remove(at: row) }
            add("line record \(row) is one farther") { $0.lines[row].insnOff += 1 }
            add("line record \(row) is another") { $0.lines[row].id ^= 1 }
        }
        for row in result.subprograms.indices {
            add("subprogram \(row) starts one farther") { $0.subprograms[row].start += 1 }
            add("subprogram \(row) is another") { $0.subprograms[row].id ^= 1 }
        }
        return all
    }

    @Test(
        "Nothing is wrong with what came back, and whatever is spoiled is noticed",
        arguments: ["loop_switch", "subprograms", "callback", "map_lookup"])
    func seed(name: String) throws {
        var checker = RewriteChecker(facts: try RunningKernel().facts)
        for load in try ObjectLoader().load(try Clang.compileSeed(name)) {
            for case .loaded(let loaded) in load.outcomes {
                let live = try #require(loaded.live)
                #expect(checker.check(loaded.input, live: live, result: loaded.result).isClean)
                for spoiling in Self.spoilings(of: loaded.result) {
                    let report = checker.check(loaded.input, live: live, result: spoiling.result)
                    let isClean = report.isClean
                    #expect(!isClean, "\(load.name), \(loaded.input.flags): \(spoiling.name)")
                }
            }
        }
    }
}
