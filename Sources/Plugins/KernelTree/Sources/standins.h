/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Stand-ins for the rest of the kernel: types and annotations here, plain
 * arithmetic and lists in common.h, kernel services in helpers.h.
 *
 * Definitions in these three replace those of the tree. The CONFIG_* macros
 * defined here select the compiled side of an #ifdef.
 */
#ifndef STANDINS_H
#define STANDINS_H

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define __KERNEL__ 1
#define CONFIG_64BIT 1
#define CONFIG_BPF 1
#define CONFIG_BPF_JIT 1
#define CONFIG_BPF_SYSCALL 1
#define CONFIG_MMU 1
#define CONFIG_SMP 1
#define BITS_PER_LONG 64
#define BITS_PER_LONG_LONG 64
#define BITS_PER_BYTE 8
#ifndef __LITTLE_ENDIAN_BITFIELD
#define __LITTLE_ENDIAN_BITFIELD 1
#endif

/* Types */

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;
typedef int8_t s8;
typedef int16_t s16;
typedef int32_t s32;
typedef long long s64;
typedef u8 __u8;
typedef u16 __u16;
typedef u32 __u32;
typedef u64 __u64;
#define __aligned_u64 u64 __attribute__((__aligned__(8)))
typedef s8 __s8;
typedef s16 __s16;
typedef s32 __s32;
typedef s64 __s64;
typedef u16 __be16;
typedef u32 __be32;
typedef u64 __be64;
typedef u16 __le16;
typedef u32 __le32;
typedef u64 __le64;
typedef u16 __sum16;
typedef u32 __wsum;
typedef u64 __attribute__((aligned(8))) __aligned_u64;
typedef s64 __attribute__((aligned(8))) __aligned_s64;
typedef unsigned int gfp_t;
typedef unsigned int uint;

typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef struct { long counter; } atomic_long_t;
typedef struct { atomic_t refs; } refcount_t;
typedef struct { int held; } spinlock_t;
typedef struct { int held; } raw_spinlock_t;
typedef struct { int held; } rqspinlock_t;
typedef struct { int held; } rwlock_t;
typedef struct { int held; } local_lock_t;
typedef struct { unsigned int sequence; } seqcount_t;
struct mutex { int held; };
struct rw_semaphore { int held; };
struct srcu_struct { int held; };
struct task_struct { int pid, tgid; unsigned int flags; char comm[16]; };
struct list_head { struct list_head *next, *prev; };
struct hlist_node { struct hlist_node *next, **pprev; };
struct hlist_head { struct hlist_node *first; };
struct rcu_head { struct rcu_head *next; void (*func)(struct rcu_head *head); };
struct work_struct { struct list_head entry; void (*func)(struct work_struct *work); };

#define S8_MIN INT8_MIN
#define S8_MAX INT8_MAX
#define U8_MAX UINT8_MAX
#define S16_MIN INT16_MIN
#define S16_MAX INT16_MAX
#define U16_MAX UINT16_MAX
#define S32_MIN INT32_MIN
#define S32_MAX INT32_MAX
#define U32_MAX UINT32_MAX
#define S64_MIN LLONG_MIN
#define S64_MAX LLONG_MAX
#define U64_MAX ULLONG_MAX

/* Annotations and compile-time checks */

#define fallthrough __attribute__((fallthrough))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() __asm__ __volatile__("" : : : "memory")
#define noinline __attribute__((__noinline__))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#define __packed __attribute__((packed))
#define __aligned(x) __attribute__((aligned(x)))
#define __printf(a, b) __attribute__((format(printf, a, b)))
#define __must_check
#define __maybe_unused __attribute__((unused))
#define __bpf_kfunc
#define __weak __attribute__((weak))
#define __init
#define __user
#define __rcu
#define __percpu
#define __read_mostly
#define __ro_after_init
#define ____cacheline_aligned
#define ____cacheline_aligned_in_smp
#define EXPORT_SYMBOL(name)
#define EXPORT_SYMBOL_GPL(name)
#define BUILD_BUG_ON(condition) _Static_assert(!(condition), #condition)
#define BUILD_BUG_ON_ZERO(condition) (sizeof(struct { int : (-!!(condition)); }))
#ifndef static_assert
#define static_assert _Static_assert
#endif
/*
 * 1 for an option that is defined as 1 above, 0 for any other, also in #if. A
 * value of 1 pastes to STANDIN_SHIFT_1, whose comma moves the 1 to the second
 * argument.
 */
