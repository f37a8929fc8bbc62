/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Stand-ins for kernel services, by family: locks, RCU, messages, memory and
 * scheduling. There is one thread and no concurrent reader, so most do nothing.
 * The allocator injects failures and detects leaks. A test calls every one.
 *
 * A call whose name begins with trace_ or lockdep_assert does nothing and needs
 * no entry.
 */
#ifndef HELPERS_H
#define HELPERS_H

/* Locks: never contended */

#define DEFINE_SPINLOCK(name) spinlock_t name
#define DEFINE_RAW_SPINLOCK(name) raw_spinlock_t name
#define DEFINE_RWLOCK(name) rwlock_t name
#define DEFINE_MUTEX(name) struct mutex name
#define DECLARE_RWSEM(name) struct rw_semaphore name
#define spin_lock_init(lock) ((void)(lock))
#define spin_lock(lock) ((void)(lock))
#define spin_lock_bh(lock) ((void)(lock))
#define spin_lock_irq(lock) ((void)(lock))
#define spin_lock_nested(lock, class) ((void)(lock))
#define spin_lock_irqsave(lock, flags) ((void)(lock), (void)((flags) = 0))
#define spin_trylock(lock) ((void)(lock), 1)
#define spin_is_locked(lock) ((void)(lock), 1)
#define spin_unlock(lock) ((void)(lock))
#define spin_unlock_bh(lock) ((void)(lock))
#define spin_unlock_irq(lock) ((void)(lock))
#define spin_unlock_irqrestore(lock, flags) ((void)(lock), (void)(flags))
#define raw_spin_lock_init(lock) spin_lock_init(lock)
#define raw_spin_lock(lock) spin_lock(lock)
#define raw_spin_lock_bh(lock) spin_lock_bh(lock)
#define raw_spin_lock_irq(lock) spin_lock_irq(lock)
#define raw_spin_lock_nested(lock, class) spin_lock_nested(lock, class)
#define raw_spin_lock_irqsave(lock, flags) spin_lock_irqsave(lock, flags)
#define raw_spin_trylock(lock) spin_trylock(lock)
#define raw_spin_unlock(lock) spin_unlock(lock)
#define raw_spin_unlock_bh(lock) spin_unlock_bh(lock)
#define raw_spin_unlock_irq(lock) spin_unlock_irq(lock)
#define raw_spin_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)
#define raw_res_spin_lock_init(lock) spin_lock_init(lock)
#define raw_res_spin_lock(lock) ((void)(lock), 0)
#define raw_res_spin_unlock(lock) spin_unlock(lock)
#define raw_res_spin_lock_irqsave(lock, flags) (spin_lock_irqsave(lock, flags), 0)
#define raw_res_spin_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)
#define rwlock_init(lock) ((void)(lock))
#define read_lock(lock) ((void)(lock))
#define read_lock_bh(lock) ((void)(lock))
#define read_lock_irqsave(lock, flags) spin_lock_irqsave(lock, flags)
#define read_unlock(lock) ((void)(lock))
#define read_unlock_bh(lock) ((void)(lock))
#define read_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)
#define write_lock(lock) ((void)(lock))
#define write_lock_bh(lock) ((void)(lock))
#define write_lock_irqsave(lock, flags) spin_lock_irqsave(lock, flags)
#define write_unlock(lock) ((void)(lock))
#define write_unlock_bh(lock) ((void)(lock))
#define write_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)
#define mutex_init(lock) ((void)(lock))
#define mutex_destroy(lock) ((void)(lock))
#define mutex_lock(lock) ((void)(lock))
#define mutex_lock_nested(lock, class) ((void)(lock))
#define mutex_lock_interruptible(lock) ((void)(lock), 0)
#define mutex_lock_killable(lock) ((void)(lock), 0)
#define mutex_trylock(lock) ((void)(lock), 1)
#define mutex_unlock(lock) ((void)(lock))
#define mutex_is_locked(lock) ((void)(lock), true)
#define init_rwsem(lock) ((void)(lock))
#define down_read(lock) ((void)(lock))
#define down_read_trylock(lock) ((void)(lock), 1)
#define up_read(lock) ((void)(lock))
#define down_write(lock) ((void)(lock))
#define down_write_trylock(lock) ((void)(lock), 1)
#define up_write(lock) ((void)(lock))
#define downgrade_write(lock) ((void)(lock))
#define seqcount_init(sequence) ((void)(sequence))
#define read_seqcount_begin(sequence) ((void)(sequence), 0u)
#define read_seqcount_retry(sequence, start) ((void)(sequence), (void)(start), 0)
#define write_seqcount_begin(sequence) ((void)(sequence))
#define write_seqcount_end(sequence) ((void)(sequence))
#define local_lock(lock) ((void)(lock))
#define local_unlock(lock) ((void)(lock))
#define local_lock_irqsave(lock, flags) spin_lock_irqsave(lock, flags)
#define local_unlock_irqrestore(lock, flags) spin_unlock_irqrestore(lock, flags)
/* guard(mutex)(&lock) expands to a call of the next macro */
#define guard(kind) standin_guard
#define standin_guard(...) ((void)0)
#define scoped_guard(...) for (bool standin_once = true; standin_once; standin_once = false)
/* __free(kfree): the variable is freed at the end of its scope */
#define __free(function) __attribute__((__cleanup__(standin_clean_##function)))
#define no_free_ptr(pointer) ({ __typeof__(pointer) _given = (pointer); (pointer) = NULL; _given; })
#define retain_and_null_ptr(pointer) ((void)((pointer) = NULL))
#define return_ptr(pointer) return no_free_ptr(pointer)

