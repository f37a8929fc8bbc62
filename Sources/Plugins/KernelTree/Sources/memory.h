/* SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause) */
/*
 * The memory that functions of the kernel allocate.
 *
 * Every block has a header and a word behind it that nobody may write. Freed
 * blocks are filled with a pattern and used again, so that a pass costs no call
 * of malloc; under AddressSanitizer they are malloc's and really freed.
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

#define MEMORY_LIVE 0x6c6976656c697665ull
#define MEMORY_FREE 0x6672656566726565ull
#define MEMORY_POISON 0x6b
#define MEMORY_SMALLEST 6 /* the smallest class holds 64 bytes */
#define MEMORY_CLASSES 42

struct memory_block {
	u64 state;
	u32 class;
	u32 unused;
	size_t size;
	struct memory_block *next;
};

static struct memory_block *memory_free_blocks[MEMORY_CLASSES];

/* Which allocation fails next: `one_in` of them, as the seed decides. */
static struct {
	u64 seed;
	u32 one_in;
	bool is_paused; /* while a step is done again */
	bool has_failed; /* during this step */
	u64 count; /* since the plug-in was loaded */
} memory_failures;

static inline void *memory_bytes(struct memory_block *block)
{
	return block + 1;
}

static inline void memory_guard(struct memory_block *block)
{
	const u64 guard = MEMORY_LIVE ^ block->size;

	memcpy((char *)memory_bytes(block) + block->size, &guard, sizeof(guard));
}

static inline bool memory_is_guarded(struct memory_block *block)
{
	const u64 guard = MEMORY_LIVE ^ block->size;

	return !memcmp((char *)memory_bytes(block) + block->size, &guard, sizeof(guard));
}

/* A block whose contents are anything, or NULL when there is no memory. */
static void *memory_take(size_t size)
{
	struct memory_block *block;
	u32 class;

	if (size > (size_t)1 << 40)
		return NULL;
	if (MEMORY_IS_CHECKED)
		return malloc(size ? size : 1);
	class = size <= 1u << MEMORY_SMALLEST ? 0 : 64 - __builtin_clzll(size - 1) - MEMORY_SMALLEST;
	block = memory_free_blocks[class];
	if (block) {
		memory_free_blocks[class] = block->next;
	} else {
		size_t room = (size_t)1 << (class + MEMORY_SMALLEST);

		block = malloc(sizeof(*block) + room + sizeof(u64));
		if (!block)
			return NULL;
		memset(memory_bytes(block), MEMORY_POISON, room);
		block->class = class;
	}
	block->state = MEMORY_LIVE;
	block->size = size;
	memory_guard(block);
	return memory_bytes(block);
}

static bool memory_is_live(const void *bytes)
{
	return MEMORY_IS_CHECKED || ((const struct memory_block *)bytes)[-1].state == MEMORY_LIVE;
}

static void memory_give_back(const void *bytes)
{
	struct memory_block *block = (struct memory_block *)bytes - 1;

	if (!bytes)
		return;
	if (MEMORY_IS_CHECKED) {
		free((void *)bytes);
		return;
	}
	if (block->state != MEMORY_LIVE)
		standin_stop("free", "of what is not allocated", __FILE__, __LINE__);
	if (!memory_is_guarded(block))
		standin_stop("free", "of a block that was written beyond its end", __FILE__, __LINE__);
	block->state = MEMORY_FREE;
	memset(memory_bytes(block), MEMORY_POISON, block->size);
	block->next = memory_free_blocks[block->class];
	memory_free_blocks[block->class] = block;
}

/* Whether this allocation is one of those that fail. */
static inline bool memory_fails(void)
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
	memory_failures.has_failed = true;
	memory_failures.count++;
	return true;
}

static void *standin_alloc(size_t size, gfp_t flags)
{
	void *bytes = memory_fails() ? NULL : memory_take(size);

	if (bytes && flags & __GFP_ZERO)
		memset(bytes, 0, size);
	else if (bytes && MEMORY_IS_CHECKED)
		memset(bytes, MEMORY_POISON, size);
	return bytes;
}

/* Moves always, so that an old pointer that is used again is found out. */
static void *standin_realloc(const void *old, size_t size, gfp_t flags)
{
	size_t kept;
	void *bytes;

	if (memory_fails())
		return NULL;
#if MEMORY_IS_CHECKED
	{
		size_t malloc_usable_size(void *);

		kept = old ? malloc_usable_size((void *)old) : 0;
	}
#else
	kept = old ? ((const struct memory_block *)old)[-1].size : 0;
#endif
	bytes = memory_take(size);
	if (!bytes)
		return NULL;
	if (kept > size)
		kept = size;
	memcpy(bytes, old ? old : bytes, kept);
	if (flags & __GFP_ZERO)
		memset((char *)bytes + kept, 0, size - kept);
	memory_give_back(old);
	return bytes;
}

static void standin_free(const void *block)
{
	memory_give_back(block);
}

#endif
