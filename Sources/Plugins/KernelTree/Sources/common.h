/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * Stand-ins that compute. Each returns the same value as the kernel's. They are
 * grouped by family; a test calls every one.
 */
#ifndef COMMON_H
#define COMMON_H

/* Types and their members */

#define typeof __typeof__
#define typeof_member(type, member) __typeof__(((type *)0)->member)
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))
#define container_of(pointer, type, member) ((type *)((char *)(pointer) - offsetof(type, member)))
#define container_of_const(pointer, type, member) container_of(pointer, type, member)
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
#define DECLARE_HASHTABLE(name, bits) struct hlist_head name[1 << (bits)]
#define DECLARE_FLEX_ARRAY(type, name) struct { struct { } name##_none; type name[]; }
#define __DECLARE_FLEX_ARRAY(type, name) DECLARE_FLEX_ARRAY(type, name)
#define struct_group(name, ...) union { struct { __VA_ARGS__ }; struct { __VA_ARGS__ } name; }
#define struct_group_tagged(tag, name, ...) union { struct { __VA_ARGS__ }; struct tag { __VA_ARGS__ } name; }

/* Comparing */

#define min(a, b) ({ __typeof__(a) _one = (a); __typeof__(b) _two = (b); _one < _two ? _one : _two; })
#define max(a, b) ({ __typeof__(a) _one = (a); __typeof__(b) _two = (b); _one > _two ? _one : _two; })
#define min_t(type, a, b) min((type)(a), (type)(b))
#define max_t(type, a, b) max((type)(a), (type)(b))
#define umin(a, b) min((u64)(a), (u64)(b))
#define umax(a, b) max((u64)(a), (u64)(b))
#define min3(a, b, c) min(min(a, b), c)
#define max3(a, b, c) max(max(a, b), c)
#define min_not_zero(a, b) ({ \
	__typeof__(a) _left = (a); \
	__typeof__(b) _right = (b); \
	!_left ? _right : !_right ? _left : min(_left, _right); \
})
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define MIN_T(type, a, b) MIN((type)(a), (type)(b))
#define MAX_T(type, a, b) MAX((type)(a), (type)(b))
#define clamp(value, low, high) min(max(value, low), high)
#define clamp_t(type, value, low, high) clamp((type)(value), (type)(low), (type)(high))
#define clamp_val(value, low, high) clamp_t(__typeof__(value), value, low, high)
#define in_range(value, start, count) ((u64)(value) - (u64)(start) < (u64)(count))
#define abs(value) ({ __typeof__(value) _signed = (value); _signed < 0 ? -_signed : _signed; })
#define abs_diff(a, b) ({ \
	__typeof__(a) _one = (a); \
	__typeof__(a) _two = (b); \
	_one > _two ? _one - _two : _two - _one; \
})
#define swap(a, b) do { __typeof__(a) _kept = (a); (a) = (b); (b) = _kept; } while (0)

/* Rounding and dividing */

#define round_up(value, step) ((((value) - 1) | ((__typeof__(value))((step) - 1))) + 1)
#define round_down(value, step) ((value) & ~((__typeof__(value))((step) - 1)))
#define roundup(value, step) ({ __typeof__(step) _step = (step); ((value) + _step - 1) / _step * _step; })
#define rounddown(value, step) ({ __typeof__(value) _value = (value); _value - _value % (step); })
#define DIV_ROUND_UP(value, step) (((value) + (step) - 1) / (step))
#define DIV_ROUND_UP_ULL(value, step) DIV_ROUND_UP((u64)(value), step)
#define ALIGN(value, step) round_up(value, step)
#define ALIGN_DOWN(value, step) round_down(value, step)
#define PTR_ALIGN(pointer, step) ((__typeof__(pointer))ALIGN((unsigned long)(pointer), step))
#define IS_ALIGNED(value, step) (((value) & ((__typeof__(value))(step) - 1)) == 0)
#define STANDIN_PAGE_SHIFT 12
/* The adapter chooses the size for each pass, unless the tree needs a constant. */
#ifdef STANDIN_CONSTANT_PAGES
#define PAGE_SHIFT STANDIN_PAGE_SHIFT
#else
#define PAGE_SHIFT standin_page_shift
#endif
#define PAGE_SIZE (1UL << PAGE_SHIFT)
#define PAGE_MASK (~(PAGE_SIZE - 1))
#define PAGE_ALIGN(size) round_up(size, PAGE_SIZE)
#define PAGE_ALIGNED(address) IS_ALIGNED((unsigned long)(address), PAGE_SIZE)
#define PFN_UP(size) (((size) + PAGE_SIZE - 1) >> PAGE_SHIFT)
#define div_u64(value, by) ((u64)(value) / (u32)(by))
#define div64_u64(value, by) ((u64)(value) / (u64)(by))
#define div_s64(value, by) ((s64)(value) / (s32)(by))
#define do_div(value, by) ({ u32 _by = (by); u32 _rest = (value) % _by; (value) /= _by; _rest; })
#define upper_32_bits(value) ((u32)((u64)(value) >> 32))
#define lower_32_bits(value) ((u32)(value))

