/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * What functions taken out of a kernel tree need of the rest of the kernel:
 * types, helpers and allocators in a few lines each.
 *
 * Whatever is defined here is not taken from the tree, and CONFIG_* defined
 * here decide which side of an #ifdef is.
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
struct mutex { int held; };
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

/* What annotates and checks at compile time */

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
 * 1 for an option that is defined as 1 above, 0 for any other, in #if as well:
 * pasted to a 1, the name of what follows is a macro with a comma in it.
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

/* Small helpers */

#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define GENMASK(high, low) (((~0UL) << (low)) & (~0UL >> (63 - (high))))
#define GENMASK_ULL(high, low) GENMASK(high, low)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))
#define container_of(pointer, type, member) \
	((type *)((char *)(pointer) - offsetof(type, member)))
#define typeof __typeof__
#define typeof_member(type, member) __typeof__(((type *)0)->member)
#define DECLARE_BITMAP(name, bits) unsigned long name[((bits) + 63) / 64]
#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define DECLARE_FLEX_ARRAY(type, name) \
	struct { struct { } name##_none; type name[]; }
#define __DECLARE_FLEX_ARRAY(type, name) DECLARE_FLEX_ARRAY(type, name)
#define struct_group(name, ...) union { struct { __VA_ARGS__ }; struct { __VA_ARGS__ } name; }
#define min(a, b) ({ __typeof__(a) _one = (a); __typeof__(b) _two = (b); _one < _two ? _one : _two; })
#define max(a, b) ({ __typeof__(a) _one = (a); __typeof__(b) _two = (b); _one > _two ? _one : _two; })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define clamp(value, low, high) min(max(value, low), high)
#define swap(a, b) do { __typeof__(a) _kept = (a); (a) = (b); (b) = _kept; } while (0)
#define round_up(value, step) ((((value) - 1) | ((__typeof__(value))((step) - 1))) + 1)
#define round_down(value, step) ((value) & ~((__typeof__(value))((step) - 1)))
#define DIV_ROUND_UP(value, step) (((value) + (step) - 1) / (step))
#define ALIGN(value, step) round_up(value, step)
#define PAGE_SHIFT 12
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_ALIGN(size) round_up(size, PAGE_SIZE)
#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define check_sub_overflow(a, b, difference) __builtin_sub_overflow(a, b, difference)
#define check_mul_overflow(a, b, product) __builtin_mul_overflow(a, b, product)
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define rcu_dereference(pointer) (pointer)
#define rcu_assign_pointer(pointer, value) ((pointer) = (value))
#define array_index_nospec(index, size) (index)
#define cond_resched() ((void)0)
#define might_sleep() ((void)0)
#define lockdep_assert_held(lock) ((void)0)
#define mutex_init(lock) ((void)(lock))
#define mutex_destroy(lock) ((void)(lock))
#define mutex_lock(lock) ((void)(lock))
#define mutex_unlock(lock) ((void)(lock))
#define fatal_signal_pending(task) 0
#define signal_pending(task) 0

#ifndef ENOTSUPP
#define ENOTSUPP 524
#endif
#define MAX_ERRNO 4095
#define IS_ERR_VALUE(value) ((unsigned long)(void *)(value) >= (unsigned long)-MAX_ERRNO)
#define ERR_PTR(error) standin_error_pointer(error)
#define PTR_ERR(pointer) ((long)(pointer))
#define ERR_CAST(pointer) ((void *)(pointer))
#define IS_ERR(pointer) IS_ERR_VALUE(pointer)
#define IS_ERR_OR_NULL(pointer) (!(pointer) || IS_ERR_VALUE(pointer))
#define PTR_ERR_OR_ZERO(pointer) (IS_ERR(pointer) ? PTR_ERR(pointer) : 0)

/* The latest error that became a pointer: a caller may make a mere NULL of it. */
static long standin_error;

static inline void *standin_error_pointer(long error)
{
	standin_error = error;
	return (void *)error;
}

static inline size_t size_mul(size_t a, size_t b)
{
	size_t product;

	return __builtin_mul_overflow(a, b, &product) ? SIZE_MAX : product;
}

static inline size_t size_add(size_t a, size_t b)
{
	size_t sum;

	return __builtin_add_overflow(a, b, &sum) ? SIZE_MAX : sum;
}

#define array_size(count, size) size_mul(count, size)
#define array3_size(one, two, size) size_mul(size_mul(one, two), size)
#define flex_array_size(pointer, member, count) size_mul(count, sizeof(*(pointer)->member))
#define struct_size(pointer, member, count) \
	size_add(sizeof(*(pointer)), flex_array_size(pointer, member, count))

/* What must not happen: a line on standard error that names the place in the tree, and the end */

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
	/* in one write, as other processes write there too */
	fprintf(stderr, "%s: %s\n", place, words);
	abort();
}

