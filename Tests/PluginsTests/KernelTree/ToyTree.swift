import Foundation

@testable import Plugins

/// A folder in the layout of a kernel tree. Its functions have the names of the kernel's, but are our own.
///
/// They shift arrays and adjust no jump.
final class ToyTree {
    let path = NSTemporaryDirectory() + "bpf-patch-fuzz-toy-\(UUID().uuidString)"
    /// The contents of the files by name; change them before ``write()``.
    var files = ToyTree.files

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Replaces text in a file.
    func replace(_ old: String, by new: String, in file: String) {
        precondition(files[file]?.contains(old) == true, "\(file) has no '\(old)'")
        files[file] = files[file]?.replacingOccurrences(of: old, with: new)
    }

    /// The definitions that ``addCode(_:)`` inserts before the code.
    static let prelude = """
        struct toy_item { int key; struct list_head link; struct rcu_head rcu; };
        struct toy_row { u32 count; u64 cells[]; };
        static DEFINE_SPINLOCK(toy_lock);
        static DEFINE_RAW_SPINLOCK(toy_raw_lock);
        static DEFINE_RWLOCK(toy_rwlock);
        static DEFINE_MUTEX(toy_mutex);
        static DECLARE_RWSEM(toy_semaphore);
        static DEFINE_PER_CPU(int, toy_counter);
        static LIST_HEAD(toy_items);
        static int toy_freed;
        static void toy_free(struct rcu_head *head)
        {
            kfree(container_of(head, struct toy_item, rcu));
            toy_freed++;
        }
        static int toy_compare(const void *a, const void *b)
        {
            return *(const int *)a - *(const int *)b;
        }
        static void toy_exchange(void *a, void *b, int size)
        {
            swap(*(int *)a, *(int *)b);
            swap(((int *)a)[16], ((int *)b)[16]);
        }
        static void *toy_give(void)
        {
            void *kept __free(kfree) = kmalloc(8, 0);
            return_ptr(kept);
        }

        """

    /// Makes `bpf_patch_insn_single()` call a function with this code. Its parameter is `prog`.
    func addCode(_ code: String) {
        let function = "struct bpf_prog *bpf_patch_insn_single("
        let use = "static void toy_use(struct bpf_prog *prog)\n{\n\(code)\n}\n"
        replace(function, by: ToyTree.prelude + use + function, in: ToyTree.core)
        replace("*grown = vmalloc(", by: "*grown = (toy_use(prog), NULL) ?: vmalloc(", in: ToyTree.core)
    }

    /// The line of the first occurrence of a text, counted from 1.
    func line(of text: String, in file: String) -> Int {
        let before = (files[file] ?? "").components(separatedBy: text)[0]
        return before.components(separatedBy: "\n").count
    }

