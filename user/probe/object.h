/* SPDX-License-Identifier: Apache-2.0 */
/* Inside user/probe: how libbpf opens programs. */
#ifndef TICKSCOPE_PROBE_OBJECT_H
#define TICKSCOPE_PROBE_OBJECT_H

#include <bpf/libbpf.h>

/*
 * Types of modules, which no program here uses, can be listed with CAP_SYS_ADMIN only: libbpf 1.1
 * asks for them where the kernel lacks a type, and fails. Without that capability it is given the
 * kernel's own types alone, which takes it some 20 ms.
 */
const struct bpf_object_open_opts *object_options(void);

#endif
