import BPF
import TestSupport
import Testing

@testable import LinuxBPF

/// Objects that libbpf 1.1 refuses, or that need an option, in the running kernel.
@Suite(
    "Objects that need a changed copy or an option", .serialized, .enabled(if: Clang.isThere, Clang.need),
    .enabled(if: LoadingRight.isThere, "\(LoadingRight.reason)"))
struct LoadableCopyTests {
    static let header = "#include <linux/bpf.h>\n#include <bpf/bpf_helpers.h>\n"

    /// The reasons for which programs are refused, by name; empty for a loaded one.
    static func reasons(
        _ source: String, arguments: [String] = ["-g"], options: LoadOptions = LoadOptions()
    ) throws -> [String: String] {
        let path = try Clang.compile(header + source, arguments: arguments)
        var reasons: [String: String] = [:]
        for load in try ObjectLoader().load(path, options: options) {
            reasons[load.name] = ""
            for case .refused(let reason) in load.outcomes { reasons[load.name] = reason }
        }
        return reasons
    }

    @Test("A static program is loaded")
    func staticProgram() throws {
        let source = """
            static SEC("socket") int hidden(struct __sk_buff *s) { return s->len; }
            SEC("socket") int seen(struct __sk_buff *s) { return s->mark; }
            """
        #expect(try Self.reasons(source) == ["hidden": "", "seen": ""])
    }

    @Test("Maps in the section maps are created", arguments: [[], ["-g"]])
    func legacyMaps(debug: [String]) throws {
        let source = """
            struct old { unsigned type, key, value, max, flags; };
            struct old first SEC("maps") = { BPF_MAP_TYPE_ARRAY, 4, 8, 4, 0 };
            struct old second SEC("maps") = { BPF_MAP_TYPE_HASH, 8, 4, 16, BPF_F_NO_PREALLOC };
            SEC("socket") int entry(struct __sk_buff *s)
            {
                int key = 0;
                long wide = 1, *one = bpf_map_lookup_elem(&first, &key);
                int *two = bpf_map_lookup_elem(&second, &wide);
                return (one ? *one : 0) + (two ? *two : 0);
            }
            """
        let path = try Clang.compile(Self.header + source, arguments: debug)
        for way in try ObjectLoader().load(path).flatMap(\.outcomes) {
            guard case .loaded(let loaded) = way else {
                Issue.record("\(way)")
                continue
            }
            #expect(loaded.input.program.insns.filter { $0.isWide && $0.src == 1 }.map(\.imm) == [0, 1])
            #expect(!loaded.isWithoutRecords)
            #expect(loaded.input.program.lines.isEmpty == debug.isEmpty)
        }
    }

    @Test("Neither program of a PROG_ARRAY that the object fills needs the other")
    func programArray() throws {
        let source = """
            int second(struct __sk_buff *s);
            int broken(struct __sk_buff *s);
            struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 3); __uint(key_size, 4);
              __array(values, int (struct __sk_buff *)); } table SEC(".maps")
              = { .values = { [1] = &second, [2] = &broken } };
            SEC("tc") int second(struct __sk_buff *s) { return s->len; }
            SEC("tc") __attribute__((naked)) int broken(struct __sk_buff *s) { asm volatile("r0 = r7; exit"); }
            SEC("tc") int first(struct __sk_buff *s) { bpf_tail_call(s, &table, 1); return s->mark; }
            """
        #expect(try Self.reasons(source) == ["first": "", "second": "", "broken": "R7 !read_ok"])
    }

    @Test("A free section name needs a type")
    func type() throws {
        let source = "SEC(\"ingress_policy\") int f(struct __sk_buff *s) { return s->len; }"
        #expect(try Self.reasons(source)["f"]?.contains("missing BPF prog type") == true)
        #expect(try Self.reasons(source, options: LoadOptions(type: 3)) == ["f": ""])
    }

    @Test("An attach type by name or number replaces that of the section")
    func attachType() throws {
        let number = try #require(AttachType.number(named: "cgroup_inet4_connect"))
        #expect(AttachType.number(named: "\(number)") == number && AttachType.number(named: "none") == nil)
        let source = "SEC(\"other/name\") int f(struct bpf_sock_addr *s) { return s->user_port != 0; }"
        #expect(try Self.reasons(source, options: LoadOptions(type: 18, attachType: number)) == ["f": ""])
        #expect(try Self.reasons(source, options: LoadOptions(type: 18))["f"] != "")
    }

    @Test("A freplace program attaches to a function of the target program")
    func freplace() throws {
        let source = "SEC(\"freplace/slot\") int instead(struct xdp_md *x) { return x->ingress_ifindex & 1; }"
        #expect(try Self.reasons(source)["instead"] != "")
        let target = try Clang.compile(
            Self.header + """
                __attribute__((noinline)) int slot(struct xdp_md *x) { volatile int zero = 0; return zero; }
                SEC("xdp") int other(struct xdp_md *x) { return 2; }
                SEC("xdp") int dispatch(struct xdp_md *x) { return slot(x); }
                """)
        func options(_ name: String?) -> LoadOptions { LoadOptions(target: .inObject(path: target, name: name)) }
        // Some machines let no program attach to functions; the verifier is done with it by then.
        let reason = try Self.reasons(source, options: options("dispatch"))["instead"]
        #expect(reason == "" || reason == "prog 'instead': BPF program load failed: Operation not permitted")
        #expect {
            try Self.reasons(source, options: options("missing"))
        } throws: { "\($0)".hasSuffix("not loadable: target program: \(target) has no program 'missing'") }
        // The first program has no such function.
        #expect(try Self.reasons(source, options: options(nil))["instead"] != "")
    }

    @Test("The reason is the failure that ended the load, not one from which libbpf recovered")
    func reason() throws {
        let source = """
            struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); __type(value, long); } ring SEC(".maps");
            SEC("socket") int f(struct __sk_buff *s) { long v = 1; bpf_ringbuf_output(&ring, &v, 8, 0); return 0; }
            """
        #expect(try Self.reasons(source)["f"]?.hasPrefix("map 'ring': failed to create") == true)
        #expect(
            LibbpfLog.isRecovered("Error in bpf_create_map_xattr(ring):Invalid argument(-22). Retrying without BTF."))
    }

    @Test("A big-endian object is named as such")
    func bigEndian() throws {
        let path = try Clang.compile(
            "__attribute__((section(\"socket\"))) int f(void *c) { return 3; }", arguments: ["--target=bpfeb"])
        #expect(throws: ObjectError(object: path, .bigEndian)) { try ObjectLoader().load(path) }
    }
}