static int standin_page_shift __attribute__((__unused__)) = STANDIN_PAGE_SHIFT;

/* Overflow: a size that does not fit is SIZE_MAX, which no allocation can satisfy */

#define check_add_overflow(a, b, sum) __builtin_add_overflow(a, b, sum)
#define check_sub_overflow(a, b, difference) __builtin_sub_overflow(a, b, difference)
#define check_mul_overflow(a, b, product) __builtin_mul_overflow(a, b, product)
#define array_size(count, size) size_mul(count, size)
#define array3_size(one, two, size) size_mul(size_mul(one, two), size)
#define flex_array_size(pointer, member, count) size_mul(count, sizeof(*(pointer)->member))
#define struct_size(pointer, member, count) \
	size_add(sizeof(*(pointer)), flex_array_size(pointer, member, count))
#define struct_size_t(type, member, count) struct_size((type *)NULL, member, count)

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

/* SIZE_MAX marks an earlier overflow and is kept */
static inline size_t size_sub(size_t a, size_t b)
{
	return a == SIZE_MAX || b == SIZE_MAX || b > a ? SIZE_MAX : a - b;
}

/* Bits */

#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define BIT_MASK(n) (1UL << ((n) % BITS_PER_LONG))
#define BIT_WORD(n) ((n) / BITS_PER_LONG)
#define BITS_TO_LONGS(bits) (((bits) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define GENMASK(high, low) (((~0UL) << (low)) & (~0UL >> (63 - (high))))
#define GENMASK_ULL(high, low) GENMASK(high, low)
#define fls(value) ({ u32 _bits = (value); _bits ? 32 - __builtin_clz(_bits) : 0; })
#define fls64(value) ({ u64 _bits = (value); _bits ? 64 - __builtin_clzll(_bits) : 0; })
#define fls_long(value) fls64(value)
#define __fls(value) (63 - __builtin_clzl(value))
#define __ffs(value) __builtin_ctzl(value)
#define __ffs64(value) __builtin_ctzll(value)
#define ffs(value) __builtin_ffs(value)
#define ffz(value) __builtin_ctzl(~(unsigned long)(value))
#define hweight8(value) __builtin_popcount((u8)(value))
#define hweight16(value) __builtin_popcount((u16)(value))
#define hweight32(value) __builtin_popcount((u32)(value))
#define hweight64(value) __builtin_popcountll((u64)(value))
#define hweight_long(value) __builtin_popcountl((unsigned long)(value))
#define ilog2(value) (fls64(value) - 1)
#define is_power_of_2(value) ({ u64 _power = (value); _power && !(_power & (_power - 1)); })
#define order_base_2(value) ({ u64 _count = (value); _count > 1 ? fls64(_count - 1) : 0; })
#define roundup_pow_of_two(value) (1UL << order_base_2(value))
#define rounddown_pow_of_two(value) (1UL << ilog2(value))
#define test_bit(n, bits) ((bool)((bits)[BIT_WORD(n)] & BIT_MASK(n)))
#define set_bit(n, bits) ((void)((bits)[BIT_WORD(n)] |= BIT_MASK(n)))
#define clear_bit(n, bits) ((void)((bits)[BIT_WORD(n)] &= ~BIT_MASK(n)))
#define change_bit(n, bits) ((void)((bits)[BIT_WORD(n)] ^= BIT_MASK(n)))
#define test_and_set_bit(n, bits) ({ bool _was = test_bit(n, bits); set_bit(n, bits); _was; })
#define test_and_clear_bit(n, bits) ({ bool _was = test_bit(n, bits); clear_bit(n, bits); _was; })
#define __set_bit(n, bits) set_bit(n, bits)
#define __clear_bit(n, bits) clear_bit(n, bits)
#define __change_bit(n, bits) change_bit(n, bits)
#define __test_and_set_bit(n, bits) test_and_set_bit(n, bits)
#define __test_and_clear_bit(n, bits) test_and_clear_bit(n, bits)
#define assign_bit(n, bits, value) ((value) ? set_bit(n, bits) : clear_bit(n, bits))
#define __assign_bit(n, bits, value) assign_bit(n, bits, value)
#define find_first_bit(bits, count) standin_find(bits, count, 0, true)
#define find_first_zero_bit(bits, count) standin_find(bits, count, 0, false)
#define find_next_bit(bits, count, from) standin_find(bits, count, from, true)
#define find_next_zero_bit(bits, count, from) standin_find(bits, count, from, false)
#define find_last_bit(bits, count) standin_find_last(bits, count)
#define for_each_set_bit(n, bits, count) \
	for ((n) = find_first_bit(bits, count); (n) < (count); (n) = find_next_bit(bits, count, (n) + 1))
