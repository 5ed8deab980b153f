/* SPDX-License-Identifier: Apache-2.0 */
/* A running process as /proc shows it. Everything there may change or vanish between two reads. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capability.h"
#include "base/text.h"
#include "target/internal.h"
#include "target/regular_file.h"

#define DELETED		   " (deleted)"
#define FIRST_PID_NS_INODE 0xeffffffcU /* PROC_PID_INIT_INO of the kernel's proc_ns.h */

static int proc_path(pid_t pid, const char *name, char *path, size_t path_bytes)
{
	return snprintf(path, path_bytes, "/proc/%d/%s", pid, name);
}

static ssize_t proc_readlink(pid_t pid, const char *name, char *text, size_t text_bytes)
{
	char path[64];
	ssize_t length;

	proc_path(pid, name, path, sizeof(path));
	length = readlink(path, text, text_bytes - 1);
	if (length >= 0)
		text[length] = '\0';
	return length;
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

bool process_parse_mapping(char *line, struct mapping *ret_mapping)
{
	struct mapping *m = ret_mapping;
	unsigned int major, minor;
	int path_at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &m->start,
		   &m->end, m->perms, &m->offset, &major, &minor, &m->inode, &path_at) < 7)
		return false;
	m->device = (uint64_t)major << 20 | minor;
	m->path = path_at ? line + path_at : line + strlen(line);
	return true;
}

static bool is_bypass(const char *path)
{
	static const char *const names[] = {"libonload", "libvma.so", "libxlio", "librte_eal",
					    "/rtemap_"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strstr(path, names[i]))
			return true;
	}
	return false;
}

/* The program of a process. */
struct main_file {
	uint64_t inode;
	const char *path; /* as we see it */
};

/* A path as the target sees it, which may run in a directory that it takes for the root. */
static const char *path_inside(const struct process *p, const char *path)
{
	size_t length = strlen(p->root_path);

	return length > 1 && strncmp(path, p->root_path, length) == 0 && path[length] == '/'
		       ? path + length
		       : path;
}

static int add_image(struct process *p, const struct mapping *m, bool is_main)
{
	struct image *images;
	struct image *image;
	char name[96];

	for (size_t i = 0; i < p->image_cnt; i++) {
		if (p->images[i].inode == m->inode && p->images[i].device == m->device)
			return 0;
	}
	if (p->image_cnt == IMAGE_MAX)
		return 0;
	images = reallocarray(p->images, p->image_cnt + 1, sizeof(*images));
	if (!images)
		return -ENOMEM;
	p->images = images;
	image = &images[p->image_cnt++];
	*image = (struct image){
		.device = m->device, .inode = m->inode, .fd = -1, .sources = &p->sources};
	image->is_main = is_main && p->image_cnt == 1;
	if (ends_with(m->path, DELETED))
		m->path[strlen(m->path) - strlen(DELETED)] = '\0';
	if (image->is_main)
		snprintf(name, sizeof(name), "/proc/%d/exe", p->pid);
	else
		snprintf(name, sizeof(name), "/proc/%d/map_files/%" PRIx64 "-%" PRIx64, p->pid,
			 m->start, m->end);
	image->path = strdup(path_inside(p, m->path));
	image->probe_path = strdup(name);
	if (!image->path || !image->probe_path)
		return -ENOMEM;
	text_clean(image->path);
	return 0;
}

/* Before Linux 6.8 a mapping of an overlay shows the inode below it, which can have another number.
 */
static bool is_of_main(const struct mapping *m, const struct main_file *main_file)
{
	return m->inode == main_file->inode || strcmp(m->path, main_file->path) == 0;
}

/* Executable mappings of files become images; the executable's comes first. */
static int take_mapping(struct process *p, struct mapping *m, const struct main_file *main_file,
			bool wants_main)
{
	if (m->perms[2] != 'x')
		return 0;
	if (!m->inode) {
		p->has_jit_code |= m->path[0] != '[';
		return 0;
	}
	p->has_jit_code |= strncmp(m->path, "/memfd:", 7) == 0;
	if (is_of_main(m, main_file) != wants_main)
		return 0;
	return add_image(p, m, wants_main);
}

