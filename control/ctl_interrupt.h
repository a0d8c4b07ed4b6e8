/* ctl_interrupt - Ctrl-C ends what is waited for, not the program. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <stdbool.h>

/* From here on SIGINT is only noted. */
void ctl_interrupt_catch(void);

bool ctl_interrupted(void);
void ctl_interrupt_clear(void);

/* Waits until fd (-1: none) can be read, for at most `ms` (-1: without end). 1: it can; 0: the time is
 * over; -1: interrupted, also if that was before. */
int ctl_interrupt_wait(int fd, int ms);
