/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes on OpenSSL's functions: what encrypted connections carry becomes records of the same
 * stream, with the times at which the kernel sent, or the process received, the ciphertext.
 */
#ifndef TICKSCOPE_PROBE_TLS_H
#define TICKSCOPE_PROBE_TLS_H

#include <stdint.h>
#include <sys/types.h>

#include "base/fault.h"
#include "probe/probe.h"
#include "probe/sock.h"
#include "target/tls_library.h"

struct tls_probe;
struct tls_group;

/* Loads the programs, beside those of sock, which has to outlive them. -ENOTSUP, -EPERM … */
int tls_open(struct sock_probe *sock, enum probe_level level, struct tls_probe **ret_tls,
	     struct fault *why);
void tls_free(struct tls_probe *tls);
/* Whether it can attach with what this thread may do now; not known of perf events: false. */
bool tls_can_attach(const struct tls_probe *tls);

/* Attaches to all of these functions in one process. On failure nothing is. */
int tls_attach(struct tls_probe *tls, pid_t pid, const struct tls_functions *functions,
	       struct tls_group **ret_group, struct fault *why);
void tls_detach(struct tls_group *group);

/* Plain text whose connection is not known, since OpenSSL does not send by itself there. */
uint64_t tls_unplaced_bytes(const struct tls_probe *tls);
/* Records that did not fit the stream, and calls that were not seen. */
uint64_t tls_dropped_records(const struct tls_probe *tls);

#endif
