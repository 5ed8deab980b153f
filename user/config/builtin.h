/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that every configuration has. */
#ifndef TICKSCOPE_CONFIG_BUILTIN_H
#define TICKSCOPE_CONFIG_BUILTIN_H

#define BUILTIN_NAME "(built in)" /* in place of a file's name */

/* What the agent alerts on about itself: a rule file as text. */
extern const char builtin_rules[];

#endif
