/* SPDX-License-Identifier: Apache-2.0 */
/* Each case in a process of its own: what it may do before and after, asked of the kernel. */
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/capability.h"
#include "base/sandbox.h"
#include "base/thread.h"

/* The line that a child failed at; 0: none. */
#define CHECK(condition)                        \
	do {                                    \
		if (!(condition))               \
			_exit(__LINE__ & 0xff); \
	} while (0)

static struct sandbox sandbox;
static struct fault why;

static void enter(enum sandbox_mode mode, bool may_execute, bool kills)
{
	const struct sandbox_options options = {mode, may_execute, kills};

	CHECK(sandbox_enter(&sandbox, &options, &why) == 0);
	CHECK(sandbox.has_filter == (mode != SANDBOX_OFF));
}

/* What a system call says. */
static int says(long result)
{
	return result < 0 ? errno : 0;
}

static int bpf_says(int command)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = UINT32_MAX; /* where a link has its program */
	return says(syscall(SYS_bpf, command, &attr, sizeof(attr)));
}

static void *thread_sees(void *context)
{
	*(uint32_t *)context = capability_permitted();
	return NULL;
}

static void on_list(void)
{
	char *none[] = {NULL};

	enter(SANDBOX_ON, false, false);
	CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	CHECK(says(syscall(SYS_unshare, CLONE_NEWUSER)) == ENOSYS);
	CHECK(says(syscall(SYS_ptrace, 0, 0, 0, 0)) == ENOSYS);
	CHECK(says(syscall(SYS_mount, "a", "b", "c", 0, NULL)) == ENOSYS);
	CHECK(says(syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL)) == ENOSYS);
	CHECK(says(syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL)) == ENOSYS);
	CHECK(says(execve("/bin/true", none, none)) == ENOSYS);
	CHECK(says(socket(AF_PACKET, SOCK_RAW, 0)) == ENOSYS);
	CHECK(says(socket(AF_INET, SOCK_STREAM, 0)) == 0);
	CHECK(bpf_says(BPF_OBJ_PIN) == ENOSYS);
	CHECK(bpf_says(BPF_PROG_ATTACH) == ENOSYS);
	CHECK(bpf_says(BPF_PROG_LOAD) != ENOSYS);
	CHECK(bpf_says(BPF_MAP_LOOKUP_ELEM) == EBADF);
}

static void on_thread(void)
{
	pthread_t thread;
	uint32_t seen = ~0U;

	enter(SANDBOX_ON, false, false);
	CHECK(thread_start(&thread, 0, thread_sees, &seen) == 0);
	CHECK(pthread_join(thread, NULL) == 0 && seen == 0);
}

static void on_commands(void)
{
	char name[] = "true", *argv[] = {name, NULL}, *none[] = {NULL};
	int status = -1;
	pid_t pid;

	enter(SANDBOX_ON, true, false);
	CHECK(says(syscall(SYS_unshare, CLONE_NEWUSER)) == ENOSYS);
	pid = fork();
	if (pid == 0) {
		sandbox_drop_capabilities();
		CHECK(capability_permitted() == 0);
		execve("/bin/true", argv, none);
		_exit(99);
	}
	CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

static void narrow(void)
{
	uint32_t before = capability_permitted();
	uint32_t loading = before & CAPABILITY_LOADING, looking = before & CAPABILITY_LOOKING;

	enter(SANDBOX_ON, false, false);
	CHECK(sandbox_narrow(&sandbox, CAPABILITY_LOOKING, &why) == 0);
	CHECK(capability_effective() == looking);
	CHECK(capability_permitted() == (looking | loading));
	CHECK(bpf_says(BPF_PROG_LOAD) != ENOSYS);
	CHECK(sandbox_widen(&sandbox, &why) == 0);
	CHECK(capability_effective() == (looking | loading));
	CHECK(sandbox_narrow(&sandbox, CAPABILITY_LOOKING, &why) == 0);
	CHECK(capability_effective() == looking);
}

static void strict(void)
{
	uint32_t looking = capability_permitted() & CAPABILITY_LOOKING;

	enter(SANDBOX_STRICT, false, false);
	CHECK(bpf_says(BPF_PROG_LOAD) != ENOSYS);
	CHECK(sandbox_narrow(&sandbox, CAPABILITY_LOOKING, &why) == 0);
	CHECK(capability_permitted() == looking && capability_effective() == looking);
	CHECK(bpf_says(BPF_PROG_LOAD) == EPERM);
	CHECK(bpf_says(BPF_MAP_CREATE) == EPERM);
	CHECK(says(syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0)) == EPERM);
	CHECK(bpf_says(BPF_MAP_LOOKUP_ELEM) == EBADF);
	CHECK(bpf_says(BPF_LINK_CREATE) == EBADF);
	CHECK(sandbox_widen(&sandbox, &why) == -EPERM && strstr(why.text, "start the agent again"));
}

static void off(void)
{
	uint32_t before = capability_permitted();

	enter(SANDBOX_OFF, false, false);
	CHECK(sandbox_narrow(&sandbox, 0, &why) == 0 && sandbox_widen(&sandbox, &why) == 0);
	CHECK(capability_permitted() == before);
	CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 0);
}

static void kills(void)
{
	enter(SANDBOX_ON, false, true);
	syscall(SYS_unshare, CLONE_NEWUSER);
}

static int status_of(void (*fn)(void))
{
	int status;
	pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		fn();
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void test_lists(void **state)
{
	(void)state;
	assert_int_equal(WEXITSTATUS(status_of(on_list)), 0);
	assert_int_equal(WEXITSTATUS(status_of(on_commands)), 0);
	assert_int_equal(WEXITSTATUS(status_of(off)), 0);
	assert_int_equal(WTERMSIG(status_of(kills)), SIGSYS);
}

static void test_capabilities(void **state)
{
	(void)state;
	assert_int_equal(WEXITSTATUS(status_of(on_thread)), 0);
	assert_int_equal(WEXITSTATUS(status_of(narrow)), 0);
	assert_int_equal(WEXITSTATUS(status_of(strict)), 0);
}

static void test_hint(void **state)
{
	char text[CAPABILITY_HINT_BYTES];

	(void)state;
	assert_string_equal(capability_hint(0, text), "");
	if (capability_permitted() & CAPABILITY_BIT(CAPABILITY_SYS_ADMIN))
		assert_string_equal(capability_hint(CAPABILITY_LOADING, text), "");
	if (fork() == 0) {
		capability_drop_all();
		capability_hint(CAPABILITY_ALL, text);
		_exit(strstr(text, "(missing: CAP_BPF, ") && strstr(text, "CAP_SETPCAP)") ? 0 : 1);
	}
	{
		int status;

		wait(&status);
		assert_int_equal(status, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_capabilities),
		cmocka_unit_test(test_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
