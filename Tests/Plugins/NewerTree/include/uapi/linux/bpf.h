/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/* The types of the example: as the kernel's, with fewer members. */
#define BPF_LD 0x00
#define BPF_JMP 0x05
#define BPF_JMP32 0x06
#define BPF_IMM 0x00
#define BPF_DW 0x18
#define BPF_JA 0x00
#define BPF_CALL 0x80
#define BPF_EXIT 0x90
#define BPF_CLASS(code) ((code) & 0x07)
#define BPF_OP(code) ((code) & 0xf0)
#define BPF_PSEUDO_CALL 1
#define BPF_PSEUDO_FUNC 4

struct bpf_insn { __u8 code; __u8 dst_reg:4, src_reg:4; __s16 off; __s32 imm; };
struct bpf_func_info { __u32 insn_off, type_id; };
struct bpf_line_info { __u32 insn_off, file_name_off, line_off, line_col; };
