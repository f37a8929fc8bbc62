import BPF
import LinuxBPF
import Testing

@Suite("Objects compiled from C", .enabled(if: Clang.isThere, Clang.need))
struct CompiledObjectTests {
    struct Seed: Sendable, CustomTestStringConvertible {
        var name: String
        /// Name, section, and how many subprograms.
        var programs: [(String, String, Int)]
        var functions = 0
        var testDescription: String { name }
    }

    static let seeds = [
        Seed(name: "loop_switch", programs: [("loop_switch", "xdp", 1)]),
        Seed(name: "subprograms", programs: [("calls_all", "socket", 4), ("calls_one", "socket", 2)]),
        Seed(name: "callback", programs: [("callback", "tc", 3)], functions: 2),
        Seed(name: "map_lookup", programs: [("map_lookup", "xdp", 1)]),
        Seed(name: "may_goto", programs: [("may_goto", "socket", 1)]),
    ]

    @Test("A seed gives its programs with all their subprograms", arguments: seeds)
    func seed(_ seed: Seed) throws {
        let path = try Clang.compileSeed(seed.name)
        let programs = try ObjectFile.load(path)
        #expect(programs.map(\.name) == seed.programs.map(\.0))
        #expect(programs.map(\.section) == seed.programs.map(\.1))
        #expect(programs.map(\.program.subprograms.count) == seed.programs.map(\.2))
        for program in programs {
            expectTablesInOrder(program)
            #expect(program.object == path)
            #expect(!program.program.lines.isEmpty)
            let functions = program.program.insns.count { $0.jumpKind == .function }
            #expect(functions == seed.functions)
        }
    }

