/* SPDX-License-Identifier: Apache-2.0 */
/* What C programs do to stack frames: longjmp, coroutines, recursion, tail calls, signals, threads
 * that end inside. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "target.h"

static volatile long sink;
static jmp_buf landing;

/* --- longjmp over the frame
 * ----------------------------------------------------------------------------------------- */

TRACED int jumper(int i)
{
	sink++;
	if (i % 4 == 0)
		longjmp(landing, 1);
	return i;
}

static void mode_longjmp(long n)
{
	volatile long jumped = 0;

	for (volatile int i = 1; i <= n; i++) {
		if (setjmp(landing) == 0)
			jumper(i);
		else
			jumped++;
	}
	target_check(jumped == n / 4, "longjmp went wrong");
	jumper(1); /* at the same depth: closes the last span that was left */
	target_truth(n - n / 4 + 1, n / 4, 0);
}

/* --- recursion
 * ------------------------------------------------------------------------------------------------------
 */

TRACED long recurse(int depth)
{
	long below = depth > 1 ? recurse(depth - 1) : 0;

	sink++;
	return below + depth;
}

static void mode_recursion(long n)
{
	static const int depths[] = {10, 63, 64, 65, 100};
	long calls = 0;

	for (long i = 0; i < n / 100 + 1; i++) {
		for (int d = 0; d < 5; d++) {
			target_check(recurse(depths[d]) == depths[d] * (depths[d] + 1L) / 2,
				     "recursion went wrong");
			calls += depths[d];
		}
	}
	target_truth(calls, 0, 0);
}

/* --- coroutines: every one is inside the traced function while others run
 * --------------------------------------------- */

#define COROUTINE_CNT 12
#define STACK_BYTES   65536

static ucontext_t scheduler[2], coroutines[COROUTINE_CNT];
static __thread int home; /* which scheduler resumes */
static long rounds;

TRACED int parked(int id)
{
	sink += id;
	swapcontext(&coroutines[id], &scheduler[home]);
	return id;
}

static void coroutine_main(int id)
{
	for (long i = 0; i < rounds; i++)
		target_check(parked(id) == id, "a coroutine came back wrong");
	for (;;)
		swapcontext(&coroutines[id], &scheduler[home]);
}

static void make_coroutines(int are_mapped)
{
	for (int i = 0; i < COROUTINE_CNT; i++) {
		char *stack = are_mapped ? mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
						MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
					 : malloc(STACK_BYTES);

		if (are_mapped)
			mprotect(stack, 4096, PROT_NONE);
		getcontext(&coroutines[i]);
		coroutines[i].uc_stack.ss_sp = stack;
		coroutines[i].uc_stack.ss_size = STACK_BYTES;
		coroutines[i].uc_link = NULL;
		makecontext(&coroutines[i], (void (*)(void))coroutine_main, 1, i);
	}
}

static void *resume_all(void *which)
{
	home = which != NULL;
	for (int i = 0; i < COROUTINE_CNT; i++)
		swapcontext(&scheduler[home], &coroutines[i]);
	return NULL;
}

/* Each round a thread resumes all; with `threads`, the two schedulers take turns on two threads. */
static void mode_coroutines(long n, int are_mapped, int threads)
{
	rounds = n / COROUTINE_CNT + 1;
	make_coroutines(are_mapped);
	for (long i = 0; i < rounds + 1; i++) {
		pthread_t other;

		if (threads && i % 2) {
			pthread_create(&other, NULL, resume_all, &scheduler[1]);
			pthread_join(other, NULL);
		} else {
			resume_all(NULL);
		}
	}
	target_truth(rounds * COROUTINE_CNT, 0, 0);
}

/* --- tail calls
 * ------------------------------------------------------------------------------------------------------
 */

TRACED int tail_end(int i)
{
	sink += i;
	return i;
}

static int (*volatile tail_pointer)(int) = tail_end;

TRACED int tail_direct(int i)
{
	sink++;
	return tail_end(i + 1);
}

TRACED int tail_indirect(int i)
{
	sink++;
	return tail_pointer(i + 1);
}

/* Leaves by a conditional jump for odd numbers, by a return for even ones. */
int tail_conditional(int i);
__asm__(".text\n.globl tail_conditional\n.type tail_conditional, @function\n"
	"tail_conditional:\n\tpush %rbx\n\tpop %rbx\n\ttest $1, %dil\n\tjne tail_end\n\tmov $7, "
	"%eax\n\tret\n"
	".size tail_conditional, . - tail_conditional\n");

static void mode_tail(long n, int (*fn)(int))
{
	for (long i = 0; i < n; i++)
		fn((int)i);
	target_truth(n, 0, 0);
}

/* --- threads that end inside
 * -------------------------------------------------------------------------------------------- */

TRACED int quitter(int i)
{
	sink++;
	if (i % 2)
		pthread_exit(NULL);
	return i;
}

static void *quit_in(void *i)
{
	quitter((int)(intptr_t)i);
	return NULL;
}