#define STANDIN_STOP(words) standin_stop(STANDIN_PLACE, "%s", words)
#define STANDIN_STOP_IF(condition, words) ({ \
	const bool _is_wrong = !!(condition); \
	if (unlikely(_is_wrong)) \
		STANDIN_STOP(words); \
	_is_wrong; \
})
/* the condition as the tree has it, before its macros are replaced */
#define BUG() STANDIN_STOP("BUG()")
#define BUG_ON(condition) ((void)STANDIN_STOP_IF(condition, "BUG_ON(" #condition ")"))
#define WARN_ON(condition) STANDIN_STOP_IF(condition, "WARN_ON(" #condition ")")
#define WARN_ON_ONCE(condition) STANDIN_STOP_IF(condition, "WARN_ON_ONCE(" #condition ")")
#define WARN(condition, ...) STANDIN_STOP_IF(condition, "WARN(" #condition ")")
#define WARN_ONCE(condition, ...) STANDIN_STOP_IF(condition, "WARN_ONCE(" #condition ")")
#define WARN_RATELIMIT(condition, ...) STANDIN_STOP_IF(condition, "WARN_RATELIMIT(" #condition ")")
#define verifier_bug_if(condition, ...) STANDIN_STOP_IF(condition, "verifier_bug_if(" #condition ")")
#define verifier_bug(...) STANDIN_STOP("verifier_bug(" #__VA_ARGS__ ")")
#define bpf_prog_offload_remove_insns(env, off, cnt) STANDIN_STOP("a program for a device")

/* Messages: nobody reads them, but what they print is worked out. */
static inline void standin_print(void *env, ...)
{
	(void)env;
}

#define verbose(env, ...) standin_print(env, __VA_ARGS__)
#define bpf_verifier_log_write(env, ...) standin_print(env, __VA_ARGS__)
#define bpf_log(log, ...) standin_print(log, __VA_ARGS__)
#define pr_err(...) ((void)0)
#define pr_warn(...) ((void)0)
#define pr_info(...) ((void)0)
#define pr_debug(...) ((void)0)

/* Memory: see memory.h */

#define __GFP_ZERO 1u
#define __GFP_NOWARN 0u
#define __GFP_ACCOUNT 0u
#define __GFP_NORETRY 0u
#define __GFP_RETRY_MAYFAIL 0u
#define __GFP_NOFAIL 0u
#define __GFP_HIGHMEM 0u
#define GFP_KERNEL 0u
#define GFP_KERNEL_ACCOUNT 0u
#define GFP_USER 0u
#define GFP_NOWAIT 0u
#define GFP_ATOMIC 0u
#define bpf_memcg_flags(flags) (flags)

static void *standin_alloc_at(size_t size, gfp_t flags, const char *place);
static void *standin_realloc_at(const void *block, size_t size, gfp_t flags, const char *place);
static void memory_give_back_at(const void *block, const char *place);

#define standin_alloc(size, flags) standin_alloc_at(size, flags, STANDIN_PLACE)
#define standin_realloc(block, size, flags) standin_realloc_at(block, size, flags, STANDIN_PLACE)
#define standin_free(block) memory_give_back_at(block, STANDIN_PLACE)
#define vmalloc(size) standin_alloc(size, 0)
#define vzalloc(size) standin_alloc(size, __GFP_ZERO)
#define __vmalloc(size, flags) standin_alloc(size, flags)
#define kmalloc(size, flags) standin_alloc(size, flags)
#define kzalloc(size, flags) standin_alloc(size, (flags) | __GFP_ZERO)
#define kvmalloc(size, flags) standin_alloc(size, flags)
#define kvzalloc(size, flags) standin_alloc(size, (flags) | __GFP_ZERO)
#define vmalloc_array(count, size) standin_alloc(size_mul(count, size), 0)
#define vcalloc(count, size) standin_alloc(size_mul(count, size), __GFP_ZERO)
#define kmalloc_array(count, size, flags) standin_alloc(size_mul(count, size), flags)
#define kcalloc(count, size, flags) standin_alloc(size_mul(count, size), (flags) | __GFP_ZERO)
#define kvmalloc_array(count, size, flags) standin_alloc(size_mul(count, size), flags)
#define kvcalloc(count, size, flags) standin_alloc(size_mul(count, size), (flags) | __GFP_ZERO)
#define kmalloc_obj(object, ...) ((__typeof__(object) *)standin_alloc(sizeof(object), 0))
#define kzalloc_obj(object, ...) ((__typeof__(object) *)standin_alloc(sizeof(object), __GFP_ZERO))
#define kmalloc_objs(object, count, ...) \
	((__typeof__(object) *)standin_alloc(size_mul(count, sizeof(object)), 0))
#define kzalloc_objs(object, count, ...) \
	((__typeof__(object) *)standin_alloc(size_mul(count, sizeof(object)), __GFP_ZERO))
#define kvmalloc_objs(object, count, ...) kmalloc_objs(object, count)
#define kvzalloc_objs(object, count, ...) kzalloc_objs(object, count)
#define vrealloc(block, size, flags) standin_realloc(block, size, flags)
#define krealloc(block, size, flags) standin_realloc(block, size, flags)
#define kvrealloc(block, size, flags) standin_realloc(block, size, flags)
#define krealloc_array(block, count, size, flags) standin_realloc(block, size_mul(count, size), flags)
#define kfree(block) standin_free(block)
#define vfree(block) standin_free(block)
#define kvfree(block) standin_free(block)
#define free_percpu(block) standin_free(block)

#endif
