/* ctl_shell - completion scripts for shells; they ask turnoutctl itself, so its verbs are those of the program. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_shell.h"

#include <string.h>

/* Bash takes ':' and '=' for ends of words and replaces only what is behind them. */
static const char bash[] = "# bash completion of turnoutctl, from \"turnoutctl completion bash\"\n"
			   "_turnoutctl()\n"
			   "{\n"
			   "	local line=${COMP_LINE:0:${COMP_POINT:-0}} word whole before\n"
			   "	[[ $line ]] || line=\"${COMP_WORDS[*]:0:COMP_CWORD+1}\"\n"
			   "	whole=${line##*[[:space:]]}\n"
			   "	before=${whole%\"${whole##*[:=]}\"}\n"
			   "	COMPREPLY=()\n"
			   "	while IFS= read -r word; do\n"
			   "		printf -v word %q \"${word#\"$before\"}\"\n"
			   "		COMPREPLY+=(\"$word\")\n"
			   "	done < <(\"${COMP_WORDS[0]}\" complete \"$line\" 2>/dev/null)\n"
			   "	[[ ${#COMPREPLY[@]} -ne 1 || ${COMPREPLY[0]} != */ ]] || compopt "
			   "-o nospace 2>/dev/null\n"
			   "}\n"
			   "complete -F _turnoutctl turnoutctl\n";

static const char zsh[] =
	"#compdef turnoutctl\n"
	"# zsh completion of turnoutctl, from \"turnoutctl completion zsh\"\n"
	"_turnoutctl()\n"
	"{\n"
	"	local -a found\n"
	"	local line=\"${(j: :)words[1,CURRENT-1]} $PREFIX\"\n"
	"	found=(\"${(@f)$(\"${words[1]}\" complete \"$line\" 2>/dev/null)}\")\n"
	"	compadd -S '' -- \"${(@M)found:#*/}\"\n"
	"	compadd -- \"${(@)found:#(*/|)}\"\n"
	"}\n"
	"if [[ $funcstack[1] == _turnoutctl ]]; then\n"
	"	_turnoutctl \"$@\"\n"
	"else\n"
	"	compdef _turnoutctl turnoutctl\n"
	"fi\n";

bool ctl_shell_print(FILE *out, const char *shell)
{
	const char *script = !strcmp(shell, "bash") ? bash : !strcmp(shell, "zsh") ? zsh : NULL;
	if (script)
		fputs(script, out);
	return script;
}
