import CLibbpf
import Foundation
import Glibc
import KernelModel
import TestSupport
import Testing

@testable import LinuxBPF

@Suite("Complaints in the kernel's log")
struct KernelLogTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var records: [String]
        var kind: KernelComplaint.Kind?
        var place = "none"
        var process: pid_t?
        var testDescription: String { records.first ?? "" }
    }

    static let samples = [
        Sample(records: ["Initializing cgroup subsys", "WARNING: See the documentation"], kind: nil),
        Sample(
            records: [
                "------------[ cut here ]------------",
                "WARNING: CPU: 0 PID: 16228 at kernel/bpf/core.c:454 bpf_adj_branches+0x890/0xa80",
                "CPU: 0 UID: 0 PID: 16228 Comm: exe Not tainted 6.12.1 #1",
            ], kind: .warning, place: "bpf-adj-branches", process: 16228),
        Sample(
            records: ["WARNING: kernel/bpf/core.c:454 at bpf_adj_branches+0x1/0x2, CPU#1: exe/77"], kind: .warning,
            place: "bpf-adj-branches", process: 77),
        Sample(
            records: [
                "verifier bug: No program to jit at insn 98 (subprog < 0)",
                "WARNING: CPU: 0 PID: 5 at kernel/bpf/verifier.c:21878 jit_subprogs+0x890/0xa80",
            ], kind: .verifierBug, place: "no-program-to-jit-at-insn", process: 5),
        Sample(
            records: [
                "BUG: KASAN: slab-out-of-bounds in bpf_patch_insn_data+0x12/0x30",
                "Read of size 4 at addr ffff888100000000 by task exe/321",
            ], kind: .kasan, place: "bpf-patch-insn-data", process: 321),
        Sample(
            records: [
                "UBSAN: array-index-out-of-bounds in kernel/bpf/core.c:450:10",
                "index 12 is out of range for type 'u32 [4]'", "CPU: 1 UID: 0 PID: 9 Comm: exe",
            ], kind: .ubsan, place: "array-index-out-of-bounds-in-kernel-bpf", process: 9),
        Sample(
            records: ["BUG: kernel NULL pointer dereference, address: 0000000000000008", "CPU: 0 PID: 3 Comm: exe"],
            kind: .bug, place: "kernel-null-pointer-dereference-address", process: 3),
        Sample(
            records: ["Oops: general protection fault, probably for non-canonical address"], kind: .oops,
            place: "oops-general-protection-fault-probably-for-non-canonical"),
    ]

    @Test("Records are read as kind, function and process", arguments: samples)
    func sample(_ sample: Sample) {
        let found = KernelComplaint.all(in: sample.records)
        #expect(found.first?.kind == sample.kind)
        guard let first = found.first else { return }
        #expect(first.place == sample.place && first.process == sample.process)
    }

    @Test("The text of a record is between the semicolon and the end of the line")
    func text() {
        #expect(KernelLog.text(of: Array("4,1234,5678,-;WARNING: a; b\n SUBSYSTEM=x\n".utf8)) == "WARNING: a; b")
    }

    @Test("New taint flags are named by their letters")
    func taint() {
        #expect(KernelComplaint(taint: 1 << 9).place == "w")
        #expect(KernelComplaint(taint: 1 << 7 | 1 << 5).line == "the kernel is newly tainted (B, D)")
    }

    /// A record that this process writes is there for itself, and not for another process.
    @Test("Records are attributed to the process that they name", .enabled(if: KernelLogTests.canWrite))
    func attribution() throws {
        let own = KernelLog()
        let other = KernelLog()
        let file = try #require(FileHandle(forWritingAtPath: "/dev/kmsg"))
        let line = "WARNING: CPU: 0 PID: \(getpid()) at kernel/bpf/core.c:1 bpf_planted_test+0x1/0x2\n"
        try file.write(contentsOf: Data(line.utf8))
        #expect(other.complaints(of: 1).isEmpty)
        let found = own.complaints(of: getpid())
        #expect(found.map(\.place).contains("bpf-planted-test"), "\(found)")
        #expect(own.complaints(of: getpid()).isEmpty)
        try file.write(contentsOf: Data(line.utf8))
        own.skip()
        #expect(own.complaints(of: getpid()).isEmpty)
    }

    static let canWrite = KernelLog().failure == nil && FileManager.default.isWritableFile(atPath: "/dev/kmsg")
}

@Suite("The BTF of programs and maps")
struct ProgramTypesTests {
    /// The kinds of types in a BTF, in order.
    private static func kinds(_ extent: ProgramTypes.Extent) throws -> [UInt32] {
        let types = unsafe try #require(btf__new_empty())
        defer { unsafe btf__free(types) }
        let ids = unsafe try ProgramTypes.build(types, 4, extent)
        let count = unsafe btf__type_cnt(types)
        #expect(ids.firstFunction + 4 == count)
        #expect(Set(ids.values.keys).isSuperset(of: [.timerArray, .kptrArray, .collectionArray]))
        return (1..<count).map { unsafe btf__type_by_id(types, $0).pointee.info >> 24 & 0x1f }
    }

    /// `BTF_KIND_TYPE_TAG` and `BTF_KIND_DECL_TAG`.
    private static let typeTag: UInt32 = 18
    private static let declarationTag: UInt32 = 17

    @Test("A kernel without BTF of its own gets no tags, and the same ids of structures")
    func extents() throws {
        let all = try Self.kinds(.all)
        let kptrs = try Self.kinds(.kptrs)
        let plain = try Self.kinds(.plain)
        #expect(all.count { $0 == Self.typeTag } == 2 && all.count { $0 == Self.declarationTag } == 2)
        #expect(kptrs.count { $0 == Self.typeTag } == 2 && !kptrs.contains(Self.declarationTag))
        #expect(!plain.contains(Self.typeTag) && !plain.contains(Self.declarationTag))
        let last = Int(LocalStructure.treeItem.rawValue)
        #expect(all.prefix(last) == plain.prefix(last))
    }
}

@Suite("Refusals for which the kernel is to blame")
struct VerifierFaultTests {
    @Test(
        "are told by the words of each kernel",
        arguments: [
            "verifier bug: No program to jit at insn 3 (subprog < 0)", "bpf verifier is misconfigured",
            "verifier internal error: kptr_struct_meta expected at insn_idx 4", "BUG regs 3",
            "kernel subsystem misconfigured verifier", "kernel subsystem misconfigured func bpf_x#1",
            "verifier insn history bug: insn_idx 3 cur flags 1 new flags 2", "bug: bad parent state for iter next call",
        ]) func words(_ text: String)
    {
        #expect(LoadRefusal(code: EINVAL, text: text).isVerifierBug)
        #expect(LoadRefusal(code: EFAULT, text: "Bad address").isVerifierBug)
        #expect(!LoadRefusal(code: EACCES, text: "R1 !read_ok").isVerifierBug)
        #expect(!LoadRefusal(code: EINVAL, text: "BPF_BUGS is a name").isVerifierBug)
    }
}