#define for_each_clear_bit(n, bits, count) \
	for ((n) = find_first_zero_bit(bits, count); (n) < (count); (n) = find_next_zero_bit(bits, count, (n) + 1))
#define bitmap_zero(bits, count) ((void)memset(bits, 0, BITS_TO_LONGS(count) * sizeof(long)))
#define bitmap_fill(bits, count) ((void)memset(bits, 0xff, BITS_TO_LONGS(count) * sizeof(long)))
#define bitmap_copy(to, from, count) ((void)memcpy(to, from, BITS_TO_LONGS(count) * sizeof(long)))
#define bitmap_set(bits, start, count) standin_fill(bits, start, count, true)
#define bitmap_clear(bits, start, count) standin_fill(bits, start, count, false)
#define bitmap_weight(bits, count) standin_weight(bits, count)
#define bitmap_empty(bits, count) (find_first_bit(bits, count) == (count))
#define bitmap_full(bits, count) (find_first_zero_bit(bits, count) == (count))

/* The first bit from `from` on that has a value, or `count`. */
static inline unsigned long standin_find(const unsigned long *bits, unsigned long count, unsigned long from, bool value)
{
	while (from < count && test_bit(from, bits) != value)
		from++;
	return from < count ? from : count;
}

static inline unsigned long standin_find_last(const unsigned long *bits, unsigned long count)
{
	unsigned long last = count;

	while (last && !test_bit(last - 1, bits))
		last--;
	return last ? last - 1 : count;
}

static inline void standin_fill(unsigned long *bits, unsigned int start, unsigned int count, bool value)
{
	while (count--) {
		assign_bit(start, bits, value);
		start++;
	}
}

static inline unsigned int standin_weight(const unsigned long *bits, unsigned int count)
{
	unsigned int weight = 0;

	while (count--)
		weight += test_bit(count, bits);
	return weight;
}

/* Shared memory: there is one thread, so plain accesses suffice */

#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, value) (*(volatile __typeof__(x) *)&(x) = (value))
#define data_race(expression) (expression)
#define smp_mb() barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define smp_load_acquire(pointer) READ_ONCE(*(pointer))
#define smp_store_release(pointer, value) WRITE_ONCE(*(pointer), value)
#define smp_store_mb(x, value) WRITE_ONCE(x, value)
#define xchg(pointer, value) ({ __typeof__(*(pointer)) _old = *(pointer); *(pointer) = (value); _old; })
#define cmpxchg(pointer, old, new) ({ \
	__typeof__(pointer) _at = (pointer); \
	__typeof__(*_at) _seen = *_at; \
	if (_seen == (old)) \
		*_at = (new); \
	_seen; \
})
#define ATOMIC_INIT(value) { (value) }
#define ATOMIC64_INIT(value) { (value) }
#define atomic_read(atomic) ((atomic)->counter)
#define atomic_set(atomic, value) ((void)((atomic)->counter = (value)))
#define atomic_inc(atomic) ((void)(atomic)->counter++)
#define atomic_dec(atomic) ((void)(atomic)->counter--)
#define atomic_add(value, atomic) ((void)((atomic)->counter += (value)))
#define atomic_sub(value, atomic) ((void)((atomic)->counter -= (value)))
#define atomic_inc_return(atomic) (++(atomic)->counter)
#define atomic_dec_return(atomic) (--(atomic)->counter)
#define atomic_dec_and_test(atomic) (--(atomic)->counter == 0)
#define atomic64_read(atomic) atomic_read(atomic)
#define atomic64_set(atomic, value) atomic_set(atomic, value)
#define atomic64_inc(atomic) atomic_inc(atomic)
#define atomic64_dec(atomic) atomic_dec(atomic)
#define atomic64_add(value, atomic) atomic_add(value, atomic)
#define atomic64_sub(value, atomic) atomic_sub(value, atomic)
#define atomic64_inc_return(atomic) atomic_inc_return(atomic)
#define atomic64_dec_and_test(atomic) atomic_dec_and_test(atomic)
#define atomic_long_read(atomic) atomic_read(atomic)
#define atomic_long_add(value, atomic) atomic_add(value, atomic)
#define atomic_long_sub(value, atomic) atomic_sub(value, atomic)
#define REFCOUNT_INIT(value) { { (value) } }
#define refcount_read(count) atomic_read(&(count)->refs)
#define refcount_set(count, value) atomic_set(&(count)->refs, value)
#define refcount_inc(count) atomic_inc(&(count)->refs)
#define refcount_dec(count) atomic_dec(&(count)->refs)
#define refcount_inc_not_zero(count) ((count)->refs.counter ? (++(count)->refs.counter, true) : false)
#define refcount_dec_and_test(count) atomic_dec_and_test(&(count)->refs)
#define array_index_nospec(index, size) ((index) < (size) ? (index) : 0)

