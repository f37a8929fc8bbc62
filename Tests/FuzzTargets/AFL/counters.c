// SPDX-License-Identifier: BSD-2-Clause
/*
 * Coverage of a Swift target for AFL++.
 *
 * swiftc instruments for libFuzzer: each edge has a counter of 8 bits (inline-8bit-counters). The runtime of AFL++
 * expects a map that the program fills. The counters are cleared before each input, and copied to the map after it.
 *
 * The linker option --wrap=LLVMFuzzerTestOneInput makes the driver of AFL++ call the function below.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* From the runtime of AFL++: the map that afl-fuzz reads, and the highest index in it. */
extern uint8_t *__afl_area_ptr;
extern uint32_t __afl_final_loc;

int __real_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The counters of each module of the program. */
enum { most_modules = 4096 };
static struct {
	uint8_t *start, *end;
} modules[most_modules];
static unsigned count;

/* For stack depth, which AFL++ does not use. */
__thread uintptr_t __sancov_lowest_stack;

/* Called by each module before main, and before the runtime of AFL++ takes its map. */
void __sanitizer_cov_8bit_counters_init(uint8_t *start, uint8_t *end)
{
	if (start == end || count == most_modules || (count && modules[count - 1].start == start))
		return;
	modules[count].start = start;
	modules[count].end = end;
	count++;
	/* The runtime takes a map of this size. */
	__afl_final_loc += (uint32_t)(end - start);
}

void __sanitizer_cov_pcs_init(const uintptr_t *start, const uintptr_t *end)
{
	(void)start;
	(void)end;
}

/* For calls through pointers, which AFL++ does not count. */
void __sanitizer_cov_trace_pc_indir(uintptr_t callee)
{
	(void)callee;
}

int __wrap_LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t place = 0;

	for (unsigned module = 0; module < count; module++)
		memset(modules[module].start, 0, (size_t)(modules[module].end - modules[module].start));
	int result = __real_LLVMFuzzerTestOneInput(data, size);
	for (unsigned module = 0; module < count; module++)
		for (uint8_t *counter = modules[module].start; counter < modules[module].end; counter++, place++)
			if (*counter)
				__afl_area_ptr[place] = *counter;
	return result;
}
