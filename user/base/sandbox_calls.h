/* SPDX-License-Identifier: Apache-2.0 */
/* The system calls that the agent, a trace, and the commands that the agent executes may make. */
#ifndef TICKSCOPE_BASE_SANDBOX_CALLS_H
#define TICKSCOPE_BASE_SANDBOX_CALLS_H

/* By name, NULL at the end; those with arguments to look at are not in it. */
extern const char *const sandbox_calls_own[];
/* What programs need besides: shells, interpreters, mailers. */
extern const char *const sandbox_calls_commands[];

#endif
