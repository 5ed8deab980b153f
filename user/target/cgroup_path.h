/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the text of /proc/PID/cgroup says: cgroups(7), one line for the hierarchy of version 2
 * ("0::/system.slice/engine.service"), one for each of version 1.
 */
#ifndef TICKSCOPE_TARGET_CGROUP_PATH_H
#define TICKSCOPE_TARGET_CGROUP_PATH_H

#include <stdbool.h>

/*
 * Whether the process is in a systemd unit of this name or glob, at any depth: a service of a
 * user's manager is in the unit user@1000.service and in its own; a slice holds what is in it.
 * Names are compared as systemd prints them, and with their \x2d unescaped.
 */
bool cgroup_path_has_unit(const char *text, const char *glob);

/* Whether it is in a group of this path or glob, in any hierarchy, or in one below it. */
bool cgroup_path_is_below(const char *text, const char *glob);

#endif
