import BPF
import TestSupport
import Testing

/// The syntax of assembler lines, for the assembler and the disassembler.
@Suite struct AssemblySyntaxTests {
    /// Line, code, registers, off, imm.
    static let lines: [(String, UInt8, UInt8, Int16, Int32)] = [
        ("r1 = 5", 0xb7, 0x01, 0, 5), ("r1 = -5", 0xb7, 0x01, 0, -5), ("w1 = 5", 0xb4, 0x01, 0, 5),
        ("r1 = r2", 0xbf, 0x21, 0, 0), ("w10 = w2", 0xbc, 0x2a, 0, 0), ("r1 = (s8)r2", 0xbf, 0x21, 8, 0),
        ("r1 = (s16)r2", 0xbf, 0x21, 16, 0), ("r1 = (s32)r2", 0xbf, 0x21, 32, 0), ("w1 = (s16)w2", 0xbc, 0x21, 16, 0),
        ("r1 = -r1", 0x87, 0x01, 0, 0), ("w1 = -w1", 0x84, 0x01, 0, 0), ("r1 += r2", 0x0f, 0x21, 0, 0),
        ("r1 += 7", 0x07, 0x01, 0, 7), ("w1 -= 7", 0x14, 0x01, 0, 7), ("r1 *= r2", 0x2f, 0x21, 0, 0),
        ("r1 /= r2", 0x3f, 0x21, 0, 0), ("w1 s/= w2", 0x3c, 0x21, 1, 0), ("r1 s/= 3", 0x37, 0x01, 1, 3),
        ("r1 %= r2", 0x9f, 0x21, 0, 0), ("r1 s%= r2", 0x9f, 0x21, 1, 0), ("r1 |= r2", 0x4f, 0x21, 0, 0),
        ("r1 &= 15", 0x57, 0x01, 0, 15), ("r1 <<= 3", 0x67, 0x01, 0, 3), ("r1 >>= 3", 0x77, 0x01, 0, 3),
        ("r1 s>>= 3", 0xc7, 0x01, 0, 3), ("r1 ^= r2", 0xaf, 0x21, 0, 0), ("r1 = be16 r1", 0xdc, 0x01, 0, 16),
        ("r1 = le32 r1", 0xd4, 0x01, 0, 32), ("r1 = bswap64 r1", 0xd7, 0x01, 0, 64),
        ("r1 = *(u32 *)(r2 + 4)", 0x61, 0x21, 4, 0), ("r1 = *(u64 *)(r2 - 8)", 0x79, 0x21, -8, 0),
        ("r1 = *(u8 *)(r2 + 0)", 0x71, 0x21, 0, 0), ("r1 = *(s32 *)(r2 + 0)", 0x81, 0x21, 0, 0),
        ("r1 = *(s16 *)(r2 + 0)", 0x89, 0x21, 0, 0), ("r1 = *(s8 *)(r2 + 0)", 0x91, 0x21, 0, 0),
        ("*(u32 *)(r1 + 0) = 5", 0x62, 0x01, 0, 5), ("*(u16 *)(r1 - 2) = r2", 0x6b, 0x21, -2, 0),
        ("r0 = *(u8 *)skb[14]", 0x30, 0x00, 0, 14), ("r0 = *(u32 *)skb[-4096]", 0x20, 0x00, 0, -4096),
        ("r0 = *(u16 *)skb[r1 + 0]", 0x48, 0x10, 0, 0), ("r0 = *(u16 *)skb[r1 - 3]", 0x48, 0x10, 0, -3),
        ("lock *(u64 *)(r1 + 0) += r2", 0xdb, 0x21, 0, 0), ("lock *(u32 *)(r1 + 4) |= w2", 0xc3, 0x21, 4, 0x40),
        ("r2 = atomic_fetch_add((u64 *)(r1 + 0), r2)", 0xdb, 0x21, 0, 1),
        ("w2 = atomic_fetch_xor((u32 *)(r1 + 0), w2)", 0xc3, 0x21, 0, 0xa1),
        ("r2 = xchg_64(r1 + 8, r2)", 0xdb, 0x21, 8, 0xe1), ("w2 = xchg32_32(r1 + 8, w2)", 0xc3, 0x21, 8, 0xe1),
        ("r0 = cmpxchg_64(r1 + 8, r0, r2)", 0xdb, 0x21, 8, 0xf1),
        ("w0 = cmpxchg32_32(r1 - 8, w0, w2)", 0xc3, 0x21, -8, 0xf1),
        ("r1 = load_acquire((u64 *)(r2 + 8))", 0xdb, 0x21, 8, 0x100),
        ("w1 = load_acquire((u8 *)(r2 + 8))", 0xd3, 0x21, 8, 0x100),
        ("store_release((u16 *)(r1 + 8), w2)", 0xcb, 0x21, 8, 0x110),
        ("if r1 == 7 goto +3", 0x15, 0x01, 3, 7), ("if r1 > r2 goto -3", 0x2d, 0x21, -3, 0),
        ("if r1 >= 7 goto +0", 0x35, 0x01, 0, 7), ("if r1 & 7 goto +0", 0x45, 0x01, 0, 7),
        ("if r1 != 7 goto +0", 0x55, 0x01, 0, 7), ("if r1 s> 7 goto +0", 0x65, 0x01, 0, 7),
        ("if r1 s>= 7 goto +0", 0x75, 0x01, 0, 7), ("if r1 < 7 goto +0", 0xa5, 0x01, 0, 7),
        ("if r1 <= 7 goto +0", 0xb5, 0x01, 0, 7), ("if w1 s< w2 goto +9", 0xce, 0x21, 9, 0),
        ("if w1 s<= -7 goto +0", 0xd6, 0x01, 0, -7), ("goto -1", 0x05, 0, -1, 0), ("gotol +70000", 0x06, 0, 0, 70000),
        ("may_goto +2", 0xe5, 0, 2, 0), ("gotox r1", 0x0d, 0x01, 0, 0), ("callx r1", 0x8d, 0x01, 0, 0),
        ("call 5", 0x85, 0, 0, 5), ("call 0xffffffff", 0x85, 0, 0, -1), ("call -1", 0x85, 0x10, 0, -1),
        ("call +6", 0x85, 0x10, 0, 6), ("call kfunc 5", 0x85, 0x20, 0, 5), ("exit", 0x95, 0, 0, 0),
        ("gotol +4 {off=-2}", 0x06, 0, -2, 4), ("exit {imm=4}", 0x95, 0, 0, 4),
        ("goto +1 {dst=2 src=3 imm=4}", 0x05, 0x32, 1, 4), ("call kfunc 5 {dst=1 off=9}", 0x85, 0x21, 9, 5),
        ("r1 /= 3 {src=4 off=2}", 0x37, 0x41, 2, 3),
        ("insn 0x0e dst 0 src 0 off +3 imm 77", 0x0e, 0, 3, 77), ("insn 0x00 dst 1 src 2 off 3 imm 4", 0, 0x21, 3, 4),
        ("insn 0x85 dst 0 src 3 off 0 imm 7", 0x85, 0x30, 0, 7),
    ]

