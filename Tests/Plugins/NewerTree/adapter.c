/*
 * An adapter for functions of Linux 7.9.0-single-pass:
 *
 * kernel/bpf/patch_list.c:61:
 *   int bpf_patch_list_add(struct bpf_patch_list *list, u32 off, const struct bpf_insn *insns, u32 len)
 * kernel/bpf/patch_list.c:66:
 *   int bpf_patch_list_remove(struct bpf_patch_list *list, u32 off, u32 cnt)
 * kernel/bpf/patch_list.c:238:
 *   int bpf_patch_list_apply(struct bpf_verifier_env *env, const struct bpf_patch_list *list)
 * kernel/bpf/patch_list.c:71:
 *   void bpf_patch_list_free(struct bpf_patch_list *list)
 *
 * kit.h describes what an adapter may use. Build it with 'plugin build --adapter'.
 */

/* What these functions cannot do: see enum bpf_patcher_cap. */
#define KIT_LACKS (BPF_PATCHER_SKIP_JUMPS | BPF_PATCHER_RANGE)

/* A whole pass. The edits are sorted, disjoint, and in coordinates of the program before the pass. */
int apply(struct bpf_verifier_env *env, const struct bpf_patcher_edit *edits, u32 cnt)
{
	struct bpf_patch_list state = {};
	struct bpf_prog *prog;
	const struct bpf_insn *patch;
	u32 i, len;
	int err = 0;

	for (i = 0; i < cnt && !err; i++) {
		patch = kit_patch(&edits[i], &len);
		if (len && !patch) {
			err = -ERANGE;
			break;
		}
		if (len) {
			err = bpf_patch_list_add(&state, edits[i].off, patch, len);
		} else {
			err = bpf_patch_list_remove(&state, edits[i].off, edits[i].remove_cnt);
		}
	}
	if (!err) {
		err = bpf_patch_list_apply(env, &state);
	}
	bpf_patch_list_free(&state);
	return err;
}