/* RCU: no concurrent reader; callbacks run at the end of the pass */

#define rcu_read_lock() ((void)0)
#define rcu_read_unlock() ((void)0)
#define rcu_read_lock_bh() ((void)0)
#define rcu_read_unlock_bh() ((void)0)
#define rcu_read_lock_sched() ((void)0)
#define rcu_read_unlock_sched() ((void)0)
#define rcu_read_lock_trace() ((void)0)
#define rcu_read_unlock_trace() ((void)0)
#define rcu_read_lock_dont_migrate() ((void)0)
#define rcu_read_unlock_migrate() ((void)0)
#define rcu_read_lock_held() 1
#define rcu_read_lock_bh_held() 1
#define rcu_read_lock_trace_held() 1
#define srcu_read_lock(srcu) ((void)(srcu), 0)
#define srcu_read_unlock(srcu, index) ((void)(srcu), (void)(index))
#define rcu_dereference(pointer) (pointer)
#define rcu_dereference_bh(pointer) (pointer)
#define rcu_dereference_sched(pointer) (pointer)
#define rcu_dereference_raw(pointer) (pointer)
#define rcu_dereference_check(pointer, condition) (pointer)
#define rcu_dereference_protected(pointer, condition) (pointer)
#define srcu_dereference(pointer, srcu) (pointer)
#define rcu_access_pointer(pointer) (pointer)
#define rcu_assign_pointer(pointer, value) ((void)((pointer) = (value)))
#define RCU_INIT_POINTER(pointer, value) ((void)((pointer) = (value)))
#define rcu_replace_pointer(pointer, value, condition) xchg(&(pointer), value)
#define unrcu_pointer(pointer) (pointer)
#define synchronize_rcu() ((void)0)
#define synchronize_rcu_expedited() ((void)0)
#define synchronize_rcu_tasks() ((void)0)
#define synchronize_rcu_tasks_trace() ((void)0)
#define synchronize_rcu_mult(...) ((void)0)
#define synchronize_srcu(srcu) ((void)(srcu))
#define synchronize_net() ((void)0)
#define rcu_barrier() standin_run_later()
#define rcu_barrier_tasks_trace() standin_run_later()
#define call_rcu(head, function) standin_later(head, function)
#define call_rcu_hurry(head, function) standin_later(head, function)
#define call_rcu_tasks(head, function) standin_later(head, function)
#define call_rcu_tasks_trace(head, function) standin_later(head, function)
/* with a member it is deferred; without one it may sleep and frees at once */
#define kfree_rcu(...) STANDIN_THIRD(__VA_ARGS__, standin_free_later, standin_free)(__VA_ARGS__)
#define kvfree_rcu(...) kfree_rcu(__VA_ARGS__)
#define kfree_rcu_mightsleep(block) standin_free(block)
#define kvfree_rcu_mightsleep(block) standin_free(block)
#define standin_free_later(block, member) \
	standin_later(&(block)->member, (void (*)(struct rcu_head *))offsetof(__typeof__(*(block)), member))
#define STANDIN_THIRD(first, second, third, ...) third

/* The CPU: the adapter chooses whether it clears upper halves */

static bool standin_needs_zext;

#define bpf_jit_needs_zext() standin_needs_zext

/* Messages: not printed, but their arguments are evaluated */

static inline void standin_print(const void *env, ...)
{
	(void)env;
}