    /// Writes all files and reads them as a tree.
    func write() throws -> KernelTree {
        for (name, text) in files {
            let file = URL(fileURLWithPath: "\(path)/\(name)")
            try FileManager.default.createDirectory(
                at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(text.utf8).write(to: file)
        }
        return try KernelTree(path: path)
    }

    /// Builds a plug-in from the tree, without optimization.
    func build() throws -> (plugin: KernelPlugin, library: String) {
        let library = "\(path)-\(UUID().uuidString).so"
        return (try KernelPlugin(of: write(), output: library, optimizing: false), library)
    }

    static let core = "kernel/bpf/core.c"
    static let verifier = "kernel/bpf/verifier.c"

    private static let files = [
        "Makefile": "# comment\nVERSION = 5\nPATCHLEVEL = 4\nSUBLEVEL = 3\nEXTRAVERSION = -Toy_1\n",
        "include/uapi/linux/bpf.h": """
        #ifndef TOY_BPF_H
        #define TOY_BPF_H
        #define BPF_LD 0x00
        #define BPF_IMM 0x00
        #define BPF_DW 0x18
        struct bpf_insn { __u8 code; __u8 dst_reg:4; __u8 src_reg:4; __s16 off; __s32 imm; };
        struct bpf_func_info { __u32 insn_off, type_id; };
        struct bpf_line_info { __u32 insn_off, file_name_off, line_off, line_col; };
        #endif
        """,
        "include/linux/bpf.h": """
        struct bpf_prog;
        struct bpf_prog_aux {
            struct bpf_prog *prog;
            u32 nr_linfo, func_info_cnt;
            struct bpf_line_info *linfo;
            struct bpf_func_info *func_info;
        };
        struct bpf_prog {
            u16 pages;
            u32 len;
            struct bpf_prog_aux *aux;
            struct bpf_insn insnsi[];
        };
        """,
        "include/linux/bpf_verifier.h": """
        #define TOY_SUBPROGS 8
        struct bpf_insn_aux_data { u32 seen; u32 orig_idx; };
        struct bpf_subprog_info { u32 start, linfo_idx; };
        struct bpf_verifier_env {
            struct bpf_prog *prog;
            struct bpf_insn_aux_data *insn_aux_data;
            struct bpf_subprog_info subprog_info[TOY_SUBPROGS + 1];
            u32 subprog_cnt;
        };
        """,
        core: """
        #include <linux/bpf.h>
        static u32 toy_size(u32 len)
        {
            return sizeof(struct bpf_prog) + len * sizeof(struct bpf_insn);
        }
        struct bpf_prog *bpf_patch_insn_single(struct bpf_prog *prog, u32 off,
                                               const struct bpf_insn *patch, u32 len)
        {
            struct bpf_prog *grown = vmalloc(toy_size(prog->len + len - 1));
            if (!grown)
                return ERR_PTR(-ENOMEM);
            memcpy(grown, prog, toy_size(off));
            memcpy(grown->insnsi + off, patch, len * sizeof(*patch));
            memcpy(grown->insnsi + off + len, prog->insnsi + off + 1, (prog->len - off - 1) * sizeof(*patch));
            grown->len = prog->len + len - 1;
            grown->pages = DIV_ROUND_UP(toy_size(prog->len + len - 1), PAGE_SIZE);
            grown->aux->prog = grown;
            vfree(prog);
            return grown;
        }
        int bpf_remove_insns(struct bpf_prog *prog, u32 off, u32 cnt)
        {
            memmove(prog->insnsi + off, prog->insnsi + off + cnt, (prog->len - off - cnt) * sizeof(*prog->insnsi));
            prog->len -= cnt;
            return 0;
        }

        """,
        verifier: """
        #include <linux/bpf_verifier.h>
        static struct bpf_prog *bpf_patch_insn_data(struct bpf_verifier_env *env, u32 off,
                                                    const struct bpf_insn *patch, u32 len)
        {
            u32 old = env->prog->len, i;
            struct bpf_insn_aux_data *aux = vzalloc((old + len - 1) * sizeof(*aux));
            struct bpf_prog *prog;
            if (!aux)
                return NULL;
            prog = bpf_patch_insn_single(env->prog, off, patch, len);
            if (IS_ERR(prog)) {
                vfree(aux);
                return NULL;
            }
            memcpy(aux, env->insn_aux_data, off * sizeof(*aux));
            memcpy(aux + off + len - 1, env->insn_aux_data + off, (old - off) * sizeof(*aux));
            for (i = off; i < off + len - 1; i++)
                aux[i].seen = env->insn_aux_data[off].seen;
            vfree(env->insn_aux_data);
            env->insn_aux_data = aux;
            for (i = 0; i <= env->subprog_cnt; i++)
                if (env->subprog_info[i].start > off)
                    env->subprog_info[i].start += len - 1;
            return prog;
        }
        static int verifier_remove_insns(struct bpf_verifier_env *env, u32 off, u32 cnt)
        {
            struct bpf_insn_aux_data *aux = env->insn_aux_data;
            memmove(aux + off, aux + off + cnt, (env->prog->len - off - cnt) * sizeof(*aux));
            return bpf_remove_insns(env->prog, off, cnt);
        }
        static int adjust_jmp_off(struct bpf_prog *prog, u32 tgt_idx, u32 delta)
        {
            return 0;
        }

        """,
    ]
}