    @Test(arguments: lines) func canonical(_ line: (String, UInt8, UInt8, Int16, Int32)) throws {
        let insn = Instruction(code: line.1, registers: line.2, off: line.3, imm: line.4)
        #expect(try Assembler.statement(line.0) == Statement(insn: insn))
        #expect(Disassembler.text(of: insn) == line.0)
    }

    /// Line, first slot's registers and imm, second slot's registers and imm.
    static let wide: [(String, UInt8, Int32, UInt8, Int32)] = [
        ("r1 = 5 ll", 0x01, 5, 0, 0), ("r1 = -5 ll", 0x01, -5, 0, -1), ("r1 = 4294967295 ll", 0x01, -1, 0, 0),
        ("r1 = 0x100000000 ll", 0x01, 0, 0, 1), ("r1 = 5 ll {src=1 next_imm=6}", 0x11, 5, 0, 6),
        ("r1 = subprog -2 ll", 0x41, -2, 0, 0), ("r1 = subprog +2 ll {next_regs=0x21 next_imm=-1}", 0x41, 2, 0x21, -1),
    ]

    @Test(arguments: wide) func wideLoad(_ line: (String, UInt8, Int32, UInt8, Int32)) throws {
        let insn = Instruction(code: 0x18, registers: line.1, off: 0, imm: line.2)
        let next = Instruction(code: 0, registers: line.3, off: 0, imm: line.4)
        #expect(try Assembler.statement(line.0) == Statement(insn: insn, secondSlot: next))
        #expect(Disassembler.text(of: insn, secondSlot: next) == line.0)
    }

