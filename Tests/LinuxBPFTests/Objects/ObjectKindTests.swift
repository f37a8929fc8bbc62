import BPF
import Foundation
import LinuxBPF
import TestSupport
import Testing

/// Objects as other loaders than libbpf accept them.
@Suite("Objects of every kind", .enabled(if: Clang.isThere, Clang.need))
struct ObjectKindTests {
    static let header = """
        #define SEC(name) __attribute__((section(name), used))

        """

    static let calls =
        header + """
            struct old { unsigned type, key, value, max, flags; };
            struct old first SEC("maps") = { 1, 4, 8, 16, 0 };
            struct old second SEC("maps") = { 2, 4, 4, 4, 0 };
            int counter = 3, unset;
            extern int elsewhere(int) SEC(".ksyms");
            static __attribute__((noinline)) int local(int a) { return a * 3 + counter; }
            __attribute__((noinline, weak)) int shared(int a) { volatile int x = a; return local(a) + x / 3; }
            static long each(unsigned i, void *c) { *(long *)c += i; return 0; }
            static SEC("tc/tail") int hidden(void *s) { return shared(*(int *)s); }
            SEC("tc") int seen(void *s)
            {
                long (*loop)(unsigned, void *, void *, long) = (void *)181;
                void *(*look)(void *, void *) = (void *)1;
                long sum = 0;
                int key = *(int *)s;
                loop(4, each, &sum, 0);
                if (look(&first, &key)) sum++;
                if (look(&second, &key)) sum += 2;
                unset++;
                return sum + local(key) + elsewhere(key);
            }
            """

    @Test(
        "Both byte orders are read to the same program, at each level and version, with and without debug information",
        arguments: ["-O0", "-O1", "-O2"], ["-mcpu=v1", "-mcpu=v2", "-mcpu=v3", "-mcpu=v4"])
    func byteOrders(level: String, version: String) throws {
        for debug in [[], ["-g"]] {
            let arguments = [level, version] + debug
            let little = try ObjectFile.load(Clang.compile(Self.calls, arguments: arguments))
            let big = try ObjectFile.load(Clang.compile(Self.calls, arguments: arguments + ["--target=bpfeb"]))
            #expect(little.map(\.name) == ["hidden", "seen"])
            #expect(big.map(\.name) == little.map(\.name))
            for (one, other) in zip(little, big) {
                expectTablesInOrder(one)
                #expect(one.program.insns == other.program.insns)
                #expect(one.program.subprograms == other.program.subprograms)
                #expect(one.program.lines == other.program.lines)
                #expect(one.program.lines.isEmpty == debug.isEmpty)
            }
        }
    }