    @Test("Without BTF, subprograms are what calls and callbacks reach", arguments: seeds)
    func seedWithoutBTF(_ seed: Seed) throws {
        let programs = try ObjectFile.load(Clang.compileSeed(seed.name, arguments: []))
        #expect(programs.map(\.program.subprograms.count) == seed.programs.map(\.2))
        for program in programs { #expect(program.program.lines.isEmpty) }
    }

    /// Instructions that no compiler chooses: the expected program is exact.
    static let assembly = """
        #define SEC(name) __attribute__((section(name), used))
        static __attribute__((naked, noinline)) int last(void) { asm volatile("r0 = 7; exit"); }
        static __attribute__((naked, noinline)) int middle(void)
        { asm volatile("r0 = 5 ll; call %[last]; exit" :: [last] "i"(last)); }
        SEC("socket") __attribute__((naked)) int entry(void)
        { asm volatile("call %[middle]; if r0 == 0 goto +1; call %[last]; exit" :: [middle] "i"(middle), [last] "i"(last)); }
        SEC("socket") __attribute__((naked)) int alone(void) { asm volatile("r0 = 0; exit"); }
        """

    @Test("Calls are relocated to where subprograms were appended")
    func exact() throws {
        let programs = try ObjectFile.load(Clang.compile(Self.assembly))
        try #require(programs.map(\.name) == ["entry", "alone"])
        let entry = programs[0].program
        let exit = Instruction(code: Opcode.exit)
        func call(_ offset: Int32) -> Instruction {
            Instruction(code: Opcode.call, src: Opcode.pseudoCall, imm: offset)
        }
        // Callees are appended in the order of their first call, depth first: middle, then last.
        #expect(
            entry.insns == [
                call(3), Instruction(code: 0x15, off: 1), call(5), exit,
                Instruction(code: Opcode.loadImmediate64, imm: 5), .zero, call(1), exit,
                Instruction(code: Opcode.movImmediate64, imm: 7), exit,
            ])
        #expect(entry.aux == Array(1...10))
        #expect(
            entry.subprograms == [
                Subprogram(start: 0, id: 1), Subprogram(start: 4, id: 2), Subprogram(start: 8, id: 3),
            ])
        #expect(
            entry.lines == [
                LineRecord(insnOff: 0, id: 1), LineRecord(insnOff: 4, id: 2), LineRecord(insnOff: 8, id: 3),
            ])
        #expect(programs[1].program.insns == [Instruction(code: Opcode.movImmediate64), exit])
        #expect(programs[1].program.subprograms.count == 1)
    }

    @Test("One program that cannot be used is refused by name and the others stay")
    func partly() throws {
        // A call to nowhere cannot be linked; a jump to nowhere can, and is found afterwards.
        let path = try Clang.compile(
            """
            #define SEC(name) __attribute__((section(name), used))
            SEC("socket") __attribute__((naked)) int good(void) { asm volatile("r0 = 1; exit"); }
            SEC("socket") __attribute__((naked)) int lost(void)
            { asm volatile(".byte 0x85, 0x10; .short 0; .long 100; exit"); }
            SEC("xdp") __attribute__((naked)) int away(void) { asm volatile("goto +100; exit"); }
            SEC("?mine") __attribute__((naked)) int own(void) { asm volatile("r0 = 2; exit"); }
            """)
        let file = try ObjectFile(path: path)
        #expect(file.programs.map(\.name) == ["good", "own"])
        #expect(file.programs.map(\.section) == ["socket", "mine"])
        #expect(file.refusals.map(\.program) == ["lost", "away"])
        guard case .broken(let message) = file.refusals.first?.reason else {
            Issue.record("\(file.refusals)")
            return
        }
        #expect(message == "a call leads to slot 103 of section 'socket', where no function starts")
        #expect(file.refusals.last?.reason == .illFormed(ProgramFault(.targetOutside, at: 0)))
        #expect(throws: ObjectError.self) { try ObjectFile.load(path) }
    }

    @Test("A variable of the kernel's configuration needs no such configuration")
    func configuration() throws {
        let programs = try ObjectFile.load(
            Clang.compile(
                """
                #include <linux/bpf.h>
                #include <stdbool.h>
                #include <bpf/bpf_helpers.h>
                typedef unsigned long long number;
                extern const volatile number CONFIG_NO_SUCH_NUMBER __kconfig;
                extern bool CONFIG_NO_SUCH_SWITCH __kconfig;
                extern char CONFIG_NO_SUCH_LETTER __kconfig;
                extern const char CONFIG_NO_SUCH_NAME[8] __kconfig;
                extern enum libbpf_tristate CONFIG_NO_SUCH_MODULE __kconfig;
                extern int LINUX_KERNEL_VERSION __kconfig;
                SEC("socket") int configured(void *context)
                {
                    return CONFIG_NO_SUCH_NUMBER + CONFIG_NO_SUCH_SWITCH + CONFIG_NO_SUCH_LETTER
                        + CONFIG_NO_SUCH_NAME[1] + CONFIG_NO_SUCH_MODULE + LINUX_KERNEL_VERSION;
                }
                """))
        #expect(programs.map(\.name) == ["configured"])
        #expect(programs.first?.program.insns.count { $0.isWide } == 6)
    }

    @Test("Pinned maps and struct_ops are read")
    func kernelMaps() throws {
        let programs = try ObjectFile.load(
            Clang.compile(
                """
                #include <linux/bpf.h>
                #include <bpf/bpf_helpers.h>
                struct {
                    __uint(type, BPF_MAP_TYPE_ARRAY);
                    __uint(max_entries, 1);
                    __uint(pinning, LIBBPF_PIN_BY_NAME);
                    __type(key, int);
                    __type(value, int);
                } pinned SEC(".maps");
                struct no_such_operations { int (*first)(void); };
                SEC("struct_ops/first") int first(void)
                {
                    int key = 0;
                    return bpf_map_lookup_elem(&pinned, &key) != 0;
                }
                SEC(".struct_ops") struct no_such_operations operations = { .first = first };
                """))
        #expect(programs.map(\.section) == ["struct_ops/first"])
    }

    @Test("Threads that read at once get what each asked for")
    func threads() async throws {
        let paths = try Self.seeds.map { try Clang.compileSeed($0.name) }
        await withTaskGroup { group in
            for round in 0..<50 {
                group.addTask {
                    let number = round % paths.count
                    let programs = try? ObjectFile.load(paths[number])
                    #expect(programs?.map(\.name) == Self.seeds[number].programs.map(\.0))
                }
            }
        }
    }
}

/// What every program from an object promises beside being well formed.
func expectTablesInOrder(_ program: ObjectProgram, sourceLocation: SourceLocation = #_sourceLocation) {
    let parts = program.program
    #expect(parts.fault() == nil, "\(program.name)", sourceLocation: sourceLocation)
    #expect(Set(parts.aux).count == parts.insns.count, "\(program.name)", sourceLocation: sourceLocation)
    #expect(!parts.aux.contains(0), "\(program.name)", sourceLocation: sourceLocation)
    #expect(Set(parts.subprograms.map(\.id)).count == parts.subprograms.count, sourceLocation: sourceLocation)
    #expect(Set(parts.lines.map(\.id)).count == parts.lines.count, sourceLocation: sourceLocation)
}
