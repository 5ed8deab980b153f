/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers out of the texts of /proc. Names in them (of processes, links, disks) are chosen by
 * others, so no field is looked for behind one without knowing where it ends. */
#include <errno.h>
#include <string.h>

#include "target/usage_text.h"

#define SECTOR_BYTES 512 /* of /proc/diskstats, whatever the disk has */
#define MS_NS	     1000000

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

static bool skip_blanks(struct usage_text *text)
{
	while (text->bytes && (*text->at == ' ' || *text->at == '\t')) {
		text->at++;
		text->bytes--;
	}
	return text->bytes;
}

static void skip_bytes(struct usage_text *text, size_t bytes)
{
	text->at += bytes;
	text->bytes -= bytes;
}

/* A word up to a blank or the end of the line. */
static bool take_word(struct usage_text *text, struct usage_text *ret_word)
{
	size_t bytes = 0;

	if (!skip_blanks(text))
		return false;
	while (bytes < text->bytes && !is_blank(text->at[bytes]))
		bytes++;
	*ret_word = (struct usage_text){text->at, bytes};
	skip_bytes(text, bytes);
	return bytes > 0;
}

/* A word that is a decimal number. */
static bool take_number(struct usage_text *text, uint64_t *ret_number)
{
	struct usage_text word;
	uint64_t number = 0;

	if (!take_word(text, &word))
		return false;
	for (size_t i = 0; i < word.bytes; i++) {
		unsigned int digit = (unsigned int)(word.at[i] - '0');

		if (digit > 9 || __builtin_mul_overflow(number, 10, &number) ||
		    __builtin_add_overflow(number, digit, &number))
			return false;
	}
	*ret_number = number;
	return true;
}

/* As many numbers, each of which must fit. */
static bool take_numbers(struct usage_text *text, uint64_t *ret_numbers, size_t cnt)
{
	for (size_t i = 0; i < cnt; i++) {
		if (!take_number(text, &ret_numbers[i]))
			return false;
	}
	return true;
}

static bool skip_words(struct usage_text *text, size_t cnt)
{
	struct usage_text word;

	for (size_t i = 0; i < cnt; i++) {
		if (!take_word(text, &word))
			return false;
	}
	return true;
}

/* A number times what it counts in. USAGE_UNKNOWN is no result of it. */
static bool scaled(uint64_t number, uint64_t unit, uint64_t *ret_value)
{
	uint64_t value;

	if (__builtin_mul_overflow(number, unit, &value) || value == USAGE_UNKNOWN)
		return false;
	*ret_value = value;
	return true;
}

static bool take_line(struct usage_text *text, struct usage_text *ret_line)
{
	const char *end = text->bytes ? memchr(text->at, '\n', text->bytes) : NULL;
	size_t bytes = end ? (size_t)(end - text->at) : text->bytes;

	if (!text->bytes)
		return false;
	*ret_line = (struct usage_text){text->at, bytes};
	skip_bytes(text, bytes + (end ? 1 : 0));
	return true;
}

static bool starts_with(struct usage_text text, const char *start)
{
	return text.bytes >= strlen(start) && memcmp(text.at, start, strlen(start)) == 0;
}

/* The number of the line that starts with a key. */
static bool find_number(struct usage_text text, const char *key, uint64_t *ret_number)
{
	struct usage_text line;

	while (take_line(&text, &line)) {
		if (!starts_with(line, key))
			continue;
		skip_bytes(&line, strlen(key));
		return take_number(&line, ret_number);
	}
	return false;
}

/* Fields by their numbers in proc(5), counted from the state on, which is the third. */
enum { STAT_STATE = 3, STAT_UTIME = 14, STAT_THREADS = 20, STAT_START = 22 };

int usage_text_stat(struct usage_text text, const struct usage_scale *scale,
		    struct usage_process *ret_process, bool *ret_has_ended)
{
	const char *name_end = text.bytes ? memrchr(text.at, ')', text.bytes) : NULL;
	struct usage_process p = *ret_process;
	uint64_t cpu_ticks[2], start[2], rss_pages;
	struct usage_text state;
	bool is_zombie;