/* Errors as pointers */

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

/* The latest error pointer, since a caller may replace it by NULL. */
static long standin_error;

static inline void *standin_error_pointer(long error)
{
	standin_error = error;
	return (void *)error;
}

/* Text and bytes; memcpy and the like are those of the C library */

#define scnprintf(text, size, ...) standin_print_to(text, size, __VA_ARGS__)
#define strscpy(text, source, ...) standin_copy_text(text, source, STANDIN_SIZE_OF(text, ##__VA_ARGS__, sizeof(text)))
#define strscpy_pad(text, source, ...) ({ \
	memset(text, 0, STANDIN_SIZE_OF(text, ##__VA_ARGS__, sizeof(text))); \
	strscpy(text, source, ##__VA_ARGS__); \
})
#define STANDIN_SIZE_OF(text, size, ...) (size)
#define memchr_inv(bytes, value, size) standin_find_other(bytes, value, size)
#define memset32(words, value, count) standin_fill_words(words, value, count)
#define memset64(words, value, count) standin_fill_words(words, value, count)
#define standin_fill_words(words, value, count) ({ \
	size_t _left = (count); \
	while (_left--) \
		(words)[_left] = (value); \
	(words); \
})
#define memzero_explicit(bytes, size) ((void)memset(bytes, 0, size))
#define str_yes_no(value) ((value) ? "yes" : "no")
#define str_true_false(value) ((value) ? "true" : "false")
#define str_plural(count) ((count) == 1 ? "" : "s")

__attribute__((__format__(printf, 3, 4)))
static inline int standin_print_to(char *text, size_t size, const char *format, ...)
{
	va_list values;
	int count;

	va_start(values, format);
	count = vsnprintf(text, size, format, values);
	va_end(values);
	return !size ? 0 : (size_t)count < size ? count : (int)size - 1;
}

static inline ssize_t standin_copy_text(char *text, const char *source, size_t size)
{
	const size_t length = size ? strnlen(source, size) : 0;

	if (!size)
		return -E2BIG;
	memcpy(text, source, length);
	text[length < size ? length : size - 1] = 0;
	return length < size ? (ssize_t)length : -E2BIG;
}

static inline void *standin_find_other(const void *bytes, int value, size_t size)
{
	const u8 *at = bytes;

	while (size && *at == (u8)value) {
		at++;
		size--;
	}
	return size ? (void *)at : NULL;
}

/* Sorting; bsearch() is that of the C library, with the kernel's parameters */

#define sort(base, count, size, compare, exchange) standin_sort(base, count, size, compare, exchange)
#define sort_nonatomic(base, count, size, compare, exchange) sort(base, count, size, compare, exchange)

static inline void standin_exchange(void *a, void *b, int size, void (*exchange)(void *, void *, int))
{
	char *one = a, *two = b;

	if (exchange)
		return exchange(a, b, size);
	while (size--)
		swap(one[size], two[size]);
}

/* Heapsort, as in the kernel: not stable, and `exchange` may swap other arrays along. */
static inline void standin_sort(void *base, size_t count, size_t size, int (*compare)(const void *, const void *),
				void (*exchange)(void *, void *, int))
{
	char *bytes = base;
	size_t root = count / 2, end = count;

	while (end > 1) {
		size_t at, child;

		if (root)
			root--;
		else
			standin_exchange(bytes, bytes + --end * size, size, exchange);
		for (at = root; (child = 2 * at + 1) < end; at = child) {
			if (child + 1 < end && compare(bytes + child * size, bytes + (child + 1) * size) < 0)
				child++;
			if (compare(bytes + at * size, bytes + child * size) >= 0)
				break;
			standin_exchange(bytes + at * size, bytes + child * size, size, exchange);
		}
	}
}

