/* SPDX-License-Identifier: Apache-2.0 */
/* What each feature needs of capabilities, settings and security modules, and what is missing. */
#ifndef TICKSCOPE_CLI_DOCTOR_NEEDS_H
#define TICKSCOPE_CLI_DOCTOR_NEEDS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct doctor;

enum { DOCTOR_NEED_CNT = 8, DOCTOR_SETTING_CNT = 7 };

/* A feature: it can be had where nothing is missing and the kernel has a way. */
struct doctor_need {
	const char *feature; /* "functions" */
	const char *purpose; /* for people */
	uint32_t wants;	     /* capabilities: bits of enum capability */
	uint32_t missing;
	bool is_possible; /* on this kernel, with these settings */
};

struct doctor_setting {
	const char *name;   /* "kernel.perf_event_paranoid" */
	char value[96];	    /* "none" where this kernel has no such thing */
	const char *effect; /* what it means here */
	bool is_in_the_way;
};

/* After levels and hooks were tried. */
void doctor_needs_examine(struct doctor *doctor);

void doctor_needs_print(const struct doctor *doctor, FILE *out);
json_t *doctor_needs_json(const struct doctor *doctor);
json_t *doctor_needs_settings_json(const struct doctor *doctor);

#endif
