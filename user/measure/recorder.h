/* SPDX-License-Identifier: Apache-2.0 */
/* Counts one value as the BPF programs do (bpf/series.h), where user space is what measures. Pure.
 */
#ifndef TICKSCOPE_MEASURE_RECORDER_H
#define TICKSCOPE_MEASURE_RECORDER_H

#include <stdint.h>

#include <tickscope/abi.h>

/* A completed call of delta_ns; negative: a clock that stepped back, counted as 0. */
void recorder_add(struct ts_series *series, int64_t delta_ns);

#endif
