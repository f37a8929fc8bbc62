import BPF
import Foundation
import Patching
import Testing

@testable import Fuzzing

/// The sentences that describe findings.
struct SentenceTests {
    /// The flaw of a sentence; `nil` for a good one.
    static func flaw(in sentence: String) -> String? {
        let names = [
            "32-bit", "64-bit", "16 bits", "BPF_F_TEST_RND_HI32", "lwt_seg6local", "lirc_mode2", "rnd_hi32", "rnd-hi32",
            "2big", "code 0", "at 0",
        ]
        let plain = names.reduce(sentence.lowercased()) { $0.replacing($1.lowercased(), with: "") }
        if plain.contains(where: \.isNumber) { return "a number" }
        if sentence.isEmpty || sentence.first!.isUppercase && !sentence.hasPrefix("AddressSanitizer") {
            return "its beginning"
        }
        if sentence.contains("  ") || sentence.hasSuffix(" ") || sentence.contains(" ,") { return "its blanks" }
        if sentence.hasSuffix(".") || sentence.hasSuffix(":") { return "its end" }
        if sentence.contains("(") || sentence.contains("/") || sentence.contains("nil") { return "a word not known" }
        let words = sentence.replacing(",", with: "").split(separator: " ").map(String.init)
        for (article, noun) in zip(words, words.dropFirst()) {
            let isVowel = "aeiou".contains(noun.first!)
            if article == "a" && isVowel || article == "an" && !isVowel { return "\(article) \(noun)" }
        }
        return nil
    }

    /// All possible buckets, with a few examples of words from AddressSanitizer, the C library and the verifier.
    static let buckets: [Bucket] = {
        let plain = InstructionKind.allCases.map { InstructionWord($0).text }
        let jumps = InstructionKind.allCases.flatMap { kind in
            Way.allCases.flatMap { way in
                ([nil] + JumpRole.allCases.map(Optional.init)).map { InstructionWord(kind, way, $0).text }
            }
        }
        let statuses = ["accepted", "einval", "erange", "enomem"]
        let parts = ["insns", "aux", "subprogs", "lines", "image", "edits", "patch", "refs"]
        func words(of rule: BrokenRule) -> [String] {
            switch rule {
            case .error:
                statuses.flatMap { one in statuses.filter { $0 != one }.map { "\(one)-became-\($0)" } }
                    + ["leak", "stale-table-linfo", "damaged-by-refusal", "damaged-by-failed-allocation"]
            case .layout, .notUnderstood: plain + (rule == .notUnderstood ? ["end"] : [])
            case .encoding: plain + ["far-call", "helper-address", "helper-inlining"]
            case .aux: plain
            case .wrongLanding: jumps + ["jump", "pseudo-func", "call-number", "pseudo-func-number"]
            case .subprogram: ["start", "missing", "extra"]
            case .line: ["record", "missing", "extra", "shared"]
            case .illFormed: ProgramFault.Rule.allCases.map { "\($0)" }
            case .disagreement: ["bytes"]
            case .crash:
                ["sigsegv", "sigkill", "signal", "exit", "descriptor", "stack-overflow", "asan-heap-buffer-overflow"]
                    + parts.map { "reads-past-\($0)" }
            case .hang: ["none"]
            case .memory: ["none", "leak"]
            case .wildWrite:
                parts + parts.map { "before-\($0)" }
                    + ["insn-cnt", "subprog-cnt", "line-cnt"].map { $0 + "-above-room" }
                    + ["array-replaced"]
            case .inputWritten: parts
            case .badStatus: ["positive", "unknown", "eperm", "efault", "e2big"]
            case .unsteady: ["insns", "aux", "subprogs", "lines", "status"]
            case .kernelLog: ["warning", "bug", "kasan", "ubsan", "oops", "verifier-bug", "taint", "probe"]
            case .execution: ["socket-filter", "lwt-seg6local", "lirc-mode2", "xdp", "upper-half"]
            }
        }
        var all: [Bucket] = []
        for rule in BrokenRule.allCases {
            for word in words(of: rule) {
                for edit in EditKind.allCases {
                    all.append(Bucket(target: "delta-array", rule: rule, insn: word, edit: edit.rawValue))
                }
            }
        }
        // Sentences about a running kernel, or about passes beyond the contract, differ from the others only in these
        // words.
        all += all.filter { $0.rule.isDeadly }.map {
            Bucket(target: Finding.kernelTarget, rule: $0.rule, insn: $0.insn, edit: $0.edit)
        }
        all += all.filter { $0.insn == "alu64" || $0.insn == "accepted-became-erange" }.map {
            Bucket(target: $0.target, rule: $0.rule, insn: $0.insn, edit: $0.edit, isBeyondContract: true)
        }
        all.append(Bucket("kernel/error/verifier-bug/backtracking-misuse")!)
        all.append(Bucket("kernel/error/verifier-bug/none")!)
        return all
    }()