static void mode_thread_exit(long n)
{
	for (long i = 0; i < n; i++) {
		pthread_t id;

		pthread_create(&id, NULL, quit_in, (void *)(intptr_t)i);
		pthread_join(id, NULL);
	}
	target_truth(n - n / 2, n / 2, 0);
}

TRACED int canceled(int i)
{
	do {
		sink += i;
		pause(); /* a cancellation point */
	} while (i);
	return i;
}

static void *cancel_in(void *i)
{
	canceled((int)(intptr_t)i);
	return NULL;
}

static void mode_cancel(long n)
{
	for (long i = 0; i < n; i++) {
		long before = sink;
		pthread_t id;

		pthread_create(&id, NULL, cancel_in, (void *)1);
		while (sink == before)
			usleep(100);
		pthread_cancel(id);
		pthread_join(id, NULL);
	}
	target_truth(0, n, 0);
}

/* --- signals
 * ------------------------------------------------------------------------------------------------------------
 */

TRACED int handled(int i)
{
	sink += i;
	return i;
}

TRACED int interrupted(int i)
{
	raise(SIGUSR2);
	return handled(i);
}

static void on_signal(int number)
{
	handled(number);
}

static void mode_signal(long n, int on_other_stack)
{
	struct sigaction action = {.sa_handler = on_signal,
				   .sa_flags = on_other_stack ? SA_ONSTACK : 0};
	stack_t stack = {.ss_sp = malloc(STACK_BYTES), .ss_size = STACK_BYTES};

	if (on_other_stack)
		sigaltstack(&stack, NULL);
	sigaction(SIGUSR2, &action, NULL);
	for (long i = 0; i < n; i++)
		target_check(interrupted((int)i) == (int)i, "a signal disturbed a call");
	target_truth(2 * n, 0, 0);
}

/* --- fork, exec, exit
 * ----------------------------------------------------------------------------------------------------
 */

TRACED int forker(int i)
{
	pid_t child = fork();

	if (child == 0)
		return -1;
	target_check(child > 0, "fork failed");
	waitpid(child, NULL, 0);
	return i;
}

/* The child returns from the same call, calls on, and is not counted. */
static void mode_fork(long n)
{
	for (long i = 0; i < n; i++) {
		if (forker((int)i) == -1) {
			for (int k = 0; k < 10; k++)
				handled(k);
			_exit(0);
		}
		handled((int)i);
	}
	target_truth(n, 0, 0);
}

static void mode_vfork(long n)
{
	for (volatile long i = 0; i < n; i++) {
		pid_t child = vfork();

		if (child == 0) {
			execl("/bin/true", "true", NULL);
			_exit(1);
		}
		waitpid(child, NULL, 0);
		handled((int)i);
	}
	target_truth(n, 0, 0);
}

TRACED int leaver(int i)
{
	if (i == 0)
		exit(0);
	return i;
}

/* The last call does not come back: the program ends in it. */
static void mode_exit(long n)
{
	for (long i = n; i > 0; i--)
		leaver((int)i);
	target_truth(n, 1, 0);
	leaver(0);
}

struct mode {
	const char *name;
	void (*run)(long n);
};

static void mode_tail_direct(long n)
{
	mode_tail(n, tail_direct);
}
static void mode_tail_indirect(long n)
{
	mode_tail(n, tail_indirect);
}
static void mode_tail_conditional(long n)
{
	mode_tail(n, tail_conditional);
}
static void mode_signal_stack(long n)
{
	mode_signal(n, 0);
}
static void mode_signal_altstack(long n)
{
	mode_signal(n, 1);
}
static void mode_coroutines_heap(long n)
{
	mode_coroutines(n, 0, 0);
}
static void mode_coroutines_mapped(long n)
{
	mode_coroutines(n, 1, 0);
}
static void mode_coroutines_threads(long n)
{
	mode_coroutines(n, 1, 1);
}

static const struct mode modes[] = {
	{"longjmp", mode_longjmp},
	{"recursion", mode_recursion},
	{"coroutines-heap", mode_coroutines_heap},
	{"coroutines-mapped", mode_coroutines_mapped},
	{"coroutines-threads", mode_coroutines_threads},
	{"tail-direct", mode_tail_direct},
	{"tail-indirect", mode_tail_indirect},
	{"tail-conditional", mode_tail_conditional},
	{"thread-exit", mode_thread_exit},
	{"cancel", mode_cancel},
	{"signal", mode_signal_stack},
	{"signal-altstack", mode_signal_altstack},
	{"fork", mode_fork},
	{"vfork", mode_vfork},
	{"exit", mode_exit},
};

int main(int argc, char **argv)
{
	long n = argc > 2 ? atol(argv[2]) : 100;

	for (size_t i = 0; argc > 1 && i < sizeof(modes) / sizeof(modes[0]); i++) {
		if (strcmp(modes[i].name, argv[1]) != 0)
			continue;
		target_ready();
		modes[i].run(n);
		target_wait();
		return 0;
	}
	return 2;
}
