// SPDX-License-Identifier: BSD-2-Clause
//
// The kernel parameter bpf_fault=NAME, which chooses one of the faults that `plant` put into the kernel. At the end the
// console has a line that says how often the fault was reached: a fault that no program reached is told from one
// that the check does not see.
#include <linux/init.h>
#include <linux/kernel.h>
#include <linux/notifier.h>
#include <linux/panic_notifier.h>
#include <linux/printk.h>
#include <linux/reboot.h>
#include <linux/string.h>

int bpf_fault;
unsigned long bpf_fault_reached;

// `plant` replaces the line NAMES by the names of all faults.
static const char *const names[] = {
	"",
NAMES
};

static int __init choose(char *name)
{
	int number = match_string(names, ARRAY_SIZE(names), name);

	if (number <= 0)
		panic("bpf_fault: there is no fault '%s'\n", name);
	bpf_fault = number;
	return 0;
}
early_param("bpf_fault", choose);

static int report(struct notifier_block *block, unsigned long event, void *argument)
{
	pr_emerg("bpf_fault: %s was reached %lu times\n", names[bpf_fault], bpf_fault_reached);
	return NOTIFY_DONE;
}

static struct notifier_block at_reboot = { .notifier_call = report };
static struct notifier_block at_panic = { .notifier_call = report };

static int __init announce(void)
{
	if (!bpf_fault)
		return 0;
	register_reboot_notifier(&at_reboot);
	atomic_notifier_chain_register(&panic_notifier_list, &at_panic);
	return 0;
}
late_initcall(announce);