    @Test("Maps, variables and kernel functions are numbers in the order of first use")
    func numbers() throws {
        let programs = try ObjectFile.load(Clang.compile(Self.calls))
        let seen = try #require(programs.last).program
        let wide = seen.insns.filter(\.isWide)
        #expect(
            wide.filter { $0.src == 5 }.map(\.imm).sorted()
                == Array(Set(wide.filter { $0.src == 5 }.map(\.imm))).sorted())
        #expect(wide.count { $0.src == 5 } == 2)
        // Two sections of variables.
        #expect(Set(wide.filter { $0.src == 6 }.map(\.imm)).count == 2)
        #expect(wide.count { $0.src == 4 } == 1)
        #expect(seen.insns.filter { $0.code == Opcode.call && $0.src == 2 }.map(\.imm) == [0])
        // seen, each and local; hidden calls shared, which calls local.
        #expect(seen.subprograms.count == 3)
        #expect(programs[0].program.subprograms.count == 3)
    }

    @Test("An indirect jump with a table is read")
    func jumpTable() throws {
        let path = try Clang.compile(
            Self.header + """
                asm(".section .jumptables,\\"\\",@progbits\\n.p2align 3\\ntable: .quad 40, 56\\n.type table, @object\\n");
                SEC("socket") __attribute__((naked)) int jumps(void)
                { asm volatile("r2 = table ll; r2 = *(u64 *)(r2 + 0); .byte 13, 2, 0, 0, 0, 0, 0, 0; r0 = 0; exit; r0 = 1; exit"); }
                """)
        let programs = try ObjectFile.load(path)
        let program = try #require(programs.first).program
        #expect(program.insns.count == 8 && program.insns[3].code == Opcode.gotox)
        #expect(program.insns[0].src == 6)
    }

    @Test("A program alone in .text is a program; with others it is for them to call")
    func text() throws {
        let one = try ObjectFile.load(Clang.compile("int alone(void) { return 3; }"))
        #expect(one.map(\.name) == ["alone"])
        let two = "int first(void) { return 3; } int second(void) { return 4; }"
        #expect(throws: ObjectError.self) { try ObjectFile(path: Clang.compile(two)) }
    }

    @Test("A function without a size ends where the next one starts")
    func withoutSize() throws {
        let path = try Clang.compile(
            """
            asm(".section socket,\\"ax\\",@progbits\\n.globl one, two\\n.type one, @function\\n.type two, @function\\n"
                "one: r0 = 1; exit\\n two: r0 = 2; r0 += 1; exit\\n");
            """)
        #expect(try ObjectFile.load(path).map(\.program.insns.count) == [2, 3])
    }

    @Test("A relocation of an instruction that refers to nothing is refused by name")
    func strange() throws {
        let path = try Clang.compile(
            Self.header + """
                int counter;
                SEC("socket") __attribute__((naked)) int good(void) { asm volatile("r0 = 1; exit"); }
                SEC("xdp") __attribute__((naked)) int strange(void) { asm volatile("r3 = counter ll; r0 = 1; exit"); }
                """)
        var bytes = try Scratch.bytes(of: path)
        let load: [UInt8] = [0x18, 3, 0, 0, 0, 0, 0, 0]
        let place = bytes.indices.first { bytes[$0...].starts(with: load) }
        // The instruction becomes r3 = 0, and keeps its relocation.
        bytes[try #require(place)] = Opcode.movImmediate64
        let file = try ObjectFile(path: Scratch.file(bytes))
        #expect(file.programs.map(\.name) == ["good"])
        #expect(file.refusals.map(\.program) == ["strange"])
        #expect("\(file.refusals)".contains("changes neither a call nor ld_imm64"))
    }

    /// The compiler of the Debian package gcc-bpf.
    static let compiler = ["/usr/bin/bpf-gcc", "/usr/bin/bpf-unknown-none-gcc"].first {
        FileManager.default.isExecutableFile(atPath: $0)
    }

    @Test(
        "GCC's objects are read: calls and variables are where their symbols are",
        .enabled(if: compiler != nil, "needs the package gcc-bpf"), arguments: ["-mlittle-endian", "-mbig-endian"])
    func gcc(order: String) throws {
        let folder = try Scratch.folder()
        let source = """
            int first = 1, second = 2;
            __attribute__((noinline)) int one(int x) { volatile int y = x; return y * 3; }
            static __attribute__((noinline)) int two(int x) { volatile int y = x; return y * 5; }
            __attribute__((noinline)) int three(int x) { return two(x) + first; }
            __attribute__((section("tc"))) int entry(int *s) { return three(s[0]) + two(s[1]) + one(s[2]); }
            """
        try source.write(toFile: "\(folder)/a.c", atomically: true, encoding: .utf8)
        let run = try TestProcess.run([Self.compiler ?? "", "-O1", order, "-c", "\(folder)/a.c", "-o", "\(folder)/a.o"])
        try #require(run.status == 0, "\(run.errors)")
        let programs = try ObjectFile.load("\(folder)/a.o")
        let program = try #require(programs.first).program
        #expect(program.fault() == nil)
        #expect(program.subprograms.count == 4)
        #expect(program.insns.count { $0.jumpKind == .call } == 4)
        let place = program.insns.firstIndex { $0.isWide }
        let wide = try #require(place)
        #expect(program.insns[wide].src == 6 && program.insns[wide + 1].imm == 4)
    }
}
