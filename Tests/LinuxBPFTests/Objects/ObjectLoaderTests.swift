import BPF
import Foundation
import TestSupport
import Testing

@testable import LinuxBPF

@Suite(
    "Objects loaded into the running kernel", .serialized, .enabled(if: Clang.isThere, Clang.need),
    .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct ObjectLoaderTests {
    let loader: ObjectLoader

    init() throws { loader = try ObjectLoader() }

    struct Refused: Error {
        var reason: String
    }

    /// All ways in which a program was loaded.
    func loaded(_ load: ObjectLoad) throws -> [LoadedObjectProgram] {
        try load.outcomes.map { outcome in
            switch outcome {
            case .loaded(let loaded): return loaded
            case .refused(let reason): throw Refused(reason: reason)
            }
        }
    }

    @Test(
        "Each seed is loaded with its tables, and read back",
        arguments: ["loop_switch", "subprograms", "callback", "map_lookup"])
    func seed(name: String) throws {
        let path = try Clang.compileSeed(name)
        let prepared = try ObjectFile.load(path)
        let loads = try loader.load(path)
        #expect(loads.map(\.name) == prepared.map(\.name))
        #expect(loads.map(\.section) == prepared.map(\.section))
        for (load, prepared) in zip(loads, prepared) {
            #expect(load.object == path)
            let ways = try loaded(load)
            #expect(ways.map(\.input.flags) == [[], .testRndHi32])
            for way in ways {
                let input = way.input.program
                #expect(input.fault() == nil)
                // What libbpf hands over has the length, the subprograms and the lines that it had without the kernel.
                #expect(input.insns.count == prepared.program.insns.count)
                #expect(input.subprograms.map(\.start) == prepared.program.subprograms.map(\.start))
                #expect(input.lines.map(\.insnOff) == prepared.program.lines.map(\.insnOff))
                let live = try #require(way.live)
                #expect(live.count == input.insns.count)
                #expect(live.first == true)
                for (slot, insn) in input.insns.enumerated() where insn.isWide { #expect(live[slot] == live[slot + 1]) }
                // Ids that come back are ids that went in, and no table is lost.
                let ids = Set(input.lines.map(\.id))
                #expect(!way.result.lines.isEmpty && way.result.lines.allSatisfy { ids.contains($0.id) })
                #expect(way.result.subprograms.map(\.id) == input.subprograms.map(\.id))
            }
            // Wherever a half register is written whose other half nobody reads, there is more with the flag.
            #expect((ways[1].result.insns.count > ways[0].result.insns.count) == (name != "loop_switch"))
        }
    }

    @Test("What cannot be reached is not live, in both ways")
    func dead() throws {
        let path = try Clang.compile(
            """
            #define SEC(name) __attribute__((section(name), used))
            SEC("socket") __attribute__((naked)) int entry(void)
            { asm volatile("r0 = 5 ll; if r0 == 5 goto +2; r1 = 7 ll; exit"); }
            """)
        for way in try loaded(try #require(loader.load(path).first)) {
            #expect(way.live == [true, true, true, false, false, true])
            // The jump is hard-wired, and goes with what it jumps over.
            #expect(way.result.insns.count { $0.isWide } == 1)
            #expect(way.result.insns.last?.code == 0x95)
        }
    }

    @Test("A program that is refused hides no other, and says why")
    func refusal() throws {
        let path = try Clang.compile(
            """
            #define SEC(name) __attribute__((section(name), used))
            SEC("socket") __attribute__((naked)) int first(void) { asm volatile("r0 = 0; exit"); }
            SEC("socket") __attribute__((naked)) int bad(void) { asm volatile("r0 = r7; exit"); }
            SEC("struct_ops/none") __attribute__((naked)) int nowhere(void) { asm volatile("r0 = 0; exit"); }
            SEC("nothing/known") __attribute__((naked)) int untyped(void) { asm volatile("r0 = 0; exit"); }
            SEC("socket") __attribute__((naked)) int last(void) { asm volatile("r0 = 0; exit"); }
            """)
        let loads = try loader.load(path)
        var reasons: [String: String] = [:]
        for load in loads {
            if case .refused(let reason) = load.outcomes.first {
                reasons[load.name] = reason
                #expect(load.outcomes.count == 1)
            }
        }
        #expect(loads.map(\.name).filter { reasons[$0] == nil } == ["first", "last"])
        #expect(reasons["bad"] == "R7 !read_ok")
        #expect(reasons["nowhere"]?.isEmpty == false)
        #expect(reasons["untyped"]?.contains("missing BPF prog type") == true)
    }

    /// Two maps, one of them to be pinned, used in turns.
    static let maps = """
        #include <linux/bpf.h>
        #include <bpf/bpf_helpers.h>
        struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64);
        } first SEC(".maps");
        struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64);
          __uint(pinning, LIBBPF_PIN_BY_NAME); } second SEC(".maps");
        SEC("socket") int entry(struct __sk_buff *skb)
        {
            __u32 key = 0;
            __u64 value = 1;
            bpf_map_update_elem(&second, &key, &value, 0);
            bpf_map_delete_elem(&first, &key);
            bpf_map_delete_elem(&second, &key);
            return 0;
        }
        """

    @Test("A map is its number in the object, before and after, and none is pinned")
    func mapNumbers() throws {
        let path = try Clang.compile(Self.maps)
        for way in try loaded(try #require(loader.load(path).first)) {
            for program in [way.input.program, way.result] {
                let loads = program.insns.filter { $0.isWide && $0.src == 1 }
                #expect(loads.map(\.imm) == [0, 1, 0])
            }
        }
        #expect(!FileManager.default.fileExists(atPath: "/sys/fs/bpf/second"))
    }

    /// What this process has open of BPF.
    static func openDescriptors() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").compactMap { name in
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/\(name)")
        }.filter { $0.contains("bpf") || $0.contains("btf") }.sorted()
    }

    @Test("No descriptor stays open")
    func nothingLeft() throws {
        let path = try Clang.compile(Self.maps)
        _ = try loader.load(path)
        // Other tests of this process have descriptors of their own meanwhile, but never as many.
        let before = try Self.openDescriptors().count
        for _ in 0..<40 { _ = try loader.load(path) }
        #expect(try Self.openDescriptors().count < before + 40)
    }

    @Test("Without BTF, subprograms are what calls reach, before and after")
    func withoutBTF() throws {
        let path = try Clang.compileSeed("subprograms", arguments: [])
        for load in try loader.load(path) {
            for way in try loaded(load) {
                #expect(way.input.program.lines.isEmpty && way.result.lines.isEmpty)
                #expect(way.input.program.subprograms.count > 1)
                #expect(way.result.subprograms.map(\.id) == way.input.program.subprograms.map(\.id))
                #expect(way.result.subprograms[0].start == 0)
            }
        }
    }
}
