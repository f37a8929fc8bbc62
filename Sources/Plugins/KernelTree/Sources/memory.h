/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The allocator of the kernel functions.
 *
 * Every block has a header, and a guard word follows it. Freed blocks are filled
 * with a pattern and reused, so that a pass rarely calls malloc. A write after
 * free is detected when the block is reused or at the end of the pass. A read
 * after free is detected only if the pattern reaches a result.
 *
 * With AddressSanitizer, blocks come from malloc and are really freed. It detects
 * every invalid read and write.
 */
#ifndef MEMORY_H
#define MEMORY_H

#include "standins.h"

#if defined(__SANITIZE_ADDRESS__)
#define MEMORY_IS_CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define MEMORY_IS_CHECKED 1
#endif
#endif
#ifndef MEMORY_IS_CHECKED
#define MEMORY_IS_CHECKED 0
#endif

#define MEMORY_GUARD 0x6c6976656c697665ull
#define MEMORY_POISON 0x6b
#define MEMORY_SMALLEST 6 /* the smallest class holds 64 bytes */
#define MEMORY_CLASSES 42
#define MEMORY_CHECKED_BYTES 256 /* at each end of a freed block */

struct memory_block {
	size_t size;
	struct memory_block *next;
	const char *place; /* where it was freed */
	u32 class;
	u32 pass; /* the pass that freed it */
	u64 guard; /* before the first byte */
};

static struct memory_block *memory_free_blocks[MEMORY_CLASSES];
static u32 memory_pass;
static u64 memory_freed_classes; /* bit mask of the classes with a free in this pass */

struct memory_entry {
	void *bytes;
	const char *place; /* where it was allocated */
};

/* The live blocks, in approximate order of allocation. */
static struct {
	struct memory_entry *entries;
	u32 count;
	u32 cap;
} memory_live;

/* Injected failures: one allocation or test for a signal in `one_in`, chosen by the seed. */
static struct {
	u64 seed;
	u32 one_in;
	bool is_paused; /* while a step is repeated */
	bool has_failed; /* an allocation of this step failed, injected or not, or a signal was pending */
	u64 count; /* since the plug-in was loaded */
	const char *what; /* the latest failure: the kind, the place and the function */
	const char *place;
	const char *function;
} memory_failures;

static inline void *memory_bytes(struct memory_block *block)
{
	return block + 1;
}

static inline void memory_guard(struct memory_block *block)
{
	block->guard = MEMORY_GUARD ^ block->size;
	memcpy((char *)memory_bytes(block) + block->size, &block->guard, sizeof(block->guard));
}

static inline bool memory_is_guarded(struct memory_block *block)
{
	const u64 guard = MEMORY_GUARD ^ block->size;

	return block->guard == guard &&
	       !memcmp((char *)memory_bytes(block) + block->size, &guard, sizeof(guard));
}

/* Stops the process if a checked byte of a freed block has changed. */
static void memory_check(struct memory_block *block)
{
	static char poison[MEMORY_CHECKED_BYTES];
	const char *bytes = memory_bytes(block);
	const size_t checked = block->size < sizeof(poison) ? block->size : sizeof(poison);

	if (unlikely(!*poison))
		memset(poison, MEMORY_POISON, sizeof(poison));
	if (unlikely(memcmp(bytes, poison, checked) ||
		     (block->size > checked &&
		      memcmp(bytes + block->size - checked, poison, checked))))
		standin_stop(block->place, "a block of %zu bytes was written after it was freed here",
			     block->size);
}

/* Checks the blocks that this pass freed, so that a write after free is attributed to its pass. */
static void memory_check_pass(void)
{
	/* blocks from earlier passes follow in the list; they were checked then */
	for (; memory_freed_classes; memory_freed_classes &= memory_freed_classes - 1) {
		struct memory_block *block = memory_free_blocks[__builtin_ctzll(memory_freed_classes)];

		for (; block && block->pass == memory_pass; block = block->next)
			memory_check(block);
	}
}

/* Stops the process if one of the `most` latest live blocks was written beyond its ends. */
static void memory_check_guards(unsigned int most)
{
	u32 i = memory_live.count;

	while (!MEMORY_IS_CHECKED && i-- && most--) {
		const struct memory_entry *entry = &memory_live.entries[i];
		struct memory_block *block = (struct memory_block *)entry->bytes - 1;

		if (likely(memory_is_guarded(block)))
			continue;
		if (block->guard != (MEMORY_GUARD ^ block->size))
			standin_stop(entry->place, "a block that was allocated here was written before its start in %s()",
				     standin_function);
		standin_stop(entry->place, "a block of %zu bytes that was allocated here was written beyond its end in %s()",
			     block->size, standin_function);
	}
}