/* Random numbers: the same in each pass */

#define get_random_u32() ((u32)standin_random())
#define get_random_u64() standin_random()
#define get_random_u32_below(most) ((u32)(standin_random() % (most)))

static u64 standin_random_state;

static inline u64 standin_random(void)
{
	u64 mixed = standin_random_state += 0x9e3779b97f4a7c15ull;

	mixed = (mixed ^ mixed >> 30) * 0xbf58476d1ce4e5b9ull;
	return mixed ^ mixed >> 31;
}

/* Lists */

#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)
#define INIT_LIST_HEAD(head) standin_list_init(head)
#define list_add(entry, head) standin_list_link(entry, head, (head)->next)
#define list_add_tail(entry, head) standin_list_link(entry, (head)->prev, head)
#define list_del(entry) standin_list_unlink(entry)
#define list_del_init(entry) (standin_list_unlink(entry), standin_list_init(entry))
#define list_move(entry, head) (standin_list_unlink(entry), list_add(entry, head))
#define list_move_tail(entry, head) (standin_list_unlink(entry), list_add_tail(entry, head))
#define list_splice(list, head) standin_list_splice(list, head, (head)->next)
#define list_splice_init(list, head) (list_splice(list, head), standin_list_init(list))
#define list_splice_tail(list, head) standin_list_splice(list, (head)->prev, head)
#define list_splice_tail_init(list, head) (list_splice_tail(list, head), standin_list_init(list))
#define list_empty(head) ((head)->next == (head))
#define list_is_singular(head) (!list_empty(head) && (head)->next == (head)->prev)
#define list_is_first(entry, head) ((entry)->prev == (head))
#define list_is_last(entry, head) ((entry)->next == (head))
#define list_entry(pointer, type, member) container_of(pointer, type, member)
#define list_first_entry(head, type, member) list_entry((head)->next, type, member)
#define list_last_entry(head, type, member) list_entry((head)->prev, type, member)
#define list_first_entry_or_null(head, type, member) (list_empty(head) ? NULL : list_first_entry(head, type, member))
#define list_next_entry(entry, member) list_entry((entry)->member.next, __typeof__(*(entry)), member)
#define list_prev_entry(entry, member) list_entry((entry)->member.prev, __typeof__(*(entry)), member)
#define list_entry_is_head(entry, head, member) (&(entry)->member == (head))
#define list_for_each(at, head) for ((at) = (head)->next; (at) != (head); (at) = (at)->next)
#define list_for_each_safe(at, after, head) \
	for ((at) = (head)->next, (after) = (at)->next; (at) != (head); (at) = (after), (after) = (at)->next)
#define list_for_each_entry(entry, head, member) \
	for ((entry) = list_first_entry(head, __typeof__(*(entry)), member); \
	     !list_entry_is_head(entry, head, member); (entry) = list_next_entry(entry, member))
#define list_for_each_entry_reverse(entry, head, member) \
	for ((entry) = list_last_entry(head, __typeof__(*(entry)), member); \
	     !list_entry_is_head(entry, head, member); (entry) = list_prev_entry(entry, member))
#define list_for_each_entry_safe(entry, after, head, member) \
	for ((entry) = list_first_entry(head, __typeof__(*(entry)), member), (after) = list_next_entry(entry, member); \
	     !list_entry_is_head(entry, head, member); (entry) = (after), (after) = list_next_entry(after, member))

static inline void standin_list_init(struct list_head *head)
{
	head->next = head;
	head->prev = head;
}

static inline void standin_list_link(struct list_head *entry, struct list_head *before, struct list_head *after)
{
	entry->prev = before;
	entry->next = after;
	before->next = entry;
	after->prev = entry;
}

static inline void standin_list_unlink(struct list_head *entry)
{
	entry->prev->next = entry->next;
	entry->next->prev = entry->prev;
}

static inline void standin_list_splice(struct list_head *list, struct list_head *before, struct list_head *after)
{
	if (list_empty(list))
		return;
	before->next = list->next;
	list->next->prev = before;
	after->prev = list->prev;
	list->prev->next = after;
}

#endif
