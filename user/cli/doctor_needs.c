/* SPDX-License-Identifier: Apache-2.0 */
/* The matrix of privileges. */
#include <stdlib.h>
#include <string.h>

#include "base/capability.h"
#include "base/text.h"
#include "cli/doctor.h"
#include "wire/wire.h"

#define BIT(c) CAPABILITY_BIT(CAPABILITY_##c)

/* Above this, Debian's kernels refuse perf events whatever CAP_PERFMON says; the kernel's own
 * highest is 2. */
#define PARANOID_MAX 2

static const struct {
	const char *feature;
	const char *purpose;
	uint32_t wants;
} features[DOCTOR_NEED_CNT] = {
	{"functions", "calls of functions", CAPABILITY_LOADING},
	{"connections", "requests over sockets (--rpc)", CAPABILITY_LOADING},
	{"other_users", "functions in processes of other users", BIT(SYS_PTRACE)},
	{"other_users_connections", "connections of processes of other users",
	 BIT(SYS_PTRACE) | BIT(DAC_READ_SEARCH)},
	{"private_executables", "executables that only their owner may read", BIT(DAC_READ_SEARCH)},
	{"replaced_libraries", "libraries that were replaced on disk", BIT(CHECKPOINT_RESTORE)},
	{"low_ports", "pages for scrapers at a port below 1024", BIT(NET_BIND_SERVICE)},
	{"sandbox", "giving up what is not needed; system calls by list", 0},
};

enum setting { PARANOID, UNPRIVILEGED_BPF, KPTR, PTRACE_SCOPE, SECCOMP, LOCKDOWN, LSM };

static const struct {
	const char *name;
	const char *path;
	const char *effect;
} settings[DOCTOR_SETTING_CNT] = {
	[PARANOID] = {"kernel.perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid",
		      "matters for kprobes, and for functions at level perf, only"},
	[UNPRIVILEGED_BPF] = {"kernel.unprivileged_bpf_disabled",
			      "/proc/sys/kernel/unprivileged_bpf_disabled",
			      "any: programs are loaded with CAP_BPF"},
	[KPTR] = {"kernel.kptr_restrict", "/proc/sys/kernel/kptr_restrict",
		  "any: no addresses of the kernel are read"},
	[PTRACE_SCOPE] = {"kernel.yama.ptrace_scope", "/proc/sys/kernel/yama/ptrace_scope",
			  "any: processes are looked into, never attached to"},
	[SECCOMP] = {"seccomp", "/proc/sys/kernel/seccomp/actions_avail",
		     "lets the sandbox restrict system calls"},
	[LOCKDOWN] = {"lockdown", "/sys/kernel/security/lockdown",
		      "none or integrity: programs may read memory"},
	[LSM] = {"lsm", "/sys/kernel/security/lsm",
		 "a profile (AppArmor, SELinux) has to allow bpf and perf"},
};

/* A name in brackets is the one that holds: "none [integrity] confidentiality". */
static void read_setting(const char *path, char *value, size_t value_bytes)
{
	FILE *file = fopen(path, "re");
	char *open, *close;

	if (!file || !fgets(value, (int)value_bytes, file))
		snprintf(value, value_bytes, "none");
	if (file)
		fclose(file);
	value[strcspn(value, "\n")] = '\0';
	text_clean(value);
	open = strchr(value, '[');
	close = open ? strchr(open, ']') : NULL;
	if (close) {
		*close = '\0';
		memmove(value, open + 1, strlen(open + 1) + 1);
	}
}

static bool uses_perf_events(const struct doctor *d)
{
	bool has_other_hooks = d->hooks[SOCK_HOOKS_FENTRY].is_available ||
			       d->hooks[SOCK_HOOKS_RAW_TP].is_available;

	return d->best >= PROBE_LEVEL_PERF || !has_other_hooks;
}

