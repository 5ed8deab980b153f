/* SPDX-License-Identifier: Apache-2.0 */
/* `tickscope top`: what the agent measures, live. */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/agent_path.h"
#include "cli/cli.h"
#include "cli/top_agent.h"
#include "cli/top_report.h"
#include "cli/top_screen.h"
#include "config/duration.h"

static const char usage[] =
	"Usage: tickscope top [--state DIR] [--span TIME] [--once] [--json]\n"
	"Shows what the agent measures, live: operations with their rates, errors and percentiles, "
	"alerts, and what the agent costs. F1 explains the keys.\n"
	"\n"
	"      --span TIME  of the last 1s, 10s (default) or 1m\n"
	"      --once       print one table, and end\n"
	"      --json       print one object per span (tickscope.summary/1); with --once one\n"
	"      --state DIR  of the agent (default: /run/tickscope)\n"
	"  -h, --help       print this text\n"
	"\n"
	"Exit status: 0 done, 1 no agent answers, 2 wrong usage.\n";

enum { OPTION_JSON = 256, OPTION_ONCE, OPTION_SPAN, OPTION_STATE };

static const struct option options[] = {
	{"json", no_argument, NULL, OPTION_JSON},
	{"once", no_argument, NULL, OPTION_ONCE},
	{"span", required_argument, NULL, OPTION_SPAN},
	{"state", required_argument, NULL, OPTION_STATE},
	{"help", no_argument, NULL, 'h'},
	{NULL, 0, NULL, 0},
};

struct top {
	const char *state_dir;
	bool wants_json;
	bool wants_once;
	struct top_model *model;
	struct top_view view;
	struct top_agent_link *agent;
	struct top_screen *screen; /* NULL: lines on stdout */
	int signal_fd;
	bool was_reached;
	bool has_said_trouble;
	uint64_t print_ns; /* start of the newest window that was printed */
	int status;	   /* exit code, once it is to end */
	bool has_ended;
};

static void end(struct top *t, int status)
{
	t->status = status;
	t->has_ended = true;
}

static bool set_span(struct top *t, const char *text)
{
	struct fault why;
	uint64_t ns;

	if (duration_parse(text, 1, UINT64_MAX, &ns, &why) == 0) {
		for (size_t i = 0; i < 3; i++) {
			if (ns != top_view_spans_ns[i])
				continue;
			t->view.span_ns = ns;
			return true;
		}
	}
	cli_usage_error("top", "--span takes 1s, 10s or 1m, not \"%s\"", text);
	return false;
}

/* CLI_OK with has_ended: --help. */
static int parse(struct top *t, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (c) {
		case OPTION_JSON:
			t->wants_json = true;
			break;
		case OPTION_ONCE:
			t->wants_once = true;
			break;
		case OPTION_SPAN:
			if (!set_span(t, optarg))
				return CLI_USAGE;
			break;
		case OPTION_STATE:
			t->state_dir = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			end(t, CLI_OK);
			return CLI_OK;
		default:
			fputs("Try: tickscope top --help\n", stderr);
			return CLI_USAGE;
		}
	}
	if (optind < argc)
		return cli_usage_error("top", "\"%s\" is not expected here", argv[optind]);
	if (!t->wants_json && !t->wants_once && !(isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)))
		return cli_usage_error("top", "this is no terminal: use --once or --json");
	return CLI_OK;
}

/* Signals that end it give the terminal back first. */
static int take_signals(struct top *t)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGQUIT);
	if (sigprocmask(SIG_BLOCK, &set, NULL))
		return -errno;
	t->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return t->signal_fd < 0 ? -errno : 0;
}

static void print(struct top *t)
{
	int err;

	top_model_update(t->model, t->view.span_ns);
	t->view.is_tree = true;
	top_view_arrange(&t->view, t->model);
	t->print_ns = t->model->last_ns;
	err = top_report_write(&t->view, t->model, !t->wants_json);
	if (err) {
		if (err != -EPIPE)
			cli_error("cannot write: %s", strerror(-err));
		end(t, CLI_FAILED);
	} else if (t->wants_once) {
		end(t, CLI_OK);
	}
}

