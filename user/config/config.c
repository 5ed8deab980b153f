/* SPDX-License-Identifier: Apache-2.0 */
/* Reads the files, in the order in which they need one another. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/builtin.h"
#include "config/check.h"
#include "config/load.h"

#define PATH_BYTES 4096

/* A problem of a file as a whole: where it is named, if it is. */
static void report_file(struct loader *l, const char *path, const struct yaml_node *named,
			const char *what)
{
	struct yaml_file file = {.name = (char *)path};
	struct yaml_node at = {.file = &file};

	if (named)
		load_report(l, named, "\"%s\" %s", path, what);
	else
		load_report(l, &at, "it %s", what);
}

/* Up to one byte more than a file may have: whoever parses it sees that it is too large. */
static int read_all(int fd, char *source, size_t *ret_bytes)
{
	size_t bytes = 0;
	ssize_t got;

	do {
		got = read(fd, source + bytes, YAML_SOURCE_BYTES + 1 - bytes);
		if (got < 0 && errno != EINTR)
			return -errno;
		bytes += got > 0 ? (size_t)got : 0;
	} while (got && bytes <= YAML_SOURCE_BYTES);
	*ret_bytes = bytes;
	return 0;
}

/* Devices and pipes would block, or never end. */
static int read_file(const char *path, char *source, size_t *ret_bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY), err;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (S_ISDIR(st.st_mode))
		err = -EISDIR;
	else if (!S_ISREG(st.st_mode))
		err = -ENOTSUP;
	else
		err = read_all(fd, source, ret_bytes);
	close(fd);
	return err;
}

static int parse_file(struct loader *l, const char *path, const char *source, size_t source_bytes)
{
	struct yaml_file **files =
		reallocarray(l->files, l->file_cnt + 1, sizeof(struct yaml_file *));
	struct yaml_mistake mistake;
	struct yaml_file *file = NULL;
	int err;

	if (!files)
		return -ENOMEM;
	l->files = files;
	err = yaml_parse(path, source, source_bytes, &file, &mistake);
	if (err == -EINVAL) {
		struct yaml_file named = {.name = (char *)path};
		struct yaml_node at = {
			.file = &named, .line = mistake.line, .column = mistake.column};

		load_report(l, &at, "%s", mistake.why.text);
	}
	if (err)
		return err;
	files[l->file_cnt++] = file;
	return 0;
}

/* A file as its schema says; -EINVAL: it is none, which was reported. */
static int load_file(struct loader *l, const char *path, const struct yaml_node *named,
		     const struct schema_object *schema)
{
	const struct yaml_node *root;
	char *source = malloc(YAML_SOURCE_BYTES + 1), text[FAULT_TEXT_BYTES / 4];
	size_t source_bytes = 0;
	int err;

	if (!source)
		return -ENOMEM;
	err = read_file(path, source, &source_bytes);
	if (err) {
		snprintf(text, sizeof(text), "cannot be read: %s",
			 err == -ENOTSUP ? "it is no regular file" : strerror(-err));
		report_file(l, path, named, text);
	} else {
		err = parse_file(l, path, source, source_bytes);
	}
	free(source);
	if (err)
		return err;
	root = l->files[l->file_cnt - 1]->root;
	if (root)
		return load_object(l, schema, root, l->config);
	report_file(l, path, named, "is empty");
	return -EINVAL;
}

/* Paths are relative to the file that names them. */
static int load_rule_file(struct loader *l, const struct yaml_node *name)
{
	const char *slash = strrchr(name->file->name, '/');
	char path[PATH_BYTES];
	int length;

	if (name->kind != YAML_SCALAR || yaml_is_null(name) || !name->text[0]) {
		load_report(l, name, "\"rule_files\" is a list of paths");
		return 0;
	}
	if (name->text[0] == '/' || !slash)
		length = snprintf(path, sizeof(path), "%s", name->text);
	else
		length = snprintf(path, sizeof(path), "%.*s/%s", (int)(slash - name->file->name),
				  name->file->name, name->text);
	if (length < 0 || (size_t)length >= sizeof(path)) {
		load_report(l, name, "the path is too long");
		return 0;
	}
	for (size_t i = 0; i < l->file_cnt; i++) {
		if (strcmp(l->files[i]->name, path) != 0)
			continue;
		load_report(l, name, "\"%s\" is read already", path);
		return 0;
	}
	return load_file(l, path, name, &schema_rule_file);
}

static int load_builtin(struct loader *l)
{
	int err = parse_file(l, BUILTIN_NAME, builtin_rules, strlen(builtin_rules));

	return err ? err
		   : load_object(l, &schema_rule_file, l->files[l->file_cnt - 1]->root, l->config);
}

static int load_all(struct loader *l, const char *path)
{
	int err = load_file(l, path, NULL, &schema_config);

	if (err)
		return err;
	for (size_t i = 0; i < l->rule_files.cnt; i++) {
		/* What is wrong with one of them was reported; the others are looked at, too. */
		err = load_rule_file(l, l->rule_files.items[i].node);
		if (err == -ENOMEM)
			return err;
	}
	if (l->files[0]->root->kind != YAML_MAP)
		return 0;
	err = load_builtin(l);
	if (err)
		return err;
	err = check_contracts(l);
	if (!err)
		err = check_sinks(l);
	if (!err) {
		check_references(l);
		check_kubernetes(l);
	}
	return err;
}

static void loader_fini(struct loader *l)
{
	for (size_t i = 0; i < l->file_cnt; i++)
		yaml_free(l->files[i]);
	for (size_t i = 0; i < l->variable_cnt; i++)
		yaml_free(l->variables[i]);
	free(l->files);
	free(l->variables);
	free(l->names.items);
	free(l->uses.items);
	free(l->contracts.items);
	free(l->rule_files.items);
}

int config_load(const char *path, config_env_fn env, struct config **ret_config,
		struct config_problems *ret_problems)
{
	struct loader l = {
		.env = env, .config = calloc(1, sizeof(struct config)), .problems = ret_problems};
	int err = -ENOMEM;

	ret_problems->cnt = ret_problems->more_cnt = 0;
	if (l.config)
		err = load_all(&l, path);
	load_sort_problems(&l);
	if (!err && ret_problems->cnt)
		err = -EINVAL;
	loader_fini(&l);
	if (err) {
		config_free(l.config);
		return err;
	}
	*ret_config = l.config;
	return 0;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	for (size_t i = 0; i < config->rule_cnt; i++)
		free(config->rules[i].file);
	for (size_t i = 0; i < config->unowned_cnt; i++) {
		free(config->unowned[i].operation);
		free(config->unowned[i].target);
		free(config->unowned[i].file);
	}
	free(config->unowned);
	schema_release(&schema_config, config);
	free(config);
}
