import BPF
import KernelModel

extension RewriteRow {
    /// The first release with signed division. Its guards are those of unsigned division before the fix of 6.12, which
    /// older series have too.
    private static let signed = KernelVersion(6, 6)
    private static let mended = KernelVersion(6, 12)

    /// Divisions and remainders by a register, and signed ones by -1.
    static let divisions: [RewriteRow] = [
        signedByRegister, division("/", before: nil), division("s/", before: mended), modulo("%", before: nil),
        modulo("s%", before: mended),
        widths(.signedByMinusOne, "xD s/= -1", "xD = -xD", since: signed, necessity: .since(mended)),
        widths(.signedByMinusOne, "xD s%= -1", "wD = 0", since: signed, necessity: .since(mended)),
    ].flatMap { $0 }

    private static let signedByRegister: [RewriteRow] =
        widths(
            .signedDivision, "xD s/= xS",
            """
            r11 = rS
            x11 += 1
            if x11 > 1 goto +4
            if x11 == 0 goto +1
            xD = 0
            xD = -xD
            goto +1
            KEEP
            """, since: signed, necessity: .always) + [
            row(
                .signedModulo, "rD s%= rS",
                """
                r11 = rS
                r11 += 1
                if r11 > 1 goto +3
                if r11 == 1 goto +3
                wD = 0
                goto +1
                KEEP
                """, since: signed, necessity: .always),
            row(
                .signedModulo, "wD s%= wS",
                """
                r11 = rS
                w11 += 1
                if w11 > 1 goto +3
                if w11 == 1 goto +4
                wD = 0
                goto +1
                KEEP
                goto +1
                wD = wD
                """, since: signed, necessity: .always),
        ]

    private static func division(_ sign: String, before: KernelVersion?) -> [RewriteRow] {
        widths(
            .division, "xD \(sign)= xS", "if xS != 0 goto +2\n wD ^= wD\n goto +1\n KEEP", before: before,
            necessity: .always)
    }

    private static func modulo(_ sign: String, before: KernelVersion?) -> [RewriteRow] {
        [
            row(.modulo, "rD \(sign)= rS", "if rS == 0 goto +1\n KEEP", before: before, necessity: .always),
            row(
                .modulo, "wD \(sign)= wS", "if wS == 0 goto +2\n KEEP\n goto +1\n wD = wD", before: before,
                necessity: .always),
        ]
    }

    /// `ld_abs` and `ld_ind`: a call, and an exit if it fails.
    static let packetLoads: [RewriteRow] = ["u8", "u16", "u32"].flatMap(packetLoad)

    private static func packetLoad(_ size: String) -> [RewriteRow] {
        let rest = "r1 = r6\n call $function\n if r0 s>= 0 goto +2\n w0 ^= w0\n exit"
        let rows: [(String, String)] = [
            ("[IMM]", "r2 = IMM"), ("[rS + 0]", "r2 = rS"), ("[rS + NONZERO]", "r2 = rS\n r2 += NONZERO"),
        ]
        return rows.map { place, start in
            row(
                .loadAbsolute, "r0 = *(\(size) *)skb\(place)", "\(start)\n \(rest)",
                source: "filter.c: bpf_gen_ld_abs", necessity: .always)
        }
    }

    /// Loads that are guarded against addresses of user space.
    static let guardedLoads: [RewriteRow] = ["u8", "u16", "u32", "u64", "s8", "s16", "s32"].flatMap(guardedLoad)

    private static func guardedLoad(_ size: String) -> [RewriteRow] {
        let rest = "r11 >>= 32\n if r11 <= $userLimit goto +2\n KEEP\n goto +1\n rD = 0"
        let since = KernelVersion(6, 11)
        return [
            row(
                .probeMem, "rD = *(\(size) *)(rS + NONZERO)", "r11 = rS\n r11 += NONZERO\n \(rest)", since: since),
            row(.probeMem, "rD = *(\(size) *)(rS + 0)", "r11 = rS\n \(rest)", since: since),
        ]
    }

