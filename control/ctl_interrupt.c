/* ctl_interrupt - Ctrl-C ends what is waited for, not the program. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl_interrupt.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
	(void)number;
	interrupted = 1;
}

void ctl_interrupt_catch(void)
{
	/* Without SA_RESTART: whatever blocks ends. */
	struct sigaction action = {.sa_handler = on_interrupt};
	sigaction(SIGINT, &action, NULL);
}

bool ctl_interrupted(void)
{
	return interrupted;
}

void ctl_interrupt_clear(void)
{
	interrupted = 0;
}

int ctl_interrupt_wait(int fd, int ms)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	struct timespec time = {.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L};
	sigset_t block, before;
	sigemptyset(&block);
	sigaddset(&block, SIGINT);
	/* Let through only within ppoll, so that none comes between the look and the wait. */
	sigprocmask(SIG_BLOCK, &block, &before);
	int n;
	do
		n = interrupted ? -1 : ppoll(&poll_fd, 1, ms < 0 ? NULL : &time, &before);
	while (n < 0 && !interrupted && errno == EINTR);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return n < 0 ? -1 : n > 0;
}