#define IS_BUILTIN(option) STANDIN_IS_SET(option)
#define IS_ENABLED(option) IS_BUILTIN(option)
#define IS_REACHABLE(option) IS_BUILTIN(option)
#define IS_MODULE(option) 0
#define STANDIN_IS_SET(value) STANDIN_PASTE(value)
#define STANDIN_PASTE(value) STANDIN_CHOOSE(STANDIN_SHIFT_##value 1, 0, 0)
#define STANDIN_CHOOSE(...) STANDIN_SECOND(__VA_ARGS__)
#define STANDIN_SECOND(first, second, ...) second
#define STANDIN_SHIFT_1 0,

/* Bugs: print a line with the place in the tree to standard error, and abort */

#define STANDIN_TEXT(...) STANDIN_TEXT_OF(__VA_ARGS__)
#define STANDIN_TEXT_OF(...) #__VA_ARGS__
#define STANDIN_PLACE __FILE__ ":" STANDIN_TEXT(__LINE__)

__attribute__((__noreturn__, __noinline__, __cold__, __format__(printf, 2, 3)))
static void standin_stop(const char *place, const char *format, ...)
{
	char words[512];
	va_list values;

	va_start(values, format);
	vsnprintf(words, sizeof(words), format, values);
	va_end(values);
	/* one write, since other processes write there too */
	fprintf(stderr, "%s: %s\n", place, words);
	abort();
}

/*
 * The function of the tree that runs, for reports. plugin build puts
 * STANDIN_SCOPE at the start of each function that writes memory.
 */
static const char *standin_function = "the adapter";
static void memory_check_guards(unsigned int most);

static inline const char *standin_enter(const char *function)
{
	const char *outer = standin_function;

	standin_function = function;
	return outer;
}

static inline void standin_leave(const char **outer)
{
	memory_check_guards(4);
	standin_function = *outer;
}

#define STANDIN_SCOPE \
	const char *standin_outer __attribute__((__cleanup__(standin_leave), __unused__)) = standin_enter(__func__);

#define STANDIN_STOP(words) standin_stop(STANDIN_PLACE, "%s", words)
#define STANDIN_STOP_IF(condition, words) ({ \
	const bool _is_wrong = !!(condition); \
	if (unlikely(_is_wrong)) \
		STANDIN_STOP(words); \
	_is_wrong; \
})
/* # keeps the text of the condition, before macro expansion */
#define BUG() STANDIN_STOP("BUG()")
#define BUG_ON(condition) ((void)STANDIN_STOP_IF(condition, "BUG_ON(" #condition ")"))
#define VM_BUG_ON(condition) BUG_ON(condition)
#define WARN_ON(condition) STANDIN_STOP_IF(condition, "WARN_ON(" #condition ")")
#define WARN_ON_ONCE(condition) STANDIN_STOP_IF(condition, "WARN_ON_ONCE(" #condition ")")
#define WARN(condition, ...) STANDIN_STOP_IF(condition, "WARN(" #condition ")")
#define WARN_ONCE(condition, ...) STANDIN_STOP_IF(condition, "WARN_ONCE(" #condition ")")
#define WARN_RATELIMIT(condition, ...) STANDIN_STOP_IF(condition, "WARN_RATELIMIT(" #condition ")")
#define VM_WARN_ON(condition) WARN_ON(condition)
#define VM_WARN_ON_ONCE(condition) WARN_ON_ONCE(condition)
#define DEBUG_NET_WARN_ON_ONCE(condition) WARN_ON_ONCE(condition)
#define panic(...) STANDIN_STOP("panic(" #__VA_ARGS__ ")")
#define unreachable() STANDIN_STOP("unreachable()")
#define verifier_bug_if(condition, ...) STANDIN_STOP_IF(condition, "verifier_bug_if(" #condition ")")
#define verifier_bug(...) STANDIN_STOP("verifier_bug(" #__VA_ARGS__ ")")
#define bpf_prog_offload_remove_insns(env, off, cnt) STANDIN_STOP("a program for a device")
#define bpf_prog_offload_replace_insn(env, off, insn) STANDIN_STOP("a program for a device")

#include "common.h"
#include "helpers.h"

#endif