    /// Accepted spellings, and the canonical one.
    static let spellings: [(String, String)] = [
        ("  r1=0x10 # sixteen", "r1 = 16"), ("r1 = 0xffffffff", "r1 = -1"), ("r1 += -0x10", "r1 += -16"),
        ("goto pc+3", "goto +3"), ("goto pc-3", "goto -3"), ("call pc+3", "call +3"),
        ("w1 = *(u32*)(r2)", "r1 = *(u32 *)(r2 + 0)"), ("*(u8 *)(r1 + -4) = w2", "*(u8 *)(r1 - 4) = r2"),
        ("r0 = *(u8 *)skb[r1]", "r0 = *(u8 *)skb[r1 + 0]"),
        ("lock *(u32 *)(r1 + 0) += r2", "lock *(u32 *)(r1 + 0) += w2"),
        ("exit { imm = 0x4 }", "exit {imm=4}"), ("insn 6 imm +3", "gotol +3"), ("insn 0xb7 imm 3 dst 1", "r1 = 3"),
        ("insn 0x0e off 3", "insn 0x0e dst 0 src 0 off +3 imm 0"), ("r1\t=\t5\r", "r1 = 5"),
    ]

    @Test(arguments: spellings) func spelling(_ pair: (String, String)) throws {
        let statement = try Assembler.statement(pair.0)
        #expect(Disassembler.text(of: statement.insn, secondSlot: statement.secondSlot) == pair.1)
    }

