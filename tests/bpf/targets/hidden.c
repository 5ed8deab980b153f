/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a program at a path that only its own mount namespace has: hidden PROGRAM DIRECTORY [ARG…].
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "target.h"

int main(int argc, char **argv)
{
	char path[4096];
	struct stat st;
	int in, out;

	target_check(argc > 3, "hidden PROGRAM DIRECTORY ARG");
	target_check(unshare(CLONE_NEWNS) == 0, "cannot unshare");
	target_check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0,
		     "cannot make / private");
	target_check(mount("hidden", argv[2], "tmpfs", 0, NULL) == 0, "cannot mount");
	snprintf(path, sizeof(path), "%s/hidden", argv[2]);
	in = open(argv[1], O_RDONLY | O_CLOEXEC);
	out = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0755);
	target_check(in >= 0 && out >= 0 && fstat(in, &st) == 0, "cannot copy");
	while (sendfile(out, in, NULL, (size_t)st.st_size) > 0)
		;
	close(out);
	argv[2] = path;
	execv(path, argv + 2);
	return 3;
}
