/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The built-in adapter: one edit through the functions that kernels have had
 * from 5.1 on.
 */

static int step(struct bpf_verifier_env *env, u32 off, u32 remove, const struct bpf_insn *patch, u32 len)
{
	struct bpf_prog *prog;

	if (!len)
		return verifier_remove_insns(env, off, remove);
	prog = bpf_patch_insn_data(env, off, patch, len);
	if (IS_ERR(prog))
		return PTR_ERR(prog);
	/* NULL is every error */
	if (!prog)
		return kit_error(-ERANGE);
	env->prog = prog;
	return 0;
}

#ifdef KIT_HAS_adjust_jmp_off
static int skip(struct bpf_verifier_env *env, u32 off, u32 len)
{
	return adjust_jmp_off(env->prog, off, len);
}
#endif
