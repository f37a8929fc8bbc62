/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
#ifndef PATCH_LIST_H
#define PATCH_LIST_H

struct bpf_patch {
	u32 off;	/* the patched instruction, or the first removed one */
	u32 removed;
	u32 len;	/* 0: only a removal */
	u32 first;	/* in the pool */
};

struct bpf_patch_list {
	struct bpf_patch *patches;
	u32 cnt, cap;
	struct bpf_insn *pool;
	u32 pool_cnt, pool_cap;
};

int bpf_patch_list_add(struct bpf_patch_list *list, u32 off, const struct bpf_insn *insns, u32 len);
int bpf_patch_list_remove(struct bpf_patch_list *list, u32 off, u32 cnt);
int bpf_patch_list_apply(struct bpf_verifier_env *env, const struct bpf_patch_list *list);
void bpf_patch_list_free(struct bpf_patch_list *list);

#endif
