/* SPDX-License-Identifier: Apache-2.0 */
/* Threads beside the loop: none of them gets signals, which are the loop's, nor under a sandbox
 * capabilities, and they wait until instants of the monotonic clock. */
#ifndef TICKSCOPE_BASE_THREAD_H
#define TICKSCOPE_BASE_THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef void *(*thread_fn)(void *context);

/* stack_bytes 0: what the system gives. 0 or -errno. */
int thread_start(pthread_t *ret_thread, size_t stack_bytes, thread_fn fn, void *context);

/* A condition for thread_wait. */
void thread_condition_init(pthread_cond_t *condition);
/* False: it is later than until_mono_ns. The lock is held before and after. */
bool thread_wait(pthread_cond_t *condition, pthread_mutex_t *lock, uint64_t until_mono_ns);

#endif