	if (!name_end)
		return -EBADMSG;
	skip_bytes(&text, (size_t)(name_end - text.at) + 1);
	if (!take_word(&text, &state) || !skip_words(&text, STAT_UTIME - STAT_STATE - 1) ||
	    !take_numbers(&text, cpu_ticks, 2) ||
	    !skip_words(&text, STAT_THREADS - STAT_UTIME - 2) ||
	    !take_number(&text, &p.thread_cnt) ||
	    !skip_words(&text, STAT_START - STAT_THREADS - 1) || !take_numbers(&text, start, 2) ||
	    !take_number(&text, &rss_pages))
		return -EBADMSG;
	p.virtual_bytes = start[1];
	if (__builtin_add_overflow(cpu_ticks[0], cpu_ticks[1], &cpu_ticks[0]) ||
	    !scaled(cpu_ticks[0], scale->tick_ns, &p.cpu_ns) ||
	    !scaled(start[0], scale->tick_ns, &p.start_ns) ||
	    !scaled(rss_pages, scale->page_bytes, &p.rss_bytes))
		return -EBADMSG;
	is_zombie = *state.at == 'Z' || *state.at == 'X';
	if (is_zombie)
		p.rss_bytes = p.virtual_bytes = USAGE_UNKNOWN;
	*ret_has_ended = is_zombie && p.thread_cnt <= 1;
	*ret_process = p;
	return 0;
}

int usage_text_io(struct usage_text text, struct usage_process *ret_process)
{
	uint64_t read_bytes, written_bytes;

	if (!find_number(text, "read_bytes:", &read_bytes) ||
	    !find_number(text, "write_bytes:", &written_bytes))
		return -EBADMSG;
	ret_process->read_bytes = read_bytes;
	ret_process->written_bytes = written_bytes;
	return 0;
}

int usage_text_limits(struct usage_text text, uint64_t *ret_descriptor_max)
{
	static const char key[] = "Max open files ";
	struct usage_text line, rest;

	while (take_line(&text, &line)) {
		if (!starts_with(line, key))
			continue;
		skip_bytes(&line, sizeof(key) - 1);
		rest = line;
		if (take_number(&line, ret_descriptor_max))
			return 0;
		if (!take_word(&rest, &line) || line.bytes != strlen("unlimited") ||
		    !starts_with(line, "unlimited"))
			return -EBADMSG;
		*ret_descriptor_max = USAGE_UNKNOWN;
		return 0;
	}
	return -EBADMSG;
}

int usage_text_schedstat(struct usage_text text, uint64_t *ret_switch_cnt)
{
	uint64_t numbers[3];

	if (!take_numbers(&text, numbers, 3))
		return -EBADMSG;
	*ret_switch_cnt = numbers[2];
	return 0;
}

/* user nice system idle iowait irq softirq steal; guests are in user and nice already. */
enum { CPU_IDLE = 3, CPU_IOWAIT = 4, CPU_TIME_CNT = 8 };

int usage_text_cpus(struct usage_text text, const struct usage_scale *scale,
		    struct usage_host *ret_host)
{
	uint64_t times[CPU_TIME_CNT], total = 0, idle, cpu_cnt = 0, total_ns, busy_ns;
	struct usage_text line;

	if (!take_line(&text, &line) || !starts_with(line, "cpu "))
		return -EBADMSG;
	skip_bytes(&line, strlen("cpu "));
	if (!take_numbers(&line, times, CPU_TIME_CNT))
		return -EBADMSG;
	for (size_t i = 0; i < CPU_TIME_CNT; i++) {
		if (__builtin_add_overflow(total, times[i], &total))
			return -EBADMSG;
	}
	idle = times[CPU_IDLE] + times[CPU_IOWAIT];
	while (take_line(&text, &line) && starts_with(line, "cpu"))
		cpu_cnt++;
	if (!cpu_cnt || !scaled(total, scale->tick_ns, &total_ns) ||
	    !scaled(total - idle, scale->tick_ns, &busy_ns))
		return -EBADMSG;
	ret_host->cpu_total_ns = total_ns;
	ret_host->cpu_busy_ns = busy_ns;
	ret_host->cpu_cnt = cpu_cnt;
	return 0;
}