    /// Pointer arithmetic that is masked against speculation; where the number is negative, the operation is the other one.
    static let maskedPointers: [RewriteRow] =
        masked("+", "-", "rS") + masked("+", "-", "rD") + masked("-", "+", "rS") + masked("-", "+", "rD")

    private static func masked(_ own: String, _ other: String, _ offset: String) -> [RewriteRow] {
        let move = offset == "rD" ? "rD = rS\n" : ""
        let after = offset == "rS" ? "\n rS *= -1" : ""
        let mask = """
            w11 = $limit
            r11 -= \(offset)
            r11 |= \(offset)
            r11 = -r11
            r11 s>>= 63
            r11 &= \(offset)
            """
        let expansions = [
            "w11 = $limit\n \(move) rD \(own)= r11", "\(mask)\n \(move) rD \(own)= r11",
            "w11 = $limit\n \(move) rD \(other)= r11",
            "\(offset) *= -1\n \(mask)\n \(move) rD \(other)= r11\(after)",
        ]
        return expansions.map { row(.pointerArithmetic, "rD \(own)= rS", $0) }
    }

    /// `may_goto`, with a counter on the stack and since 6.15 with a clock.
    static let jumps: [RewriteRow] = [
        row(
            .mayGoto, "may_goto TARGET",
            """
            r11 = *(u64 *)(r10 + $counter)
            if r11 == 0 goto TARGET
            r11 -= 1
            *(u64 *)(r10 + $counter) = r11
            """, since: KernelVersion(6, 9), necessity: .always),
        row(
            .mayGoto, "may_goto TARGET",
            """
            r11 = *(u64 *)(r10 + $counter)
            if r11 == 0 goto TARGET
            r11 -= 1
            if r11 != 0 goto +2
            r11 = $counter
            call $function
            *(u64 *)(r10 + $counter) = r11
            """, since: KernelVersion(6, 15), necessity: .always),
    ]

    /// Code without an instruction that it replaces, and code around an instruction that is unchanged.
    static let borders: [RewriteRow] = [
        border(
            .mayGotoStart, .counterStart, fixups, "*(u64 *)(r10 + $counter) = 8388608", since: KernelVersion(6, 9)),
        border(
            .mayGotoStart, .counterStart, fixups, "*(u64 *)(r10 + $counter) = 65535\n *(u64 *)(r10 + $counter+8) = 0",
            since: KernelVersion(6, 15)),
        border(
            .prologue, .programStart, "filter.c: bpf_unclone_prologue",
            """
            r6 = *(u8 *)(r1 + $cloned)
            w6 &= 1
            if r6 == 0 goto +7
            r6 = r1
            r2 ^= r2
            call $function
            if r0 == 0 goto +2
            w0 = $verdict
            exit
            r1 = r6
            """),
        border(
            .hiddenSubprogram, .programEnd, "verifier.c: add_hidden_subprog", "r0 = r1\n exit",
            since: KernelVersion(6, 7)),
        border(
            .rndHi32, .around, "verifier.c: opt_subreg_zext_lo32_rnd_hi32",
            "KEEP\n r11 = $random\n r11 <<= 32\n rR |= r11"),
        border(.zext, .around, "verifier.c: opt_subreg_zext_lo32_rnd_hi32", "KEEP\n w0 = w0 {imm=1}"),
        border(.nospec, .around, "verifier.c: convert_ctx_accesses", "insn 0xc2\n KEEP"),
        border(.nospec, .around, "verifier.c: convert_ctx_accesses", "KEEP\n insn 0xc2"),
    ]

    private static func border(
        _ rewrite: Rewrite, _ place: Place, _ source: String, _ expansion: String, since: KernelVersion? = nil
    ) -> RewriteRow {
        RewriteRow(rewrite: rewrite, source: source, since: since, place: place, insn: "", expansion: expansion)
    }
}
