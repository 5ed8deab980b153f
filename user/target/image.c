/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One mapped ELF file: opened through /proc, so that it is the running one, and read with read(2)
 * rather than mmap, since a file that is truncated meanwhile must be an error and not a SIGBUS.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/capability.h"
#include "target/cfi.h"
#include "target/internal.h"

const char *image_probe_path(const struct image *image)
{
	return image->probe_path;
}

const char *image_path(const struct image *image)
{
	return image->path;
}

struct file_id image_file(const struct image *image)
{
	return (struct file_id){.device = image->device, .inode = image->inode};
}

bool image_is_executable(const struct image *image)
{
	return image->is_main;
}

const char *image_debug_file_refusal(const struct image *image)
{
	return image->names ? image->names->debug_file_refusal : NULL;
}

static int image_read_loads(struct image *image, struct fault *why)
{
	size_t cnt;

	if (elf_getphdrnum(image->elf, &cnt))
		return fault_set(why, -EBADMSG, "\"%s\" is a damaged ELF file: %s", image->path,
				 elf_errmsg(-1));
	for (size_t i = 0; i < cnt && image->load_cnt < IMAGE_LOAD_MAX; i++) {
		GElf_Phdr header;
		struct load *load = &image->loads[image->load_cnt];

		if (!gelf_getphdr(image->elf, (int)i, &header) || header.p_type != PT_LOAD)
			continue;
		if (header.p_filesz > UINT64_MAX - header.p_vaddr ||
		    header.p_filesz > UINT64_MAX - header.p_offset)
			return fault_set(why, -EBADMSG,
					 "\"%s\" is a damaged ELF file: a segment wraps around",
					 image->path);
		load->address = header.p_vaddr;
		load->offset = header.p_offset;
		load->file_bytes = header.p_filesz;
		load->is_executable = header.p_flags & PF_X;
		image->load_cnt++;
	}
	if (!image->load_cnt)
		return fault_set(why, -EBADMSG, "\"%s\" has no segments: not a program",
				 image->path);
	return 0;
}

static int image_check(const struct image *image, uint64_t file_bytes, struct fault *why)
{
	unsigned char head[sizeof(Elf64_Ehdr)];
	ssize_t cnt = pread(image->fd, head, sizeof(head), 0);
	struct fault reason;
	int err;

	err = elf_file_check_header(head, cnt < 0 ? 0 : (size_t)cnt, file_bytes, &reason);
	return err ? fault_set(why, err, "\"%s\" %s", image->path, reason.text) : 0;
}

static int image_check_sections(const struct image *image, uint64_t file_bytes, struct fault *why)
{
	struct fault reason;
	int err = elf_file_check_sections(image->elf, file_bytes, &reason);

	return err ? fault_set(why, err, "\"%s\" %s", image->path, reason.text) : 0;
}

int image_open(struct image *image, struct fault *why)
{
	char hint[CAPABILITY_HINT_BYTES];
	struct stat st;
	int err;

	if (image->elf)
		return 0;
	image->fd = open(image->probe_path, O_RDONLY | O_CLOEXEC);
	if (image->fd < 0 || fstat(image->fd, &st)) {
		err = -errno;
		fault_set(why, err, "cannot open \"%s\": %s%s", image->path, strerror(errno),
			  err == -EACCES || err == -EPERM
				  ? capability_hint(CAPABILITY_LOOKING, hint)
				  : "");
		goto fini;
	}
	/* Only inodes compare: overlay and btrfs show another device in the memory map than in
	 * stat. */
	if (st.st_ino != image->inode) {
		err = fault_set(why, -ESTALE, "\"%s\" is not the file that is mapped any more",
				image->path);
		goto fini;
	}
	err = image_check(image, (uint64_t)st.st_size, why);
	if (err)
		goto fini;
	elf_version(EV_CURRENT);
	image->elf = elf_begin(image->fd, ELF_C_READ, NULL);
	if (!image->elf) {
		err = fault_set(why, -EBADMSG, "\"%s\" is not an ELF file: %s", image->path,
				elf_errmsg(-1));
		goto fini;
	}
	err = image_check_sections(image, (uint64_t)st.st_size, why);
	if (!err)
		err = image_read_loads(image, why);
	if (!err)
		return 0;
fini:
	elf_end(image->elf);
	image->elf = NULL;
	if (image->fd >= 0)
		close(image->fd);
	image->fd = -1;
	return err;
}

void image_fini(struct image *image)
{
	cfi_free(image->cfi);
	names_close(image->names);
	elf_end(image->elf);
	if (image->fd >= 0)
		close(image->fd);
	free(image->path);
	free(image->probe_path);
}

static const struct load *load_of(const struct image *image, uint64_t address)
{
	for (size_t i = 0; i < image->load_cnt; i++) {
		const struct load *l = &image->loads[i];

		if (address >= l->address && address - l->address < l->file_bytes)
			return l;
	}
	return NULL;
}

bool image_offset(const struct image *image, uint64_t address, uint64_t bytes, uint64_t *ret_offset)
{
	const struct load *l = load_of(image, address);

	if (!l || !l->is_executable || bytes > l->file_bytes - (address - l->address))
		return false;
	*ret_offset = address - l->address + l->offset;
	return true;
}

size_t image_read(const struct image *image, uint64_t address, void *buffer, size_t bytes)
{
	const struct load *l = load_of(image, address);
	ssize_t cnt;

	if (!l)
		return 0;
	if (bytes > l->file_bytes - (address - l->address))
		bytes = l->file_bytes - (address - l->address);
	cnt = pread(image->fd, buffer, bytes, (off_t)(address - l->address + l->offset));
	return cnt > 0 ? (size_t)cnt : 0;
}
