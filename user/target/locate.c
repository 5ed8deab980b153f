/* SPDX-License-Identifier: Apache-2.0 */
/* What a process has mapped executable, and the symbols in it. Read again when an address is in
 * none of what was there, but not all the time: programs that make code map all the time. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/text.h"
#include "target/internal.h"
#include "target/locate.h"

#define RANGE_MAX	 8192	      /* programs that make code have thousands */
#define READ_INTERVAL_NS 100000000ULL /* between two looks at the memory map */
#define NAME_COLUMNS	 400	      /* longer names are shortened in their middle */

struct range {
	uint64_t start;
	uint64_t end;
	uint64_t offset;
	uint64_t device;
	uint64_t inode; /* 0: no file */
	char name[48];	/* of the file, without its directory; "[vdso]"; "" */
};

struct locate {
	pid_t pid;
	struct process_options options;
	struct process *process; /* its images: of its own, since plans point into those of others
				  */
	struct range *ranges;	 /* ascending, as the kernel lists them */
	size_t range_cnt;
	uint64_t read_mono_ns;
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static void take_range(struct locate *l, const struct mapping *m)
{
	struct range *r = &l->ranges[l->range_cnt++];

	*r = (struct range){
		.start = m->start,
		.end = m->end,
		.offset = m->offset,
		.device = m->device,
		.inode = m->inode,
	};
	snprintf(r->name, sizeof(r->name), "%s", base_of(m->path));
	text_clean(r->name);
}

static int read_ranges(struct locate *l)
{
	char path[64], *line = NULL;
	size_t room = 0, before = l->range_cnt;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", l->pid);
	file = fopen(path, "re");
	if (!file)
		return -errno;
	l->range_cnt = 0;
	while (l->range_cnt < RANGE_MAX && getline(&line, &room, file) > 0) {
		struct mapping m;

		if (process_parse_mapping(line, &m) && m.perms[2] == 'x')
			take_range(l, &m);
	}
	free(line);
	fclose(file);
	if (!l->range_cnt) /* it is ending: what there was is what is known */
		l->range_cnt = before;
	return 0;
}

static struct image *image_of(const struct locate *l, const struct range *r)
{
	for (size_t i = 0; l->process && i < l->process->image_cnt; i++) {
		struct image *image = &l->process->images[i];

		if (image->inode == r->inode && image->device == r->device)
			return image;
	}
	return NULL;
}

/* Looks at the process again. What cannot be read any more stays as it was. */
static int update(struct locate *l)
{
	struct process *process;
	bool has_new_file = !l->process;
	struct fault ignored;
	int err = read_ranges(l);

	l->read_mono_ns = clock_mono_ns();
	for (size_t i = 0; i < l->range_cnt && !has_new_file; i++)
		has_new_file = l->ranges[i].inode && !image_of(l, &l->ranges[i]);
	if (err || !has_new_file)
		return err;
	err = process_open(l->pid, &l->options, &process, &ignored);
	if (err)
		return err;
	process_free(l->process);
	l->process = process;
	/* Likely to be needed, and by then perhaps no longer to be had. */
	image_load_symbols(&process->images[0], &ignored);
	return 0;
}

int locate_open(pid_t pid, const struct process_options *options, struct locate **ret_locate)
{
	struct locate *l = calloc(1, sizeof(*l));
	int err;

	if (!l)
		return -ENOMEM;
	l->pid = pid;
	l->options = *options;
	l->ranges = calloc(RANGE_MAX, sizeof(*l->ranges));
	err = l->ranges ? update(l) : -ENOMEM;
	if (err) {
		locate_close(l);
		return err;
	}
	*ret_locate = l;
	return 0;
}

void locate_close(struct locate *locate)
{
	if (!locate)
		return;
	process_free(locate->process);
	free(locate->ranges);
	free(locate);
}

static const struct range *range_of(const struct locate *l, uint64_t address)
{
	size_t low = 0, high = l->range_cnt;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (l->ranges[middle].end <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low < l->range_cnt && l->ranges[low].start <= address ? &l->ranges[low] : NULL;
}

/* The address that the file's own headers give to what is at an offset of it. */
static bool own_address(const struct image *image, uint64_t offset, uint64_t *ret_address)
{
	for (size_t i = 0; i < image->load_cnt; i++) {
		const struct load *load = &image->loads[i];

		if (load->is_executable && offset >= load->offset &&
		    offset - load->offset < load->file_bytes) {
			*ret_address = load->address + (offset - load->offset);
			return true;
		}
	}
	return false;
}

/* By its symbol. `inside`: an address of the instruction that is meant, of the file's own. */
static bool name_by_symbol(const struct image *image, uint64_t address, uint64_t inside,
			   char name[static LOCATE_NAME_BYTES])
{
	const struct symbol *symbol = image_symbol_around(image, inside);
	char *demangled = symbol ? symbol_demangle(symbol, false) : NULL;
	char *whole = NULL;
	int length = -1;

	if (demangled)
		length = asprintf(&whole, "%s%s%s+0x%" PRIx64,
				  image->is_main ? "" : base_of(image->path),
				  image->is_main ? "" : ":", demangled, address - symbol->address);
	if (length > 0)
		text_cut(whole, NAME_COLUMNS, name, LOCATE_NAME_BYTES);
	if (length >= 0)
		free(whole);
	free(demangled);
	return length > 0;
}

enum located locate_name(struct locate *locate, uint64_t address, bool is_return,
			 char name[static LOCATE_NAME_BYTES])
{
	uint64_t inside = address - is_return, offset, own;
	const struct range *r = range_of(locate, inside);
	struct image *image;
	struct fault ignored;

	if (!r) {
		if (clock_mono_ns() - locate->read_mono_ns < READ_INTERVAL_NS)
			return LOCATE_NOT_YET;
		update(locate);
		r = range_of(locate, inside);
	}
	if (!r)
		return LOCATE_NO_CODE;
	if (!r->name[0])
		return LOCATE_UNNAMED;
	offset = inside - r->start + r->offset;
	image = r->inode ? image_of(locate, r) : NULL;
	if (image && !image_load_symbols(image, &ignored) && own_address(image, offset, &own)) {
		if (name_by_symbol(image, own + is_return, own, name))
			return LOCATE_NAMED;
		offset = own;
	}
	snprintf(name, LOCATE_NAME_BYTES, "%s+0x%" PRIx64, r->name, offset + is_return);
	return LOCATE_NAMED;
}