static void examine_settings(struct doctor *d)
{
	struct doctor_setting *s = d->settings;

	for (size_t i = 0; i < DOCTOR_SETTING_CNT; i++) {
		s[i].name = settings[i].name;
		s[i].effect = settings[i].effect;
		read_setting(settings[i].path, s[i].value, sizeof(s[i].value));
	}
	s[PARANOID].is_in_the_way = uses_perf_events(d) && strcmp(s[PARANOID].value, "none") != 0 &&
				    s[PARANOID].value[0] > '0' + PARANOID_MAX &&
				    !(capability_usable() & BIT(SYS_ADMIN));
	if (s[PARANOID].is_in_the_way)
		s[PARANOID].effect =
			"in the way: above 2 Debian's kernels want CAP_SYS_ADMIN for perf events";
	s[SECCOMP].is_in_the_way = strcmp(s[SECCOMP].value, "none") == 0;
	if (s[SECCOMP].is_in_the_way)
		s[SECCOMP].effect = "missing (CONFIG_SECCOMP_FILTER): the sandbox cannot restrict "
				    "system calls";
	s[LOCKDOWN].is_in_the_way = strcmp(s[LOCKDOWN].value, "confidentiality") == 0;
	if (s[LOCKDOWN].is_in_the_way)
		s[LOCKDOWN].effect = "in the way: programs may not read memory; boot with "
				     "lockdown=integrity";
}

static bool has_hooks(const struct doctor *d)
{
	for (int hooks = SOCK_HOOKS_FENTRY; hooks < SOCK_HOOKS_END; hooks++) {
		if (d->hooks[hooks].is_available)
			return true;
	}
	return false;
}

void doctor_needs_examine(struct doctor *d)
{
	uint32_t usable = capability_usable();

	examine_settings(d);
	for (size_t i = 0; i < DOCTOR_NEED_CNT; i++) {
		struct doctor_need *n = &d->needs[i];

		*n = (struct doctor_need){.feature = features[i].feature,
					  .purpose = features[i].purpose,
					  .wants = features[i].wants,
					  .is_possible = true};
		if (strcmp(n->feature, "functions") == 0) {
			n->is_possible = d->best != PROBE_LEVEL_END;
			/* Perf events are the only way left where nothing else is missing. */
			if (d->best == PROBE_LEVEL_PERF ||
			    (d->best == PROBE_LEVEL_END && !(n->wants & ~usable)))
				n->wants |= BIT(SYS_ADMIN);
		}
		if (strcmp(n->feature, "connections") == 0)
			n->is_possible = has_hooks(d);
		if (strcmp(n->feature, "sandbox") == 0)
			n->is_possible = !d->settings[SECCOMP].is_in_the_way;
		n->missing = n->wants & ~usable;
	}
}

static void print_names(uint32_t set, FILE *out)
{
	for (int c = 0; c < CAPABILITY_CNT; c++) {
		if (set & CAPABILITY_BIT(c))
			fprintf(out, " %s", capability_name(c));
	}
}

void doctor_needs_print(const struct doctor *d, FILE *out)
{
	fputs("\nWhat each needs\n", out);
	for (size_t i = 0; i < DOCTOR_NEED_CNT; i++) {
		const struct doctor_need *n = &d->needs[i];

		fprintf(out, "  %-3s  %s", n->is_possible && !n->missing ? "yes" : "no",
			n->purpose);
		if (n->wants) {
			fputc(':', out);
			print_names(n->wants, out);
		}
		if (n->missing) {
			fputs("; missing:", out);
			print_names(n->missing, out);
		} else if (!n->is_possible) {
			fputs("; not with this kernel and its settings", out);
		}
		fputc('\n', out);
	}
	fputs("\nSettings of the kernel\n", out);
	for (size_t i = 0; i < DOCTOR_SETTING_CNT; i++)
		fprintf(out, "  %-34s %s (%s)\n", d->settings[i].name, d->settings[i].value,
			d->settings[i].effect);
}

json_t *doctor_needs_json(const struct doctor *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < DOCTOR_NEED_CNT; i++) {
		const struct doctor_need *n = &d->needs[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o, s:o}", "feature",
						      n->feature, "purpose", n->purpose,
						      "available", n->is_possible && !n->missing,
						      "wants", wire_capabilities(n->wants),
						      "missing", wire_capabilities(n->missing)));
	}
	return list;
}

json_t *doctor_needs_settings_json(const struct doctor *d)
{
	json_t *list = json_array();

	for (size_t i = 0; i < DOCTOR_SETTING_CNT; i++) {
		const struct doctor_setting *s = &d->settings[i];

		json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name", s->name,
						      "value", s->value, "effect", s->effect,
						      "in_the_way", s->is_in_the_way));
	}
	return list;
}
