/* helper - one thread beside the control thread that does what takes long. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "helper.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/resource.h>
#include <unistd.h>

struct waiting {
	STAILQ_ENTRY(waiting) next;
	struct helper_job job;
};

STAILQ_HEAD(jobs, waiting);

struct helper {
	int cpu;
	bool started;
	unsigned pending;
	pthread_t thread;
	int worked_fd; /* counts the jobs in `worked` */
	struct event *on_worked;

	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t wake;
	bool stop;
	struct jobs todo, worked;
};

static struct waiting *pop(struct jobs *jobs)
{
	struct waiting *first = STAILQ_FIRST(jobs);
	if (first)
		STAILQ_REMOVE_HEAD(jobs, next);
	return first;
}

/* --- the thread ------------------------------------------------------------------------------------------------- */

/* What cannot be had here is done without: the work matters more. */
static void step_back(int cpu)
{
	struct sched_param param = {0};
	sched_setscheduler(0, SCHED_BATCH, &param);
	setpriority(PRIO_PROCESS, 0, 10); /* on Linux: this thread's alone */
	if (cpu < 0)
		return;
	cpu_set_t cpus;
	CPU_ZERO(&cpus);
	CPU_SET((unsigned)cpu, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);
}

/* With the lock held. NULL: stop. */
static struct waiting *next_job(struct helper *helper)
{
	while (!helper->stop && STAILQ_EMPTY(&helper->todo))
		pthread_cond_wait(&helper->wake, &helper->lock);
	return helper->stop ? NULL : pop(&helper->todo);
}

static void *run(void *arg)
{
	struct helper *helper = arg;
	struct waiting *next;
	step_back(helper->cpu);
	pthread_mutex_lock(&helper->lock);
	while ((next = next_job(helper))) {
		pthread_mutex_unlock(&helper->lock);
		next->job.work(next->job.arg);
		pthread_mutex_lock(&helper->lock);
		STAILQ_INSERT_TAIL(&helper->worked, next, next);
		eventfd_write(helper->worked_fd, 1);
	}
	pthread_mutex_unlock(&helper->lock);
	return NULL;
}

/* --- the control thread ----------------------------------------------------------------------------------------- */

static void finish(struct helper *helper, struct waiting *job)
{
	struct helper_job done = job->job;
	free(job);
	helper->pending--;
	done.done(done.arg);
}

/* One job a time: others on the loop have their turn in between. */
static void on_worked(evutil_socket_t fd, short what, void *arg)
{
	(void)what;
	struct helper *helper = arg;
	eventfd_t count;
	if (eventfd_read(fd, &count) < 0)
		return;
	pthread_mutex_lock(&helper->lock);
	struct waiting *job = pop(&helper->worked);
	pthread_mutex_unlock(&helper->lock);
	if (job)
		finish(helper, job);
}

struct helper *helper_new(struct event_base *base, int cpu)
{
	struct helper *helper = calloc(1, sizeof(*helper));
	if (!helper)
		return NULL;
	helper->cpu = cpu;
	pthread_mutex_init(&helper->lock, NULL);
	pthread_cond_init(&helper->wake, NULL);
	STAILQ_INIT(&helper->todo);
	STAILQ_INIT(&helper->worked);
	helper->worked_fd = eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK | EFD_CLOEXEC);
	if (helper->worked_fd >= 0)
		helper->on_worked =
			event_new(base, helper->worked_fd, EV_READ | EV_PERSIST, on_worked, helper);
	if (!helper->on_worked || event_add(helper->on_worked, NULL) < 0) {
		helper_free(helper);
		return NULL;
	}
	return helper;
}

/* The thread inherits the mask: signals are the control thread's. */
static bool start(struct helper *helper)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	helper->started = pthread_create(&helper->thread, NULL, run, helper) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return helper->started;
}

bool helper_run(struct helper *helper, const struct helper_job *job)
{
	struct waiting *last = malloc(sizeof(*last));
	/* Only this thread sets stop. */
	if (!last || helper->stop || (!helper->started && !start(helper))) {
		free(last);
		return false;
	}
	last->job = *job;
	helper->pending++;
	pthread_mutex_lock(&helper->lock);
	STAILQ_INSERT_TAIL(&helper->todo, last, next);
	pthread_cond_signal(&helper->wake);
	pthread_mutex_unlock(&helper->lock);
	return true;
}

unsigned helper_pending(const struct helper *helper)
{
	return helper->pending;
}

void helper_free(struct helper *helper)
{
	struct waiting *job;
	if (!helper)
		return;
	pthread_mutex_lock(&helper->lock);
	helper->stop = true;
	pthread_cond_signal(&helper->wake);
	pthread_mutex_unlock(&helper->lock);
	if (helper->started)
		pthread_join(helper->thread, NULL);
	if (helper->on_worked)
		event_free(helper->on_worked);
	while ((job = pop(&helper->worked)) || (job = pop(&helper->todo)))
		finish(helper, job);
	if (helper->worked_fd >= 0)
		close(helper->worked_fd);
	pthread_cond_destroy(&helper->wake);
	pthread_mutex_destroy(&helper->lock);
	free(helper);
}
