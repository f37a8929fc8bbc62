#ifndef CLIBBPF_SHIM_H
#define CLIBBPF_SHIM_H
#include <linux/bpf.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#endif