    /// The facts that a finding of a rule can have besides its bucket.
    static func facts(of rule: BrokenRule) -> [FindingFact?] {
        switch rule {
        case .wrongLanding:
            let relations: [FindingFact.Landing.Relation] = [.target, .crossed, .own]
            return [nil, .removedTarget]
                + relations.flatMap { relation in
                    FindingFact.Site.allCases.flatMap { site in
                        [false, true].map {
                            .landing(FindingFact.Landing(relation: relation, site: site, isUnchanged: $0))
                        }
                    }
                }
        case .error: return [nil, .refusal(.malformed), .refusal(.dangling), .refusal(.empty), .refusal(.overflow)]
        case .layout: return [nil, .tooLong, .tooShort]
        case .aux: return [nil, .lost]
        case .subprogram, .line: return [nil, .otherID]
        default: return [nil]
        }
    }

    @Test func everyBucketHasASentence() {
        for bucket in SentenceTests.buckets {
            // Facts do not depend on the kind of jump.
            let hasFacts = bucket.rule != .wrongLanding || bucket.insn.hasPrefix("ja-backward")
            for fact in hasFacts ? SentenceTests.facts(of: bucket.rule) : [nil] {
                let sentence = bucket.sentence(fact)
                if let flaw = SentenceTests.flaw(in: sentence) {
                    Issue.record("\(bucket.text), \(String(describing: fact)): \(flaw): \(sentence)")
                    return
                }
            }
        }
    }

    /// Buckets that differ in rule, instruction or edit have different sentences, unless the sentence does not mention
    /// edits.
    @Test func sentencesTellInstructionsAndEditsApart() {
        for rule in [BrokenRule.wrongLanding, .layout, .encoding, .aux] {
            var seen: [String: Bucket] = [:]
            let plain = SentenceTests.buckets.filter { bucket in
                bucket.rule == rule && bucket.target != Finding.kernelTarget && !bucket.isBeyondContract
                    && InstructionWord(bucket.insn) != nil
                    && EditKind.ofPasses.contains { $0.rawValue == bucket.edit }
            }
            for bucket in plain {
                guard let other = seen.updateValue(bucket, forKey: bucket.sentence) else { continue }
                Issue.record("\(bucket.text) and \(other.text): \(bucket.sentence)")
            }
            #expect(plain.count > 100)
        }
    }

    @Test func bucketsSurviveTheirText() {
        for bucket in SentenceTests.buckets {
            if Bucket(bucket.text) != bucket {
                Issue.record("\(bucket.text)")
                return
            }
        }
        for text in ["", "a", "a/b/c/d", "a/crash/none", "a/crash/b/c/d", "a/crash/b/c/d/beyond-contract"] {
            #expect(Bucket(text) == nil)
            #expect(SentenceTests.flaw(in: Bucket.sentence(of: text)) == nil)
        }
    }