static int read_maps(struct process *p, const struct main_file *main_file, bool wants_main,
		     struct fault *why)
{
	char path[64], hint[CAPABILITY_HINT_BYTES], *line = NULL;
	size_t room = 0;
	FILE *file;
	int err = 0;

	proc_path(p->pid, "maps", path, sizeof(path));
	file = fopen(path, "re");
	if (!file)
		return fault_set(
			why, -errno, "cannot read the memory map of process %d: %s%s", p->pid,
			strerror(errno),
			errno == EACCES
				? capability_hint(CAPABILITY_BIT(CAPABILITY_SYS_PTRACE), hint)
				: "");
	while (!err && getline(&line, &room, file) > 0) {
		struct mapping m;

		if (!process_parse_mapping(line, &m))
			continue;
		p->has_mappings = true;
		p->has_kernel_bypass |= is_bypass(m.path);
		err = take_mapping(p, &m, main_file, wants_main);
	}
	free(line);
	fclose(file);
	return err ? fault_set(why, err, "out of memory") : 0;
}

/* Of "NSpid:	4242	17	1": one for each namespace that the process is in, its own last. */
static pid_t last_number(const char *line)
{
	const char *last = strrchr(line, '\t');
	char *end;
	long number = last ? strtol(last, &end, 10) : 0;

	return last && end != last && number > 0 && number <= INT_MAX ? (pid_t)number : 0;
}

static void read_status(struct process *p)
{
	char path[64], *line = NULL;
	size_t room = 0;
	FILE *file;

	proc_path(p->pid, "status", path, sizeof(path));
	file = fopen(path, "re");
	if (!file)
		return;
	while (getline(&line, &room, file) > 0) {
		if (strncmp(line, "Seccomp:", 8) == 0)
			p->has_seccomp = line[8 + strspn(line + 8, " \t")] != '0';
		if (strncmp(line, "NSpid:", 6) == 0)
			p->inner_pid = last_number(line);
		if (strncmp(line, "x86_Thread_features:", 20) == 0)
			p->has_shadow_stack = strstr(line, "shstk");
	}
	free(line);
	fclose(file);
}

static void read_namespaces(struct process *p, const char *exe, uint64_t inode)
{
	struct stat own, st;
	char path[64];

	proc_path(p->pid, "ns/mnt", path, sizeof(path));
	if (!stat("/proc/self/ns/mnt", &own) && !stat(path, &st)) {
		p->is_other_mount_namespace = own.st_ino != st.st_ino;
		p->sources.mounts = st.st_ino;
		p->sources.is_foreign = p->is_other_mount_namespace;
	}
	p->is_executable_replaced =
		ends_with(exe, DELETED) ||
		!regular_file_stat(p->sources.root_fd, path_inside(p, exe), &st) ||
		st.st_ino != inode;
}

static void set_name(struct process *p, const char *exe)
{
	const char *slash = strrchr(exe, '/');
	const char *base = slash ? slash + 1 : exe;
	size_t length = strlen(base) - (ends_with(base, DELETED) ? strlen(DELETED) : 0);

	snprintf(p->name, sizeof(p->name), "%.*s", (int)(length < INT_MAX ? length : 0), base);
	text_clean(p->name);
}

static int explain_exe(pid_t pid, int err, struct fault *why)
{
	char path[64], hint[CAPABILITY_HINT_BYTES];

	proc_path(pid, "stat", path, sizeof(path));
	if (access(path, F_OK))
		return fault_set(why, -ESRCH, "there is no process %d", pid);
	if (err == -ENOENT)
		return fault_set(
			why, -ESRCH,
			"process %d has no program: it is a kernel thread, or it has ended", pid);
	return fault_set(why, err, "cannot look into process %d: %s%s", pid, strerror(-err),
			 capability_hint(CAPABILITY_BIT(CAPABILITY_SYS_PTRACE), hint));
}