static struct memory_entry *memory_find(const void *bytes)
{
	u32 i = memory_live.count;

	while (i--)
		if (memory_live.entries[i].bytes == bytes)
			return &memory_live.entries[i];
	return NULL;
}

static bool memory_is_live(const void *bytes)
{
	return memory_find(bytes);
}

static bool memory_has_entry(void)
{
	const u32 cap = memory_live.cap * 2 + 64;
	struct memory_entry *grown;

	if (likely(memory_live.count < memory_live.cap))
		return true;
	grown = realloc(memory_live.entries, cap * sizeof(*grown));
	if (!grown)
		return false;
	memory_live.entries = grown;
	memory_live.cap = cap;
	return true;
}

/* Takes a block from the free list of its class, or allocates one. */
static void *memory_take_block(size_t size)
{
	const u32 class = size <= 1u << MEMORY_SMALLEST ? 0 : 64 - __builtin_clzll(size - 1) - MEMORY_SMALLEST;
	const size_t capacity = (size_t)1 << (class + MEMORY_SMALLEST);
	struct memory_block *block = memory_free_blocks[class];

	if (block) {
		/* blocks from earlier passes were checked at the end of their pass */
		if (block->pass == memory_pass)
			memory_check(block);
		memory_free_blocks[class] = block->next;
	} else {
		block = malloc(sizeof(*block) + capacity + sizeof(u64));
		if (!block)
			return NULL;
		memset(memory_bytes(block), MEMORY_POISON, capacity);
		block->class = class;
	}
	block->size = size;
	memory_guard(block);
	return memory_bytes(block);
}

/* Allocates an uninitialized block; NULL if out of memory. */
static void *memory_take_at(size_t size, const char *place)
{
	void *bytes;

	if (size > (size_t)1 << 40 || !memory_has_entry())
		return NULL;
	bytes = MEMORY_IS_CHECKED ? malloc(size ? size : 1) : memory_take_block(size);
	if (bytes)
		memory_live.entries[memory_live.count++] = (struct memory_entry){ bytes, place };
	return bytes;
}

#define memory_take(size) memory_take_at(size, STANDIN_PLACE)

static void memory_free_entry(struct memory_entry *entry, const char *place)
{
	struct memory_block *block = (struct memory_block *)entry->bytes - 1;

	if (MEMORY_IS_CHECKED) {
		free(entry->bytes);
	} else {
		if (!memory_is_guarded(block))
			memory_check_guards(~0u);
		memset(entry->bytes, MEMORY_POISON, block->size);
		block->place = place;
		block->pass = memory_pass;
		block->next = memory_free_blocks[block->class];
		memory_free_blocks[block->class] = block;
		memory_freed_classes |= 1ull << block->class;
	}
	*entry = memory_live.entries[--memory_live.count];
}

static void memory_free_at(const void *bytes, const char *place)
{
	struct memory_entry *entry = ZERO_OR_NULL_PTR(bytes) ? NULL : memory_find(bytes);

	if (ZERO_OR_NULL_PTR(bytes))
		return;
	if (entry)
		memory_free_entry(entry, place);
	else if (MEMORY_IS_CHECKED)
		free((void *)bytes);
	else
		standin_stop(place, "free of a pointer that is not allocated");
}

/* Frees a block that may have been freed before. */
static void memory_release(const void *bytes)
{
	struct memory_entry *entry = memory_find(bytes);

	if (entry)
		memory_free_entry(entry, STANDIN_PLACE);
}

/* Frees all live blocks. Returns true if there were any. */
static bool memory_drop_all(void)
{
	static bool was_reported;
	const bool is_leak = memory_live.count;

	/* report the first leak only, since every pass may leak */
	if (is_leak && !was_reported)
		fprintf(stderr, "%s: a block that was allocated here was not freed\n",
			memory_live.entries[memory_live.count - 1].place);
	was_reported |= is_leak;
	while (memory_live.count) {
		void *bytes = memory_live.entries[--memory_live.count].bytes;

		free(MEMORY_IS_CHECKED ? bytes : (struct memory_block *)bytes - 1);
	}
	return is_leak;
}

/* Records a failure for the report. */
static void memory_note_failure(const char *what, const char *place)
{
	memory_failures.has_failed = true;
	memory_failures.what = what;
	memory_failures.place = place;
	memory_failures.function = standin_function;
}

