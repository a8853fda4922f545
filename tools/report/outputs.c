// SPDX-License-Identifier: GPL-2.0
/*
 * The reports of one run: see outputs.h.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "outputs.h"

#define BUFFER_LEN	65536u

/**
 * outputs_add() - one more report is wanted
 * @outputs:	all of them
 * @name:	of a format
 * @path:	where to; NULL or "-": standard output, which only one can have
 * @why:	text of an error
 *
 * Return: 0 or -EINVAL.
 */
int outputs_add(struct outputs *outputs, const char *name, const char *path, struct complaint *why)
{
	const struct format *format = format_find(name, strlen(name));
	u32 i;

	if (!format)
		return complain(why, -EINVAL, "a format: text, json, sarif, junit or html");
	if (path && !strcmp(path, "-"))
		path = NULL;
	if (path && !*path)
		return complain(why, -EINVAL, "the name of its file is empty");
	for (i = 0; i < outputs->nr; i++)
		if (path ? outputs->at[i].path && !strcmp(outputs->at[i].path, path) :
			   !outputs->at[i].path)
			return complain(why, -EINVAL, "only one report can go to %s",
					path ? "a file" : "standard output");
	if (outputs->nr == OUTPUTS_MAX)
		return complain(why, -EINVAL, "more than %u reports", OUTPUTS_MAX);
	outputs->at[outputs->nr++] = (struct output){ format, path, NULL };
	return 0;
}

/**
 * outputs_parse() - one more report is wanted
 * @outputs:	all of them
 * @word:	FORMAT or FORMAT=FILE
 * @why:	text of an error
 *
 * Return: 0 or -EINVAL.
 */
int outputs_parse(struct outputs *outputs, const char *word, struct complaint *why)
{
	const char *path = strchr(word, '=');
	size_t len = path ? (size_t)(path - word) : strlen(word);
	const struct format *format = format_find(word, len);

	return outputs_add(outputs, format ? format->name : "", path ? path + 1 : NULL, why);
}

/**
 * outputs_open() - open all files
 * @outputs:	what is wanted; text for a person goes to standard output if nothing else does
 * @why:	text of an error
 *
 * Before the sandbox. The files stay open to the end of the process, their buffers too.
 *
 * Return: 0 or a negative errno.
 */
int outputs_open(struct outputs *outputs, struct complaint *why)
{
	u32 i;

	for (i = 0; i < outputs->nr; i++) {
		struct output *output = &outputs->at[i];
		char *buffer = malloc(BUFFER_LEN);
		int fd;

		if (!buffer)
			return complain(why, -ENOMEM, "out of memory");
		if (!output->path) {
			output->out = stdout;
		} else {
			fd = open(output->path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOCTTY,
				  0666);
			output->out = fd < 0 ? NULL : fdopen(fd, "w");
		}
		if (!output->out) {
			free(buffer);
			return complain(why, -errno, "report as %s: %s", output->format->name,
					strerror(errno));
		}
		setvbuf(output->out, buffer, _IOFBF, BUFFER_LEN);
	}
	return 0;
}

/**
 * outputs_files() - the files that the sandbox has to allow
 * @outputs:	open
 * @fds:	takes at most OUTPUTS_MAX descriptors; standard output is not among them
 *
 * Return: how many.
 */
u32 outputs_files(const struct outputs *outputs, int *fds)
{
	u32 i, nr = 0;

	for (i = 0; i < outputs->nr; i++)
		if (outputs->at[i].path)
			fds[nr++] = fileno(outputs->at[i].out);
	return nr;
}

/**
 * outputs_begin() - print what comes before all dumps
 * @outputs:	open
 */
void outputs_begin(struct outputs *outputs)
{
	u32 i;

	for (i = 0; i < outputs->nr; i++)
		if (outputs->at[i].format->begin)
			outputs->at[i].format->begin(outputs->at[i].out);
}

/**
 * outputs_print() - print what an audit of a dump found
 * @outputs:	open
 * @report:	how; @out is set here, and @color is for standard output only
 * @audit:	after audit_run()
 *
 * Return: false if out of memory; other errors are seen in the end.
 */
bool outputs_print(struct outputs *outputs, struct report *report, struct audit *audit)
{
	bool color = report->color, done = true;
	u32 i;

	for (i = 0; i < outputs->nr; i++) {
		report->out = outputs->at[i].out;
		report->color = color && !outputs->at[i].path;
		if (outputs->at[i].format->print(report, audit))
			done = false;
	}
	report->color = color;
	return done;
}

/**
 * outputs_failed() - print that a dump could not be audited at all
 * @outputs:	open
 * @report:	how; @out is set here
 * @text:	why
 */
void outputs_failed(struct outputs *outputs, struct report *report, const char *text)
{
	u32 i;

	for (i = 0; i < outputs->nr; i++) {
		report->out = outputs->at[i].out;
		outputs->at[i].format->failed(report, text);
	}
}

/**
 * outputs_flush() - write what is in buffers
 * @outputs:	open
 *
 * Return: false if a report could not be written.
 */
bool outputs_flush(struct outputs *outputs)
{
	bool done = true;
	u32 i;

	for (i = 0; i < outputs->nr; i++)
		if (fflush(outputs->at[i].out) || ferror(outputs->at[i].out))
			done = false;
	return done;
}

/**
 * outputs_end() - print what comes after all dumps
 * @outputs:	open
 *
 * Return: false if a report could not be written.
 */
bool outputs_end(struct outputs *outputs)
{
	u32 i;

	for (i = 0; i < outputs->nr; i++)
		if (outputs->at[i].format->end)
			outputs->at[i].format->end(outputs->at[i].out);
	return outputs_flush(outputs);
}
