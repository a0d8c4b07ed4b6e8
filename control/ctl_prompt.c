/* ctl_prompt - commands of turnoutctl from a terminal, with history and completion. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_prompt.h"

#include "ctl_complete.h"
#include "ctl_interrupt.h"
#include "ctl_text.h"

#include <errno.h>
#include <histedit.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

struct prompt {
	const struct ctl_options *options;
	EditLine *edit;
	History *history;
	char *history_path; /* NULL: nowhere */
};

static char *prompt_text(EditLine *edit)
{
	static char text[] = "turnout> ";
	(void)edit;
	return text;
}

/* --- Completion ----------------------------------------------------------------------------- */

/* Octets that all candidates begin with. */
static size_t common_len(const struct ctl_candidates *found)
{
	size_t len = strlen(found->list[0]);
	for (size_t i = 1; i < found->n; i++) {
		size_t same = 0;
		while (same < len && found->list[i][same] == found->list[0][same])
			same++;
		len = same;
	}
	/* Not within a character of UTF-8. */
	while (len && ((unsigned char)found->list[0][len] & 0xc0) == 0x80)
		len--;
	return len;
}

static void print_candidates(const struct ctl_candidates *found)
{
	putchar('\n');
	for (size_t i = 0; i < found->n; i++) {
		ctl_text_write(stdout, found->list[i]);
		fputs(i + 1 < found->n ? "  " : "\n", stdout);
	}
	fflush(stdout);
}

/* Puts the text in place of the word at the end of what is before the cursor. */
static unsigned char replace_word(EditLine *edit, size_t word_len, const char *text, bool whole)
{
	char *quoted = ctl_words_quote(text);
	size_t len = strlen(text);
	bool more = len && text[len - 1] == '/';
	if (!quoted)
		return CC_ERROR;
	el_deletestr(edit, (int)word_len);
	el_insertstr(edit, quoted);
	if (whole && !more)
		el_insertstr(edit, " ");
	free(quoted);
	return CC_REFRESH;
}

/* The editor counts these, not octets. */
static size_t characters(const char *text)
{
	size_t n = 0;
	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static unsigned char complete_here(const struct prompt *prompt, const char *line)
{
	struct ctl_words words;
	struct ctl_candidates found;
	if (!ctl_words_split(&words, line))
		return CC_ERROR;
	ctl_complete(&found, prompt->options, &words);
	unsigned char action = CC_ERROR;
	const char *begun = words.behind ? "" : words.list[words.n - 1];
	if (found.n) {
		size_t len = common_len(&found), word_len = characters(line + words.begin);
		bool further = len > strlen(begun) || found.n == 1;
		if (!further)
			print_candidates(&found);
		found.list[0][len] = '\0';
		action = further ? replace_word(prompt->edit, word_len, found.list[0], found.n == 1)
				 : CC_REDISPLAY;
	}
	ctl_candidates_clear(&found);
	ctl_words_clear(&words);
	return action;
}

static unsigned char on_tab(EditLine *edit, int key)
{
	(void)key;
	struct prompt *prompt;
	const LineInfo *info = el_line(edit);
	char *line = strndup(info->buffer, (size_t)(info->cursor - info->buffer));
	if (!line || el_get(edit, EL_CLIENTDATA, &prompt))
		return CC_ERROR;
	unsigned char action = complete_here(prompt, line);
	free(line);
	return action;
}

/* --- History -------------------------------------------------------------------------------- */

static void load_history(struct prompt *prompt)
{
	HistEvent event;
	const char *home = getenv("HOME");
	size_t len = home ? strlen(home) : 0;
	prompt->history_path = len ? malloc(len + sizeof("/.turnout_history")) : NULL;
	history(prompt->history, &event, H_SETSIZE, CTL_PROMPT_HISTORY_LINES);
	history(prompt->history, &event, H_SETUNIQUE, 1);
	if (!prompt->history_path)
		return;
	sprintf(prompt->history_path, "%s/.turnout_history", home);
	history(prompt->history, &event, H_LOAD, prompt->history_path);
}

/* Written each time, so that nothing is lost when the terminal goes away. */
static void remember(struct prompt *prompt, const char *line)
{
	HistEvent event;
	if (!line[strspn(line, " \t\n")] || strlen(line) > CTL_PROMPT_HISTORY_LINE_MAX)
		return;
	history(prompt->history, &event, H_ENTER, line);
	if (!prompt->history_path)
		return;
	mode_t before = umask(0077);
	history(prompt->history, &event, H_SAVE, prompt->history_path);
	umask(before);
}

/* --- The prompt ----------------------------------------------------------------------------- */

/* In place of the editor's own, which reads on after Ctrl-C. */
static int read_key(EditLine *edit, wchar_t *key)
{
	(void)edit;
	mbstate_t state = {0};
	size_t used = (size_t)-2;
	while (used == (size_t)-2) {
		char octet;
		if (ctl_interrupt_wait(STDIN_FILENO, -1) < 0) {
			errno = EINTR;
			return -1;
		}
		ssize_t n = read(STDIN_FILENO, &octet, 1);
		if (n <= 0)
			return (int)n;
		used = mbrtowc(key, &octet, 1, &state);
	}
	if (used == (size_t)-1)
		*key = L'?';
	return 1;
}

static bool start(struct prompt *prompt)
{
	prompt->edit = el_init("turnoutctl", stdin, stdout, stderr);
	prompt->history = history_init();
	if (!prompt->edit || !prompt->history)
		return false;
	el_set(prompt->edit, EL_CLIENTDATA, prompt);
	el_set(prompt->edit, EL_EDITOR, "emacs");
	el_set(prompt->edit, EL_PROMPT, prompt_text);
	el_set(prompt->edit, EL_HIST, history, prompt->history);
	el_set(prompt->edit, EL_SIGNAL, 1);
	el_set(prompt->edit, EL_GETCFN, read_key);
	el_set(prompt->edit, EL_ADDFN, "complete-word", "Complete the word", on_tab);
	el_set(prompt->edit, EL_BIND, "^I", "complete-word", NULL);
	el_set(prompt->edit, EL_BIND, "^R", "em-inc-search-prev", NULL);
	load_history(prompt);
	return true;
}

static bool is_quit(const char *line)
{
	line += strspn(line, " \t");
	size_t len = strcspn(line, " \t\n");
	return len == 4 && (!memcmp(line, "quit", 4) || !memcmp(line, "exit", 4));
}

static void read_commands(struct prompt *prompt)
{
	for (;;) {
		int n = 0;
		ctl_interrupt_clear();
		/* Before the prompt: until then the terminal makes something else of a Ctrl-D. */
		el_set(prompt->edit, EL_PREP_TERM, 1);
		const char *line = el_gets(prompt->edit, &n);
		if (!line && n < 0 && errno == EINTR) {
			puts("^C");
			continue;
		}
		if (!line || n <= 0 || is_quit(line))
			break;
		remember(prompt, line);
		ctl_run_line(prompt->options, line);
	}
}

enum ctl_exit ctl_prompt_run(const struct ctl_options *options)
{
	struct prompt prompt = {.options = options};
	bool started = start(&prompt);
	if (started)
		read_commands(&prompt);
	else
		fputs("turnoutctl: the terminal cannot be used for a prompt\n", stderr);
	if (prompt.history)
		history_end(prompt.history);
	if (prompt.edit)
		el_end(prompt.edit);
	free(prompt.history_path);
	return started ? CTL_DONE : CTL_REFUSED;
}