/* Returns true if a failure is to be injected here. */
static inline bool memory_draws_failure(const char *what, const char *place)
{
	u64 mixed;

	if (likely(!memory_failures.one_in) || memory_failures.is_paused)
		return false;
	memory_failures.seed += 0x9e3779b97f4a7c15ull;
	mixed = memory_failures.seed;
	mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ull;
	mixed = (mixed ^ mixed >> 32) * 0xd6e8feb86659fd93ull;
	if ((mixed ^ mixed >> 32) % memory_failures.one_in)
		return false;
	memory_note_failure(what, place);
	memory_failures.count++;
	return true;
}

/* Returns true if this allocation is to fail. */
static inline bool memory_fails(gfp_t flags, const char *place)
{
	return !(flags & __GFP_NOFAIL) && memory_draws_failure("the allocation", place);
}

/* Returns true if a signal that ends the process is pending. */
static bool standin_is_interrupted(const char *place)
{
	return memory_draws_failure("the test for a signal", place);
}

/* Returns true if the kernel never allocates a block of this size. */
static inline bool memory_is_too_large(size_t size, gfp_t flags)
{
	return size > (flags & STANDIN_SMALL ? KMALLOC_MAX_SIZE : flags & STANDIN_PAGES ? SIZE_MAX : INT_MAX);
}

/* An allocation of size 0: vmalloc() warns, the others return ZERO_SIZE_PTR. */
static void *memory_take_nothing(gfp_t flags, const char *place)
{
	if (flags & STANDIN_PAGES)
		standin_stop(place, "vmalloc() of 0 bytes, for which the kernel warns");
	return ZERO_SIZE_PTR;
}

static void *standin_alloc_at(size_t size, gfp_t flags, const char *place)
{
	void *bytes;

	if (unlikely(!size))
		return memory_take_nothing(flags, place);
	bytes = memory_fails(flags, place) || memory_is_too_large(size, flags) ? NULL : memory_take_at(size, place);
	if (!bytes && !memory_failures.has_failed)
		memory_note_failure("the allocation", place);
	if (bytes && flags & __GFP_ZERO)
		memset(bytes, 0, size);
	else if (bytes && MEMORY_IS_CHECKED)
		memset(bytes, MEMORY_POISON, size);
	return bytes;
}

/* The requested size of a block. */
static size_t memory_size(const void *bytes)
{
#if MEMORY_IS_CHECKED
	size_t malloc_usable_size(void *);

	return malloc_usable_size((void *)bytes);
#else
	return ((const struct memory_block *)bytes)[-1].size;
#endif
}

/* Always moves the block, so that uses of the old pointer are detected. Shrinking never fails. */
static void *standin_realloc_at(const void *old, size_t size, gfp_t flags, const char *place)
{
	size_t kept;
	void *bytes;

	if (!size) {
		memory_free_at(old, place);
		return flags & STANDIN_PAGES ? NULL : ZERO_SIZE_PTR;
	}
	if (ZERO_OR_NULL_PTR(old))
		return standin_alloc_at(size, flags, place);
	if (!MEMORY_IS_CHECKED && !memory_find(old))
		standin_stop(place, "realloc of a pointer that is not allocated");
	kept = min(memory_size(old), size);
	if ((size > kept && memory_fails(flags, place)) || memory_is_too_large(size, flags))
		bytes = NULL;
	else
		bytes = memory_take_at(size, place);
	if (!bytes) {
		if (!memory_failures.has_failed)
			memory_note_failure("the allocation", place);
		return NULL;
	}
	memcpy(bytes, old, kept);
	if (flags & __GFP_ZERO)
		memset((char *)bytes + kept, 0, size - kept);
	memory_free_at(old, place);
	return bytes;
}

static void *standin_duplicate_at(const void *bytes, size_t size, gfp_t flags, const char *place)
{
	void *copy = standin_alloc_at(size, flags & ~__GFP_ZERO, place);

	if (!ZERO_OR_NULL_PTR(copy))
		memcpy(copy, bytes, size);
	return copy;
}

static void *standin_duplicate_text_at(const char *text, size_t most, gfp_t flags, const char *place)
{
	const size_t length = text ? strnlen(text, most) : 0;
	char *copy = text ? standin_alloc_at(length + 1, flags | STANDIN_SMALL, place) : NULL;

	if (copy) {
		memcpy(copy, text, length);
		copy[length] = 0;
	}
	return copy;
}

#endif