    /// Line, column, a part of the expected text, the found text.
    static let faults: [(String, Int, String, String)] = [
        ("", 1, "an instruction", "the end of the line"), ("foo", 1, "an instruction", "`foo`"),
        ("r16 = 5", 1, "an instruction", "`r16`"), ("r1", 3, "an operator", "the end of the line"),
        ("r1 = ", 6, "a register, a number", "the end of the line"), ("r1 = w2", 6, "r0 to r15", "`w2`"),
        ("r1 = 4294967296", 6, "-2147483648 to 2147483647", "`4294967296`"),
        ("r1 = 2147483648", 6, "2147483647", "`2147483648`"), ("r1 = 0x1ffffffff", 6, "2147483647", "`0x1ffffffff`"),
        ("r1 = -r2", 7, "`r1`", "`r2`"), ("r1 = (s9)r2", 7, "`s8`", "`s9`"), ("w1 = (s32)w2", 7, "`s16`", "`s32`"),
        ("r1 = foo", 6, "a label with `ll`", "`foo`"), ("w1 = 5 ll", 6, "without `ll`", "`5`"),
        ("r1 = *(u9 *)(r2 + 4)", 8, "a size", "`u9`"), ("r1 = *(u32 *)(r2 + 32768)", 20, "32767", "`32768`"),
        ("r1 = *(u32 *)(r2 - 32769)", 20, "-32768", "`32769`"), ("*(s32 *)(r1 + 0) = 5", 3, "a size", "`s32`"),
        ("r1 = *(u8 *)skb[0]", 6, "into r0", "`*`"), ("*(u64 *)(r1 + 0) = w2", 20, "r0 to r15", "`w2`"),
        ("lock *(u8 *)(r1 + 0) += r2", 6, "`u32` or `u64`", "`*`"),
        ("r2 = atomic_fetch_add((u64 *)(r1 + 0), r3)", 40, "`r2`", "`r3`"),
        ("r1 = cmpxchg_64(r1 + 0, r0, r2)", 6, "into r0", "`cmpxchg_64`"),
        ("if 1 == 2 goto +1", 4, "a register", "`1`"), ("if r1 = 2 goto +1", 7, "a comparison", "`=`"),
        ("if r1 == w2 goto +1", 10, "r0 to r15", "`w2`"), ("if r1 == 2 got +1", 12, "`goto`", "`got`"),
        ("goto", 5, "a target", "the end of the line"), ("goto 3", 6, "a target", "`3`"),
        ("goto +32768", 7, "32767", "`32768`"), ("goto r1", 6, "a target", "`r1`"),
        ("goto @-1", 7, "4294967295", "`-1`"),
        ("call", 5, "a helper", "the end of the line"), ("exit 5", 6, "the end of the line", "`5`"),
        ("exit {", 7, "a field", "the end of the line"), ("exit {imm=1 imm=2}", 13, "has one already", "`imm`"),
        ("goto +1 {off=2}", 10, "has one already", "`off`"), ("exit {next_imm=1}", 7, "of a single slot", "`next_imm`"),
        ("exit {dst=16}", 11, "from 0 to 15", "`16`"), ("exit {imm=1", 12, "a field", "the end of the line"),
        ("r1 = 5 ll {next_imm=1}", 12, "`src` too", "`next_imm`"),
        ("r1 = 4294967296 ll {src=1}", 6, "next_imm", "`4294967296`"),
        ("r1 = 18446744073709551616 ll", 6, "a register, a number", "`18446744073709551616`"),
        ("insn 256", 6, "from 0 to 255", "`256`"), ("insn 0xb7 off loop", 15, "no target in that field", "`loop`"),
        ("insn 0x0e imm loop", 15, "no target in that field", "`loop`"),
        ("insn 0 dst 1 dst 2", 14, "another field", "`dst`"),
        ("insn 0x0e offf 3", 11, "the end of the line", "`offf`"), ("é", 1, "an instruction", "`é`"),
        ("r1 = 5 é", 8, "the end of the line", "`é`"),
    ]

    @Test(arguments: faults) func fault(_ entry: (String, Int, String, String)) {
        do throws(AssemblyError) {
            let statement = try Assembler.statement(entry.0)
            Issue.record("`\(entry.0)` is accepted as \(statement)")
        } catch {
            #expect(error.column == entry.1, "\(error)")
            #expect(error.expected.contains(entry.2), "\(error)")
            #expect(error.found == entry.3, "\(error)")
        }
    }

    /// No damaged line traps the assembler. A line that it accepts survives printing and assembling.
    @Test func damagedLines() {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("seed of AssemblySyntaxTests.damagedLines: \(seed)")
        var numbers = SeededNumbers(seed: seed)
        let lines = Self.lines.map { Array($0.0.utf8) } + Self.wide.map { Array($0.0.utf8) }
        let pieces = lines.joined() + Array("@out #:\"\\\u{e9}".utf8)
        var accepted = 0
        for _ in 0..<20_000 {
            var bytes = lines[numbers.below(lines.count)]
            for _ in 0...numbers.below(3) where !bytes.isEmpty {
                let at = numbers.below(bytes.count)
                switch numbers.below(3) {
                case 0: bytes.remove(at: at)
                case 1: bytes[at] = pieces[numbers.below(pieces.count)]
                default: bytes.insert(pieces[numbers.below(pieces.count)], at: at)
                }
            }
            let line = String(decoding: bytes, as: UTF8.self)
            guard let statement = try? Assembler.statement(line) else { continue }
            accepted += 1
            let target = statement.target
            let text = Disassembler.text(of: statement.insn, secondSlot: statement.secondSlot) { offset in
                target ?? .relative(offset)
            }
            let back = try? Assembler.statement(text)
            #expect(back?.insn == statement.insn && back?.secondSlot == statement.secondSlot, "`\(line)`, `\(text)`")
            #expect(back?.target == target, "`\(line)`, `\(text)`")
        }
        #expect(accepted > 1000 && accepted < 20_000)
    }
}