    @Test(arguments: [
        (
            "x/wrong-landing/may-goto-backward/patch",
            "a backward may_goto to or across a patched instruction lands on a wrong instruction"
        ),
        ("x/wrong-landing/cond-forward/none", "a forward conditional jump lands on a wrong instruction"),
        (
            "x/wrong-landing/ja-backward-in-patch/append",
            "a backward goto within a patch, for appended code, lands on a wrong instruction"
        ),
        (
            "x/wrong-landing/call-forward-ref/delete",
            "a forward call in a patch, to or across a deleted range, lands on a wrong instruction"
        ),
        (
            "x/error/accepted-became-erange/replace/beyond-contract",
            "a pass with a replaced range is refused with ERANGE and must be accepted, beyond what the kernel's functions assume"
        ),
        ("x/error/einval-became-accepted/none", "a pass with no edits is accepted and must be refused with EINVAL"),
        ("x/aux/second-slot/patch", "the aux word of a second slot of a wide load near a patched instruction is wrong"),
        ("x/crash/reads-past-refs/none", "the patcher crashes: it reads past the end of the refs"),
        ("x/wild-write/insn-cnt-above-room/none", "the patcher returns more instructions than it has room for"),
        (
            "x/bad-status/eperm/patch",
            "the patcher returns -EPERM, which is no status of a patcher, given a pass with a patched instruction"
        ),
        ("kernel/error/verifier-bug/backtracking-misuse", "the verifier reports a bug of its own: backtracking misuse"),
        ("kernel/wrong-landing/call-number/none", "a call names another subprogram than it leads to"),
        ("kernel/layout/alu64/missing", "a 64-bit ALU instruction that can be reached is missing from the result"),
        (
            "kernel/execution/socket-filter/rnd-hi32",
            "a program of type socket_filter returns another value after rewriting"
        ),
        ("kernel/execution/upper-half/rnd-hi32", "the kernel fills the upper half of a register that is read later"),
        ("kernel/hang/none/none", "loading the program does not end"),
    ])
    func sentenceOfABucketAlone(bucket: String, sentence: String) { #expect(Bucket.sentence(of: bucket) == sentence) }

    /// The sentence of the first finding of a case against a patcher with a planted fault.
    @Test(arguments: [
        (PlantedPatcher.Fault.backJump, UInt64(3), "lands after the first instruction of the patch"),
        (.lostAux, 1, "is lost"),
    ])
    func sentencesOfPlantedFaultsHaveTheFacts(fault: PlantedPatcher.Fault, seed: UInt64, words: String) {
        var fuzzer = Fuzzer(seed: seed, patchers: [PlantedPatcher(fault)])
        var sentences: Set<String> = []
        for index in UInt64(0)..<2000 where !fuzzer.run(index: index) {
            for finding in fuzzer.findings {
                sentences.insert(finding.sentence)
                #expect(SentenceTests.flaw(in: finding.sentence) == nil, "\(finding.sentence)")
                #expect(Bucket(finding.bucket)?.target == fault.name)
            }
        }
        #expect(sentences.contains { $0.hasSuffix(words) }, "\(sentences.sorted().joined(separator: "\n"))")
    }

    /// Landings described by their places alone.
    @Test(arguments: [
        (4, 5, 5..<8, FindingFact.Site.before), (6, 5, 5..<8, .afterFirst), (7, 5, 5..<8, .last), (8, 5, 5..<8, .after),
        (9, 5, 5..<8, .past), (5, 8, 5..<8, .first), (6, 8, 5..<8, .middle), (6, 5, 5..<6, .after),
        (9, 8, 5..<8, .oneLate),
    ])
    func sitesInPatches(found: Int, expected: Int, patch: Range<Int>, site: FindingFact.Site) {
        #expect(FindingFact.Site(found, expected: expected, patch: patch) == site)
    }

    @Test(arguments: [(4, FindingFact.Site.oneEarly), (3, .early), (6, .oneLate), (9, .late)])
    func sitesBesidePatches(found: Int, site: FindingFact.Site) {
        #expect(FindingFact.Site(found, expected: 5, patch: nil) == site)
        #expect(FindingFact.Site(found, expected: 5, patch: 5..<5) == site)
    }
}
