/* SPDX-License-Identifier: BSD-2-Clause */
/* Instructions as words: detection of jumps, their offset fields, and copying of patches. */
#ifndef INSTRUCTION_H
#define INSTRUCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <linux/bpf.h>

#define ALWAYS_INLINE inline __attribute__((always_inline))

/* An instruction as one word: code, registers, off and imm from the lowest bit up. */
typedef __u64 __attribute__((may_alias)) word;

/* The bytes of two instructions. */
typedef unsigned char pair __attribute__((vector_size(16)));

_Static_assert(sizeof(struct bpf_insn) == sizeof(word), "insn");
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "byte order");

/* The values of src_reg that make a code a jump or call, one bit each. */
#define ANY 0xffff
#define EACH(op, value) [(op) | 0x05] = value, [(op) | 0x06] = value, [(op) | 0x0d] = value, [(op) | 0x0e] = value
#define SHORT(value) \
	[0x05] = value, [0x0e] = value, /* 0x0d is gotox, 0x06 gotol */ \
	EACH(0x10, value), EACH(0x20, value), EACH(0x30, value), EACH(0x40, value), EACH(0x50, value), \
	EACH(0x60, value), EACH(0x70, value), EACH(0xa0, value), EACH(0xb0, value), EACH(0xc0, value), \
	EACH(0xd0, value), EACH(0xe0, value), EACH(0xf0, value)

static const __u16 sources[256] = {
	SHORT(ANY), [0x06] = ANY, [0x85] = 1 << BPF_PSEUDO_CALL, [0x18] = 1 << BPF_PSEUDO_FUNC,
};

/* The number of bits above the offset of a jump or call: 32 for off, 0 for imm. */
static const unsigned char above[256] = { SHORT(32) };

/* 1 for a jump or call, else 0. */
static ALWAYS_INLINE unsigned int counts(word insn)
{
	return sources[(unsigned char)insn] >> (insn >> 12 & 15) & 1;
}

/* True for a call or the address of a subprogram, if it is a jump or call at all. */
static ALWAYS_INLINE bool is_call(word insn)
{
	return (unsigned char)insn == (BPF_JMP | BPF_CALL) || (unsigned char)insn == (BPF_LD | BPF_IMM | BPF_DW);
}

static ALWAYS_INLINE __s64 offset_of(word insn)
{
	unsigned int shift = above[(unsigned char)insn];

	return (__s64)(insn << shift) >> (32 + shift / 2);
}

/* Copies two slots of a patch and clears their words; returns bits for `may_jump`. */
static ALWAYS_INLINE pair copy_pair(word *out, __u32 *out_aux, const word *patch)
{
	pair both;

	memcpy(&both, patch, sizeof(both));
	memcpy(out, &both, sizeof(both));
	memset(out_aux, 0, 2 * sizeof(*out_aux));
	/* Only for classes 5 and 6 does adding 1 set bits 1 and 2, so that adding 2 carries into bit 3. */
	return ((both + 1) & 6) + 2;
}

/* Copies a patch, usually of one to four slots. */
static ALWAYS_INLINE pair copy_patch(word *out, __u32 *out_aux, const word *patch, size_t cnt)
{
	pair seen = {0};

	for (; cnt >= 4; cnt -= 4, out += 4, out_aux += 4, patch += 4)
		seen |= copy_pair(out, out_aux, patch) | copy_pair(out + 2, out_aux + 2, patch + 2);
	if (cnt & 2) {
		seen |= copy_pair(out, out_aux, patch);
		out += 2;
		out_aux += 2;
		patch += 2;
	}
	if (cnt & 1) {
		*out = *patch;
		*out_aux = 0;
		seen[0] |= ((*patch + 1) & 6) + 2;
	}
	return seen;
}

/* True if the copied slots may include jumps, calls or exits. */
static ALWAYS_INLINE bool may_jump(pair seen)
{
	return (seen[0] | seen[8]) & 8;
}

#endif
