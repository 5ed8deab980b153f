/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope doctor`: what this machine, these privileges and a process allow. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/doctor.h"

static const char usage[] =
	"Usage: tickscope doctor [-p PID] [--json]\n"
	"Tries out what a trace would do here, and says what works, what it costs (measured), and "
	"what to do about the rest.\n"
	"\n"
	"  -p, --pid PID  also look at this process\n"
	"      --json     one object for programs (tickscope.doctor/1)\n"
	"  -h, --help     print this text\n"
	"\n"
	"Exit status: 0 functions can be traced, 1 they cannot, 2 wrong usage.\n";

enum { OPTION_JSON = 256 };

static const struct option options[] = {
	{"pid", required_argument, NULL, 'p'},
	{"json", no_argument, NULL, OPTION_JSON},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

int cmd_doctor(int argc, char **argv)
{
	struct doctor *doctor;
	bool wants_json = false, is_well;
	pid_t pid = 0;
	int c, err = 0;

	while ((c = getopt_long(argc, argv, "p:h", options, NULL)) != -1) {
		switch (c) {
		case 'p':
			if (!cli_parse_pid("doctor", optarg, &pid))
				return CLI_USAGE;
			break;
		case OPTION_JSON:
			wants_json = true;
			break;
		case 'h':
			fputs(usage, stdout);
			return CLI_OK;
		default:
			fputs("Try: tickscope doctor --help\n", stderr);
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		return cli_usage_error("doctor", "\"%s\" is not expected here", argv[optind]);
	doctor = malloc(sizeof(*doctor));
	if (!doctor) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	doctor_examine(doctor, pid);
	if (wants_json)
		err = doctor_print_json(doctor, stdout);
	else
		doctor_print(doctor, stdout);
	is_well = doctor_is_well(doctor);
	free(doctor);
	return err || !is_well ? CLI_FAILED : CLI_OK;
}