/* Without a screen: a state that lasts is said once, an agent that was never there ends it. */
static void tell_trouble(struct top *t)
{
	const char *trouble = top_agent_trouble(t->agent);
	bool is_first = trouble && !t->has_said_trouble;

	t->has_said_trouble = trouble != NULL;
	if (!trouble || !is_first)
		return;
	cli_error("%s", trouble);
	if (!t->was_reached || t->wants_once)
		end(t, CLI_FAILED);
}

static void show(struct top *t, bool has_news)
{
	const char *trouble = top_agent_trouble(t->agent);

	if (!t->screen) {
		if (top_agent_is_complete(t->agent) && has_news &&
		    (!t->print_ns || t->model->last_ns < t->print_ns ||
		     t->model->last_ns + 500000000 >= t->print_ns + t->view.span_ns))
			print(t);
		return;
	}
	top_model_update(t->model, t->view.span_ns);
	top_view_arrange(&t->view, t->model);
	top_screen_draw(t->screen, &t->view, t->model, trouble);
}

static void press_keys(struct top *t)
{
	uint32_t key;

	while (!t->has_ended && (key = top_screen_key(t->screen))) {
		if (!top_view_key(&t->view, t->model, key))
			end(t, CLI_OK);
	}
}

static int wait_ms(const struct top *t)
{
	uint64_t due_ns = top_agent_due_ns(t->agent), now = clock_mono_ns();
	uint64_t wait_ns = due_ns > now ? due_ns - now : 0;

	return wait_ns > NS_PER_S ? 1000 : (int)(wait_ns / 1000000) + 1;
}

static void step(struct top *t)
{
	struct pollfd fds[] = {
		{t->signal_fd, POLLIN, 0},
		{top_agent_fd(t->agent), POLLIN, 0},
		{t->screen ? STDIN_FILENO : -1, POLLIN, 0},
	};
	bool has_news;
	int ready = poll(fds, 3, wait_ms(t));

	if (ready < 0 && errno != EINTR) {
		cli_error("cannot wait: %s", strerror(errno));
		end(t, CLI_FAILED);
		return;
	}
	if (ready > 0 && fds[0].revents) {
		end(t, CLI_OK);
		return;
	}
	if (ready > 0 && fds[2].revents & (POLLHUP | POLLERR | POLLNVAL)) {
		end(t, CLI_OK); /* the terminal is gone */
		return;
	}
	if (t->screen)
		press_keys(t);
	has_news = top_agent_step(t->agent, t->model, clock_mono_ns(), t->view.is_paused);
	t->was_reached |= top_agent_is_complete(t->agent);
	if (!t->has_ended)
		show(t, has_news);
	if (!t->screen && !t->has_ended && top_agent_fd(t->agent) < 0)
		tell_trouble(t);
	if (top_agent_is_complete(t->agent))
		t->has_said_trouble = false;
}

static int run(struct top *t)
{
	char path[AGENT_PATH_BYTES];
	int err = agent_path(t->state_dir, path);

	if (err)
		return cli_usage_error("top", "the path \"%s\" is too long", t->state_dir);
	t->agent = top_agent_new(path);
	t->model = top_model_new();
	if (!t->agent || !t->model) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	err = take_signals(t);
	if (!err && !t->wants_json && !t->wants_once)
		err = top_screen_open(cli_wants_colour(STDOUT_FILENO), &t->screen);
	if (err) {
		cli_error("cannot use this terminal: %s; --once and --json need none",
			  strerror(-err));
		return CLI_FAILED;
	}
	while (!t->has_ended)
		step(t);
	return t->status;
}

int cmd_top(int argc, char **argv)
{
	struct top t = {.signal_fd = -1};
	int status;

	if (top_view_init(&t.view)) {
		cli_error("out of memory");
		return CLI_FAILED;
	}
	status = parse(&t, argc, argv);
	if (status == CLI_OK && !t.has_ended)
		status = run(&t);
	top_screen_close(t.screen);
	if (t.signal_fd >= 0)
		close(t.signal_fd);
	top_agent_free(t.agent);
	top_model_free(t.model);
	top_view_fini(&t.view);
	return status;
}
