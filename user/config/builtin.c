/* SPDX-License-Identifier: Apache-2.0 */
/* A tracer that has gone half blind must not need a rule that somebody remembered to write. */
#include "config/builtin.h"

const char builtin_rules[] =
	"rules:\n"
	"  - name: tickscope_history_failing\n"
	"    expr: tickscope.history_failing > 0\n"
	"    over: 5s\n"
	"    severity: critical\n"
	"    title: The history of measurements is not written\n"
	"    description: Measuring and alerting go on. Windows wait in memory for some minutes, "
	"then they are lost.\n"
	"    suggested_actions: [\"tickscope status says why\", \"Make room on the disk of the "
	"state directory\"]\n"
	"  - name: tickscope_channel_down\n"
	"    expr: tickscope.channels_down > 0\n"
	"    over: 5s\n"
	"    severity: warning\n"
	"    title: A channel does not take alerts\n"
	"    description: Its alerts go to the channel that it names under then, if it names one.\n"
	"    suggested_actions: [\"tickscope status says which channel, and why\"]\n"
	"  - name: tickscope_windows_dropped\n"
	"    expr: tickscope.dropped_windows_per_s > 0\n"
	"    over: 1m\n"
	"    severity: critical\n"
	"    title: Windows of the history are lost\n"
	"    suggested_actions: [\"tickscope status says why\"]\n";