#define verbose(env, ...) standin_print(env, __VA_ARGS__)
#define verbose_linfo(env, ...) standin_print(env, __VA_ARGS__)
#define bpf_verifier_log_write(env, ...) standin_print(env, __VA_ARGS__)
#define bpf_log(log, ...) standin_print(log, __VA_ARGS__)
#define printk(...) standin_print(__VA_ARGS__)
#define printk_once(...) printk(__VA_ARGS__)
#define printk_ratelimited(...) printk(__VA_ARGS__)
#define trace_printk(...) printk(__VA_ARGS__)
#define pr_emerg(...) printk(__VA_ARGS__)
#define pr_alert(...) printk(__VA_ARGS__)
#define pr_crit(...) printk(__VA_ARGS__)
#define pr_err(...) printk(__VA_ARGS__)
#define pr_warn(...) printk(__VA_ARGS__)
#define pr_notice(...) printk(__VA_ARGS__)
#define pr_info(...) printk(__VA_ARGS__)
#define pr_cont(...) printk(__VA_ARGS__)
/* compiled out of a kernel without DEBUG */
#define pr_debug(...) ((void)0)
#define pr_devel(...) ((void)0)
#define pr_err_once(...) pr_err(__VA_ARGS__)
#define pr_warn_once(...) pr_warn(__VA_ARGS__)
#define pr_notice_once(...) pr_notice(__VA_ARGS__)
#define pr_info_once(...) pr_info(__VA_ARGS__)
#define pr_err_ratelimited(...) pr_err(__VA_ARGS__)
#define pr_warn_ratelimited(...) pr_warn(__VA_ARGS__)
#define pr_notice_ratelimited(...) pr_notice(__VA_ARGS__)
#define pr_info_ratelimited(...) pr_info(__VA_ARGS__)
#define pr_debug_ratelimited(...) ((void)0)
#define pr_warn_deprecated_once(...) pr_warn(__VA_ARGS__)
#define dump_stack() ((void)0)
#define print_hex_dump_bytes(...) ((void)0)

/* Memory: see memory.h */

#define __GFP_ZERO 1u
#define __GFP_NOFAIL 2u
#define STANDIN_SMALL 4u /* kmalloc(): limited to KMALLOC_MAX_SIZE */
#define STANDIN_PAGES 8u /* vmalloc(): warns about size 0 */
#define __GFP_NOWARN 0u
#define __GFP_ACCOUNT 0u
#define __GFP_NORETRY 0u
#define __GFP_RETRY_MAYFAIL 0u
#define __GFP_HIGHMEM 0u
#define __GFP_COMP 0u
#define GFP_KERNEL 0u
#define GFP_KERNEL_ACCOUNT 0u
#define GFP_USER 0u
#define GFP_NOWAIT 0u
#define GFP_ATOMIC 0u
#define GFP_NOFS 0u
#define GFP_NOIO 0u
#define NUMA_NO_NODE (-1)
#define KMALLOC_MAX_SIZE (1ul << 22)
/* the result of an allocation of size 0: not NULL, and nothing to free */
#define ZERO_SIZE_PTR ((void *)16)
#define ZERO_OR_NULL_PTR(block) ((unsigned long)(block) <= (unsigned long)ZERO_SIZE_PTR)
#define bpf_memcg_flags(flags) (flags)

static void *standin_alloc_at(size_t size, gfp_t flags, const char *place);
static void *standin_realloc_at(const void *block, size_t size, gfp_t flags, const char *place);
static void *standin_duplicate_at(const void *bytes, size_t size, gfp_t flags, const char *place);
static void *standin_duplicate_text_at(const char *text, size_t most, gfp_t flags, const char *place);
static void memory_free_at(const void *block, const char *place);
static bool standin_is_interrupted(const char *place);