/* Where separate debug files of a container are. */
static void open_root(struct process *p, const struct process_options *options)
{
	char path[64];

	proc_path(p->pid, "root", path, sizeof(path));
	p->sources.root_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_readlink(p->pid, "root", p->root_path, sizeof(p->root_path)) < 0)
		p->root_path[0] = '\0';
	if (options) {
		p->sources.cache = options->names;
		p->sources.debug_dir = options->debug_dir;
	}
}

int process_check_numbers(struct fault *why)
{
	struct stat st;

	if (stat("/proc/self/ns/pid", &st) || st.st_ino == FIRST_PID_NS_INODE)
		return 0;
	return fault_set(why, -ENOTSUP,
			 "tickscope runs in a pid namespace of its own, where processes have other "
			 "numbers than in the kernel: give it the host's (docker run --pid=host; "
			 "hostPID: true in Kubernetes)");
}

int process_open(pid_t pid, const struct process_options *options, struct process **ret_process,
		 struct fault *why)
{
	struct process *p = calloc(1, sizeof(*p));
	char exe[PATH_MAX + sizeof(DELETED)], link_path[64];
	struct main_file main_file = {.path = exe};
	struct stat st;
	int err;

	if (!p)
		return fault_set(why, -ENOMEM, "out of memory");
	p->pid = pid;
	p->inner_pid = pid;
	open_root(p, options);
	proc_path(pid, "exe", link_path, sizeof(link_path));
	if (proc_readlink(pid, "exe", exe, sizeof(exe)) < 0 || stat(link_path, &st)) {
		err = explain_exe(pid, -errno, why);
		goto free_process;
	}
	set_name(p, exe);
	read_status(p);
	read_namespaces(p, exe, st.st_ino);
	main_file.inode = st.st_ino;
	err = read_maps(p, &main_file, true, why);
	if (!err && !p->image_cnt && !p->has_mappings)
		err = fault_set(why, -ESRCH, "process %d has ended", pid);
	if (!err && !p->image_cnt)
		err = fault_set(why, -ENOTSUP,
				"the code of process %d (%s) is not mapped from its file (remapped "
				"to huge pages?): it cannot be "
				"probed",
				pid, p->name);
	if (!err)
		err = read_maps(p, &main_file, false, why);
	if (err)
		goto free_process;
	*ret_process = p;
	return 0;
free_process:
	process_free(p);
	return err;
}

void process_free(struct process *process)
{
	if (!process)
		return;
	for (size_t i = 0; i < process->image_cnt; i++)
		image_fini(&process->images[i]);
	free(process->images);
	if (process->sources.root_fd >= 0)
		close(process->sources.root_fd);
	free(process);
}

pid_t process_pid(const struct process *process)
{
	return process->pid;
}

struct file_id process_executable_file(const struct process *process)
{
	return image_file(&process->images[0]);
}

bool process_is_in_other_mounts(const struct process *process)
{
	return process->is_other_mount_namespace;
}

const char *process_name(const struct process *process)
{
	return process->name;
}

int process_inspect(struct process *process, struct process_facts *ret_facts, struct fault *why)
{
	struct image *main_image = &process->images[0];
	int err = image_load_symbols(main_image, why);

	memset(ret_facts, 0, sizeof(*ret_facts));
	if (err && err != -ENOTSUP)
		return err;
	ret_facts->is_x86_64 = !err;
	if (!err)
		err = process_load_runtime_facts(process, why);
	if (err && ret_facts->is_x86_64)
		return err;
	ret_facts->has_unwinder = process->has_unwinder;
	ret_facts->has_stack_switching = process->has_stack_switching;
	ret_facts->has_shadow_stack = process->has_shadow_stack;
	ret_facts->has_seccomp = process->has_seccomp;
	ret_facts->has_jit_code = process->has_jit_code;
	ret_facts->is_other_mount_namespace = process->is_other_mount_namespace;
	ret_facts->inner_pid = process->inner_pid;
	ret_facts->is_executable_replaced = process->is_executable_replaced;
	ret_facts->has_kernel_bypass = process->has_kernel_bypass;
	ret_facts->file_cnt = process->image_cnt;
	ret_facts->function_cnt = main_image->names->symbol_cnt;
	return 0;
}
