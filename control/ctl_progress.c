/* ctl_progress - how far a long change is, on one line that is rewritten on a terminal. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_progress.h"

#include "ctl_text.h"

#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const double mib = 1 << 20;

void ctl_progress_text(const json_t *params, char *text, size_t text_len)
{
	const char *phase = json_string_value(json_object_get(params, "phase"));
	const json_t *lines = json_object_get(params, "lines");
	double octets = json_number_value(json_object_get(params, "octets"));
	double total = json_number_value(json_object_get(params, "octets-total"));
	json_int_t refused = json_integer_value(json_object_get(params, "refused"));
	const char *comma = ": ";
	FILE *out = fmemopen(text, text_len, "w");
	if (!out) {
		text[0] = '\0';
		return;
	}
	fputs(phase ? phase : "at work", out);
	if (lines) {
		fprintf(out, "%s%" JSON_INTEGER_FORMAT " lines", comma, json_integer_value(lines));
		comma = ", ";
	}
	if (total > 0) {
		fprintf(out, "%s%.1f of %.1f MiB (%.0f %%)", comma, octets / mib, total / mib,
			100 * octets / total);
		comma = ", ";
	} else if (octets > 0) {
		fprintf(out, "%s%.1f MiB", comma, octets / mib);
		comma = ", ";
	}
	if (refused)
		fprintf(out, "%s%" JSON_INTEGER_FORMAT " refused", comma, refused);
	fclose(out);
	text[text_len - 1] = '\0';
}

void ctl_progress_begin(struct ctl_progress *progress, FILE *out, uint64_t now_ms)
{
	struct winsize size = {0};
	*progress = (struct ctl_progress){.out = out, .last_ms = now_ms};
	if (isatty(fileno(out)))
		progress->columns =
			!ioctl(fileno(out), TIOCGWINSZ, &size) && size.ws_col ? size.ws_col : 80;
}

void ctl_progress_show(struct ctl_progress *progress, const json_t *params, uint64_t now_ms)
{
	char text[256];
	size_t width;
	if (!progress->columns && now_ms - progress->last_ms < CTL_PROGRESS_SPACING_MS)
		return;
	ctl_progress_text(params, text, sizeof(text));
	progress->last_ms = now_ms;
	if (progress->columns) {
		/* One less than there are: the cursor stays on the line. */
		fputc('\r', progress->out);
		ctl_text_write_cut(progress->out, text, progress->columns - 1, &width);
		fputs("\033[K", progress->out);
		progress->shown = true;
	} else {
		ctl_text_write(progress->out, text);
		fputc('\n', progress->out);
	}
	fflush(progress->out);
}

void ctl_progress_end(struct ctl_progress *progress)
{
	if (progress->shown)
		fputs("\r\033[K", progress->out);
	fflush(progress->out);
	progress->shown = false;
}