#define standin_alloc(size, flags) standin_alloc_at(size, flags, STANDIN_PLACE)
#define standin_realloc(block, size, flags) standin_realloc_at(block, size, flags, STANDIN_PLACE)
#define standin_free(block) memory_free_at(block, STANDIN_PLACE)
#define kmalloc(size, flags) standin_alloc(size, (flags) | STANDIN_SMALL)
#define kzalloc(size, flags) kmalloc(size, (flags) | __GFP_ZERO)
#define kmalloc_array(count, size, flags) kmalloc(size_mul(count, size), flags)
#define kcalloc(count, size, flags) kzalloc(size_mul(count, size), flags)
#define kmalloc_node(size, flags, node) kmalloc(size, flags)
#define kzalloc_node(size, flags, node) kzalloc(size, flags)
#define kmalloc_array_node(count, size, flags, node) kmalloc_array(count, size, flags)
#define kcalloc_node(count, size, flags, node) kcalloc(count, size, flags)
#define kmalloc_nolock(size, flags, node) kmalloc(size, flags)
#define kmalloc_size_roundup(size) (size)
#define kvmalloc(size, flags) standin_alloc(size, flags)
#define kvzalloc(size, flags) kvmalloc(size, (flags) | __GFP_ZERO)
#define kvmalloc_array(count, size, flags) kvmalloc(size_mul(count, size), flags)
#define kvcalloc(count, size, flags) kvzalloc(size_mul(count, size), flags)
#define kvmalloc_node(size, flags, node) kvmalloc(size, flags)
#define kvzalloc_node(size, flags, node) kvzalloc(size, flags)
#define vmalloc(size) standin_alloc(size, STANDIN_PAGES)
#define vzalloc(size) standin_alloc(size, STANDIN_PAGES | __GFP_ZERO)
#define __vmalloc(size, flags) standin_alloc(size, (flags) | STANDIN_PAGES)
#define vmalloc_array(count, size) vmalloc(size_mul(count, size))
#define vcalloc(count, size) vzalloc(size_mul(count, size))
#define __vmalloc_array(count, size, flags) __vmalloc(size_mul(count, size), flags)
#define __vcalloc(count, size, flags) __vmalloc(size_mul(count, size), (flags) | __GFP_ZERO)
#define vmalloc_node(size, node) vmalloc(size)
#define vzalloc_node(size, node) vzalloc(size)
#define kmalloc_obj(object, ...) ((__typeof__(object) *)kmalloc(sizeof(object), 0))
#define kzalloc_obj(object, ...) ((__typeof__(object) *)kzalloc(sizeof(object), 0))
#define kmalloc_objs(object, count, ...) ((__typeof__(object) *)kmalloc_array(count, sizeof(object), 0))
#define kzalloc_objs(object, count, ...) ((__typeof__(object) *)kcalloc(count, sizeof(object), 0))
#define kvmalloc_obj(object, ...) ((__typeof__(object) *)kvmalloc(sizeof(object), 0))
#define kvzalloc_obj(object, ...) ((__typeof__(object) *)kvzalloc(sizeof(object), 0))
#define kvmalloc_objs(object, count, ...) ((__typeof__(object) *)kvmalloc_array(count, sizeof(object), 0))
#define kvzalloc_objs(object, count, ...) ((__typeof__(object) *)kvcalloc(count, sizeof(object), 0))
#define kmalloc_flex(object, member, count, ...) \
	((__typeof__(object) *)kmalloc(struct_size_t(__typeof__(object), member, count), 0))
#define kzalloc_flex(object, member, count, ...) \
	((__typeof__(object) *)kzalloc(struct_size_t(__typeof__(object), member, count), 0))
#define krealloc(block, size, flags) standin_realloc(block, size, (flags) | STANDIN_SMALL)
#define krealloc_array(block, count, size, flags) krealloc(block, size_mul(count, size), flags)
/* before 6.12 the old size is an argument as well */
#define kvrealloc(...) STANDIN_FIFTH(__VA_ARGS__, standin_kvrealloc_sized, standin_realloc)(__VA_ARGS__)
#define standin_kvrealloc_sized(block, old, size, flags) standin_realloc(block, size, flags)
#define STANDIN_FIFTH(first, second, third, fourth, fifth, ...) fifth
#define vrealloc(block, size, flags) standin_realloc(block, size, (flags) | STANDIN_PAGES)
#define kmemdup(bytes, size, flags) standin_duplicate_at(bytes, size, (flags) | STANDIN_SMALL, STANDIN_PLACE)
#define kmemdup_array(bytes, count, size, flags) kmemdup(bytes, size_mul(count, size), flags)
#define kvmemdup(bytes, size, flags) standin_duplicate_at(bytes, size, flags, STANDIN_PLACE)
#define kstrdup(text, flags) standin_duplicate_text_at(text, SIZE_MAX, flags, STANDIN_PLACE)
#define kstrndup(text, most, flags) standin_duplicate_text_at(text, most, flags, STANDIN_PLACE)
#define bitmap_alloc(count, flags) ((unsigned long *)kmalloc_array(BITS_TO_LONGS(count), sizeof(long), flags))
#define bitmap_zalloc(count, flags) ((unsigned long *)kcalloc(BITS_TO_LONGS(count), sizeof(long), flags))
#define bitmap_free(bits) standin_free(bits)
#define alloc_percpu(type) ((type *)kzalloc(sizeof(type), 0))
#define alloc_percpu_gfp(type, flags) ((type *)kzalloc(sizeof(type), flags))
#define __alloc_percpu(size, align) kzalloc(size, 0)
#define __alloc_percpu_gfp(size, align, flags) kzalloc(size, flags)
#define free_percpu(block) standin_free(block)
#define DEFINE_PER_CPU(type, name) __typeof__(type) name
#define per_cpu_ptr(pointer, cpu) (pointer)
#define this_cpu_ptr(pointer) (pointer)
#define raw_cpu_ptr(pointer) (pointer)
#define this_cpu_read(variable) (variable)
#define this_cpu_write(variable, value) ((void)((variable) = (value)))
#define this_cpu_add(variable, value) ((void)((variable) += (value)))
#define this_cpu_inc(variable) ((void)(variable)++)
#define this_cpu_dec(variable) ((void)(variable)--)
#define kfree(block) standin_free(block)
#define kfree_const(block) standin_free(block)
#define kfree_sensitive(block) standin_free(block)
#define kfree_nolock(block) standin_free(block)
#define vfree(block) standin_free(block)
#define vfree_atomic(block) standin_free(block)
#define kvfree(block) standin_free(block)
#define kvfree_sensitive(block, size) standin_free(block)

