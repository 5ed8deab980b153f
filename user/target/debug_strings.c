/* SPDX-License-Identifier: Apache-2.0 */
/* Looks at the last byte of .debug_str and .debug_line_str, plain or packed. */
#include <string.h>

#include <gelf.h>
#include <zlib.h>

#include "target/debug_strings.h"

#define CHUNK_BYTES	 16384
#define GNU_PREFIX	 ".zdebug_"
#define GNU_HEADER_BYTES 12 /* "ZLIB", the size that it unpacks to */

/* Of what the stream unpacks to; true where it is none, which libdw finds out too. */
static bool is_terminated_unpacked(const unsigned char *packed, size_t cnt)
{
	unsigned char chunk[CHUNK_BYTES], last = 0;
	z_stream stream = {.next_in = (unsigned char *)packed, .avail_in = (uInt)cnt};
	int status = Z_OK;

	if (cnt > UINT32_MAX || inflateInit(&stream) != Z_OK)
		return false;
	while (status == Z_OK) {
		stream.next_out = chunk;
		stream.avail_out = sizeof(chunk);
		status = inflate(&stream, Z_NO_FLUSH);
		if (stream.avail_out < sizeof(chunk))
			last = chunk[sizeof(chunk) - stream.avail_out - 1];
	}
	inflateEnd(&stream);
	return last == '\0';
}

static bool is_terminated(Elf_Scn *section, const GElf_Shdr *header, const char *name)
{
	const Elf_Data *data;
	const unsigned char *bytes;

	if (header->sh_flags & SHF_COMPRESSED && elf_compress(section, 0, 0) < 0)
		return true; /* libdw fails alike, and passes over it */
	data = elf_getdata(section, NULL);
	if (!data || !data->d_buf || !data->d_size)
		return true;
	bytes = data->d_buf;
	if (strncmp(name, GNU_PREFIX, strlen(GNU_PREFIX)) == 0 && data->d_size > GNU_HEADER_BYTES &&
	    memcmp(bytes, "ZLIB", 4) == 0)
		return is_terminated_unpacked(bytes + GNU_HEADER_BYTES,
					      data->d_size - GNU_HEADER_BYTES);
	return bytes[data->d_size - 1] == '\0';
}

bool debug_strings_are_terminated(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	size_t names;

	if (elf_getshdrstrndx(elf, &names))
		return false;
	while ((section = elf_nextscn(elf, section))) {
		const char *name;

		if (!gelf_getshdr(section, &header) || header.sh_type == SHT_NOBITS)
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if (!name || strstr(name, "debug_str_offsets") ||
		    (!strstr(name, "debug_str") && !strstr(name, "debug_line_str")))
			continue;
		if (!is_terminated(section, &header, name))
			return false;
	}
	return true;
}