int usage_text_meminfo(struct usage_text text, struct usage_host *ret_host)
{
	uint64_t total_kib, available_kib, total_bytes, available_bytes;

	if (!find_number(text, "MemTotal:", &total_kib) ||
	    !find_number(text, "MemAvailable:", &available_kib) ||
	    !scaled(total_kib, 1024, &total_bytes) ||
	    !scaled(available_kib, 1024, &available_bytes) || available_kib > total_kib)
		return -EBADMSG;
	ret_host->memory_total_bytes = total_bytes;
	ret_host->memory_available_bytes = available_bytes;
	return 0;
}

/* "  eth0: " and 16 numbers: bytes received are the first, bytes sent the ninth. A name may have
 * any character but a blank and a slash, so it ends at the line's last colon. */
static bool parse_link(struct usage_text line, struct usage_link *ret_link)
{
	const char *colon = line.bytes ? memrchr(line.at, ':', line.bytes) : NULL;
	uint64_t numbers[9];
	size_t bytes;

	if (!colon || !skip_blanks(&line) || colon < line.at)
		return false;
	bytes = (size_t)(colon - line.at);
	if (!bytes || bytes >= USAGE_LINK_NAME_BYTES)
		return false;
	memset(ret_link, 0, sizeof(*ret_link));
	memcpy(ret_link->name, line.at, bytes);
	skip_bytes(&line, bytes + 1);
	if (!take_numbers(&line, numbers, 9))
		return false;
	ret_link->received_bytes = numbers[0];
	ret_link->sent_bytes = numbers[8];
	return true;
}

int usage_text_links(struct usage_text text, struct usage_host *ret_host)
{
	struct usage_text line;
	size_t cnt = 0;

	if (!take_line(&text, &line) || !take_line(&text, &line)) /* two lines of titles */
		return -EBADMSG;
	while (take_line(&text, &line)) {
		struct usage_link link;

		if (!parse_link(line, &link))
			return -EBADMSG;
		if (strcmp(link.name, "lo") == 0)
			continue;
		if (cnt == USAGE_LINK_MAX)
			return -ENOSPC;
		ret_host->links[cnt++] = link;
	}
	ret_host->link_cnt = cnt;
	return 0;
}

/* reads merged sectors ms, writes merged sectors ms, in flight, busy ms */
enum { DISK_READ_SECTORS = 2, DISK_WRITTEN_SECTORS = 6, DISK_BUSY_MS = 9, DISK_NUMBER_CNT = 10 };

static bool parse_disk(struct usage_text line, struct usage_disk *ret_disk,
		       char name[static USAGE_DISK_NAME_BYTES])
{
	uint64_t device[2], numbers[DISK_NUMBER_CNT];
	struct usage_text word;

	if (!take_numbers(&line, device, 2) || device[0] > UINT32_MAX || device[1] > UINT32_MAX ||
	    !take_word(&line, &word) || word.bytes >= USAGE_DISK_NAME_BYTES ||
	    memchr(word.at, '\0', word.bytes) || !take_numbers(&line, numbers, DISK_NUMBER_CNT))
		return false;
	memcpy(name, word.at, word.bytes);
	name[word.bytes] = '\0';
	ret_disk->device = device[0] << 32 | device[1];
	return scaled(numbers[DISK_READ_SECTORS], SECTOR_BYTES, &ret_disk->read_bytes) &&
	       scaled(numbers[DISK_WRITTEN_SECTORS], SECTOR_BYTES, &ret_disk->written_bytes) &&
	       scaled(numbers[DISK_BUSY_MS], MS_NS, &ret_disk->busy_ns);
}

int usage_text_disks(struct usage_text text, usage_is_disk_fn is_disk, void *context,
		     struct usage_host *ret_host)
{
	char name[USAGE_DISK_NAME_BYTES];
	struct usage_text line;
	size_t cnt = 0;

	while (take_line(&text, &line)) {
		struct usage_disk disk;

		if (!parse_disk(line, &disk, name))
			return -EBADMSG;
		if (!is_disk(context, name, disk.device))
			continue;
		if (cnt == USAGE_DISK_MAX)
			return -ENOSPC;
		ret_host->disks[cnt++] = disk;
	}
	ret_host->disk_cnt = cnt;
	return 0;
}