/* Scheduling: one task that is never preempted */

static struct task_struct standin_task = { .pid = 1, .tgid = 1, .comm = "bpf-patch-fuzz" };

#define current (&standin_task)
#define cond_resched() 0
#define cond_resched_lock(lock) ((void)(lock), 0)
#define cond_resched_rcu() ((void)0)
#define need_resched() false
#define schedule() ((void)0)
#define schedule_timeout(ticks) ((void)(ticks), 0L)
#define schedule_timeout_interruptible(ticks) ((void)(ticks), 0L)
#define schedule_timeout_uninterruptible(ticks) ((void)(ticks), 0L)
#define yield() ((void)0)
#define might_sleep() ((void)0)
#define might_sleep_if(condition) ((void)(condition))
#define might_fault() ((void)0)
#define cant_sleep() ((void)0)
#define cant_migrate() ((void)0)
#define signal_pending(task) ((void)(task), standin_is_interrupted(STANDIN_PLACE))
#define fatal_signal_pending(task) ((void)(task), standin_is_interrupted(STANDIN_PLACE))
#define preempt_disable() ((void)0)
#define preempt_enable() ((void)0)
#define preempt_disable_notrace() ((void)0)
#define preempt_enable_notrace() ((void)0)
#define migrate_disable() ((void)0)
#define migrate_enable() ((void)0)
#define local_irq_disable() ((void)0)
#define local_irq_enable() ((void)0)
#define local_irq_save(flags) ((void)((flags) = 0))
#define local_irq_restore(flags) ((void)(flags))
#define local_bh_disable() ((void)0)
#define local_bh_enable() ((void)0)
#define cpus_read_lock() ((void)0)
#define cpus_read_unlock() ((void)0)
#define in_interrupt() 0
#define in_task() 1
#define in_nmi() 0
#define irqs_disabled() 0
#define cpu_relax() ((void)0)
#define touch_nmi_watchdog() ((void)0)
#define touch_softlockup_watchdog() ((void)0)
#define msleep(time) ((void)(time))
#define usleep_range(least, most) ((void)(least), (void)(most))
#define udelay(time) ((void)(time))
#define ndelay(time) ((void)(time))
#define smp_processor_id() 0
#define raw_smp_processor_id() 0
#define get_cpu() 0
#define put_cpu() ((void)0)
#define num_online_cpus() 1u
#define num_possible_cpus() 1u
#define ktime_get_ns() 0ull
#define ktime_get_mono_fast_ns() 0ull
#define local_clock() 0ull

/* The callbacks that wait for a grace period, latest first. */
static struct rcu_head *standin_waiting;

static inline void standin_later(struct rcu_head *head, void (*function)(struct rcu_head *))
{
	head->func = function;
	head->next = standin_waiting;
	standin_waiting = head;
}

/*
 * Runs the callbacks. A small number in place of a function is the offset of the
 * head in a block to free, as for kfree_rcu().
 */
static inline void standin_run_later(void)
{
	while (standin_waiting) {
		struct rcu_head *head = standin_waiting;
		const unsigned long offset = (unsigned long)head->func;

		standin_waiting = head->next;
		if (offset < 1 << STANDIN_PAGE_SHIFT)
			memory_free_at((char *)head - offset, "kfree_rcu()");
		else
			head->func(head);
	}
}

static inline void standin_clean(void *variable)
{
	void *block = *(void **)variable;

	if (!IS_ERR_OR_NULL(block))
		memory_free_at(block, "__free()");
}

#define standin_clean_kfree standin_clean
#define standin_clean_kvfree standin_clean
#define standin_clean_vfree standin_clean
#define standin_clean_bitmap standin_clean
#define standin_clean_kfree_sensitive standin_clean

#endif
