/* SPDX-License-Identifier: Apache-2.0 */
/* What the files of this room share; nobody else includes it. */
#ifndef TICKSCOPE_DAEMON_INTERNAL_H
#define TICKSCOPE_DAEMON_INTERNAL_H

#include "daemon/daemon.h"
#include "probe/tls.h"

#define FILE_PROBES_MAX 256 /* builds of the targets' executables that run at once */
#define DAEMON_PROCESS_MAX \
	4096 /* of one trace: more is a mistake in the choice of the executable */

/* What the loop waits for: a kind, and for a process its pid in the low bits. */
#define DAEMON_SOURCE_SIGNAL  (1ULL << 32)
#define DAEMON_SOURCE_TICK    (2ULL << 32)
#define DAEMON_SOURCE_END     (3ULL << 32)
#define DAEMON_SOURCE_EVENTS  (4ULL << 32)
#define DAEMON_SOURCE_PROCESS (5ULL << 32)
#define DAEMON_SOURCE_STREAM  (6ULL << 32)
#define DAEMON_SOURCE_EXTRA   (7ULL << 32)
#define DAEMON_SOURCE_SLOWEST (8ULL << 32)
#define DAEMON_SOURCE_MASK    (0xffULL << 32)

/* Probes on one file, in whatever process maps it: what a target's executable gets. */
struct file_probes {
	struct file_id file;
	size_t target_idx;
	size_t live_cnt; /* processes that are known to run it */
	struct probe_group *group;
};

/* A target, and what became of it. */
struct target {
	const struct daemon_target *config;
	size_t live_cnt;
	struct budget budget;
	double overhead_ratio; /* in the last second */
	size_t refused_cnt;    /* since the last look */
	struct fault fault;    /* of the last process that could not be traced; empty: none */
	struct fault *faults;  /* of each function, likewise */
};

/* A process that is being traced. */
struct traced {
	pid_t pid;
	size_t target_idx;
	size_t place_idx;
	uint64_t since_wall_ns;
	int pidfd;
	struct process *process;
	bool is_by_file;	       /* processes_are_by_file, and it runs the file itself */
	struct operation_plans *plans; /* one list for each wanted function */
	struct operation_plans *stage_plans; /* likewise for each function that is a stage */
	struct probe_group *group;	     /* NULL: only file-wide probes serve it */
	struct tls_group *tls;		     /* probes in its OpenSSL; NULL: it has none, so far */
	bool has_tls_failed;		     /* said already */
	uint64_t taken_mono_ns;
	uint32_t *operations; /* indices of those that it feeds */
	size_t operation_cnt;
	bool *lacks_library; /* of each wanted function: it is in none of the mapped files so far */
	struct traced *late; /* the same process with files that it mapped later, or NULL */
};

struct chains;

struct daemon {
	const struct daemon_config *config;
	const struct daemon_output *output;
	struct probe *probe;	       /* NULL: no functions are traced */
	struct sock_probe *sock;       /* NULL: no connections are */
	struct sched_probe *sched;     /* NULL: nothing is split by where time went */
	struct streams *streams;       /* NULL: no protocol is parsed */
	struct chain_joins *joins;     /* NULL: no chain has stages that are recognised by ids */
	struct tls_probe *tls;	       /* NULL: no OpenSSL is looked into */
	struct slowest_probe *slowest; /* NULL: the slowest are not kept */
	struct slow_calls *slow_calls; /* likewise */
	struct chains *chains;	       /* NULL: there are none */
	const struct daemon_endpoint *endpoints; /* those of the configuration and of chains */
	size_t endpoint_cnt;
	struct names_cache *names;
	struct operation *operations;
	size_t operation_cnt;
	size_t operation_max;
	uint32_t function_operation_cnt; /* of those, functions: their series are numbered */
	uint32_t function_operation_max;
	uint32_t series_cnt; /* given to functions and their shares */
	uint32_t series_max;
	struct traced *traced;
	size_t traced_cnt;
	struct daemon_process *processes; /* for the view: as many */
	struct daemon_target_state target_states[DAEMON_TARGET_MAX];
	struct target targets[DAEMON_TARGET_MAX];
	struct places *places; /* containers of targets */
	struct file_probes files[FILE_PROBES_MAX];
	size_t file_cnt;
	size_t site_cnt;
	bool avoids_nop5; /* this kernel single-steps 5-byte nops */
	int epoll_fd;
	bool has_started;      /* processes that come now are new */
	uint64_t late_mono_ns; /* when libraries of young ones were last looked for */
	struct ts_endpoint_key endpoint_keys[TS_ENDPOINT_MAX + 1];
	struct snapshot *now;	/* of operations_read: too large for the stack */
	struct window *reading; /* likewise */
	uint64_t start_mono_ns;
	uint64_t start_wall_ns;
	uint64_t interval_mono_ns; /* when the running interval began */
	uint64_t read_mono_ns;	   /* of the previous reading */
	uint64_t overhead_mono_ns; /* when it was looked at last; 0: not yet */
	uint64_t attach_ns;
	uint64_t dropped_events; /* said already */
	uint64_t look_cnt;
	bool is_interrupted;
	bool is_disabled; /* nothing is attached, on purpose */
};

void daemon_message(struct daemon *d, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* losses.c: what no map and no ring of the kernel had room for, since the start. */
uint64_t losses_cnt(const struct daemon *d);

/* view.c: as it is now; arrays are the daemon's. */
void view_fill(struct daemon *d, struct daemon_view *view);

#endif
