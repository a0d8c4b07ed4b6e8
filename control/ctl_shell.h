/* ctl_shell - completion scripts for shells; they ask turnoutctl itself, so its verbs are those of the program. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* false: there is none for this shell. */
bool ctl_shell_print(FILE *out, const char *shell);
