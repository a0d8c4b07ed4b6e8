/* helper_test - work on the helper thread, done on the loop: order, threads, and the end with jobs waiting. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <gtest/gtest.h>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string>
#include <sys/resource.h>
#include <unistd.h>
#include <vector>

extern "C" {
#include "control/helper.h"
#include "lib/pattern_cache.h"
#include "lib/pattern_glob.h"
#include "lib/pattern_scratch.h"
#include "lib/request.h"
}

namespace
{

class Helper : public testing::Test
{
      protected:
	Helper() : base_(event_base_new()), helper_(helper_new(base_, -1))
	{
	}
	~Helper() override
	{
		helper_free(helper_);
		event_base_free(base_);
	}
	void stop()
	{
		helper_free(helper_);
		helper_ = nullptr;
	}
	bool run(void (*work)(void *), void (*done)(void *), void *arg)
	{
		helper_job job = {work, done, arg};
		return helper_run(helper_, &job);
	}
	void run_until_idle()
	{
		while (helper_pending(helper_))
			event_base_loop(base_, EVLOOP_ONCE);
	}
	event_base *base_;
	helper *helper_;
};

/* A job that writes down what becomes of it. */
struct Step {
	std::vector<std::string> *said;
	int number;
	sem_t *wait = nullptr;  /* the work waits for it */
	sem_t *begun = nullptr; /* the work posts it */
	bool worked = false;
	pthread_t by{};
};

void step_work(void *arg)
{
	auto *step = static_cast<Step *>(arg);
	if (step->begun)
		sem_post(step->begun);
	if (step->wait)
		sem_wait(step->wait);
	step->by = pthread_self();
	step->worked = true;
}

void step_done(void *arg)
{
	auto *step = static_cast<Step *>(arg);
	step->said->push_back(std::to_string(step->number) + (step->worked ? "" : " not"));
}

TEST_F(Helper, InOrderOneAtATime)
{
	std::vector<std::string> said;
	std::vector<Step> steps(50, Step{&said, 0});
	EXPECT_EQ(helper_pending(helper_), 0u);
	for (int i = 0; i < 50; i++) {
		steps[i].number = i;
		ASSERT_TRUE(run(step_work, step_done, &steps[i]));
	}
	EXPECT_EQ(helper_pending(helper_), 50u);
	EXPECT_TRUE(said.empty()) << "only from the loop";
	run_until_idle();
	ASSERT_EQ(said.size(), 50u);
	for (int i = 0; i < 50; i++) {
		EXPECT_EQ(said[i], std::to_string(i));
		EXPECT_TRUE(pthread_equal(steps[i].by, steps[0].by)) << "one thread";
	}
	EXPECT_FALSE(pthread_equal(steps[0].by, pthread_self()));
}

/* A job whose done gives the next one. */
struct Chain {
	helper *on;
	int left;
	unsigned pending = 99;
};

void nothing(void *)
{
}

void chain_done(void *arg)
{
	auto *chain = static_cast<Chain *>(arg);
	helper_job again = {nothing, chain_done, chain};
	chain->pending = helper_pending(chain->on);
	if (chain->left-- > 0) {
		EXPECT_TRUE(helper_run(chain->on, &again));
	}
}

TEST_F(Helper, DoneMayGiveTheNextJob)
{
	Chain chain = {helper_, 20};
	ASSERT_TRUE(run(nothing, chain_done, &chain));
	run_until_idle();
	EXPECT_EQ(chain.left, -1);
	EXPECT_EQ(chain.pending, 0u) << "a job is no longer pending in its own done";
}

/* Others on the loop have their turn between jobs. */
TEST_F(Helper, OneDoneATurn)
{
	std::vector<std::string> said;
	std::vector<Step> steps(5, Step{&said, 0});
	for (auto &step : steps)
		ASSERT_TRUE(run(step_work, step_done, &step));
	for (size_t turn = 1; turn <= 5; turn++) {
		event_base_loop(base_, EVLOOP_ONCE);
		EXPECT_EQ(said.size(), turn);
	}
}

TEST_F(Helper, EndsWithJobsWaiting)
{
	std::vector<std::string> said;
	sem_t go, begun;
	sem_init(&go, 0, 0);
	sem_init(&begun, 0, 0);
	Step first = {&said, 1}, second = {&said, 2, &go, &begun}, third = {&said, 3},
	     fourth = {&said, 4};
	for (auto *step : {&first, &second, &third, &fourth})
		ASSERT_TRUE(run(step_work, step_done, step));
	sem_wait(&begun);
	/* The second runs on while helper_free waits for it. */
	pthread_t opener;
	ASSERT_EQ(pthread_create(
			  &opener, nullptr,
			  [](void *arg) -> void * {
				  usleep(50000);
				  sem_post(static_cast<sem_t *>(arg));
				  return nullptr;
			  },
			  &go),
		  0);
	stop();
	pthread_join(opener, nullptr);
	EXPECT_EQ(said, (std::vector<std::string>{"1", "2", "3 not", "4 not"}));
	EXPECT_EQ(event_base_get_num_events(base_, EVENT_BASE_COUNT_ADDED), 0);
	sem_destroy(&go);
	sem_destroy(&begun);
}

/* Its done wants to give another job while the helper ends. */
TEST_F(Helper, TakesNoJobsWhileItEnds)
{
	struct Late {
		helper *on;
		int refused = 0;
		sem_t go;
	} late = {helper_, 0, {}};
	sem_init(&late.go, 0, 0);
	auto work = [](void *arg) { sem_post(&static_cast<Late *>(arg)->go); };
	auto done = [](void *arg) {
		auto *l = static_cast<Late *>(arg);
		helper_job more = {nothing, nothing, nullptr};
		l->refused += !helper_run(l->on, &more);
	};
	ASSERT_TRUE(run(work, done, &late));
	ASSERT_TRUE(run(work, done, &late));
	sem_wait(&late.go);
	stop();
	EXPECT_EQ(late.refused, 2);
	sem_destroy(&late.go);
}

TEST_F(Helper, NeverUsed)
{
	EXPECT_EQ(helper_pending(helper_), 0u);
	helper_free(nullptr);
}

/* What the thread sees of itself. */
struct Self {
	int nice = 0, policy = -1, cpus = 0, cpu = -1;
	sigset_t blocked;
};

void look(void *arg)
{
	auto *self = static_cast<Self *>(arg);
	cpu_set_t cpus;
	self->nice = getpriority(PRIO_PROCESS, 0);
	self->policy = sched_getscheduler(0);
	sched_getaffinity(0, sizeof(cpus), &cpus);
	self->cpus = CPU_COUNT(&cpus);
	self->cpu = sched_getcpu();
	pthread_sigmask(SIG_SETMASK, nullptr, &self->blocked);
}

TEST_F(Helper, TheThreadStepsBack)
{
	cpu_set_t all;
	ASSERT_EQ(sched_getaffinity(0, sizeof(all), &all), 0);
	int last = CPU_SETSIZE - 1;
	while (!CPU_ISSET(static_cast<unsigned>(last), &all))
		last--;
	int nice = getpriority(PRIO_PROCESS, 0), policy = sched_getscheduler(0);
	for (int cpu : {-1, last}) {
		Self self;
		stop();
		helper_ = helper_new(base_, cpu);
		ASSERT_NE(helper_, nullptr);
		ASSERT_TRUE(run(look, nothing, &self));
		run_until_idle();
		EXPECT_GE(self.nice, 10);
		EXPECT_EQ(self.policy, SCHED_BATCH);
		EXPECT_EQ(self.cpus, cpu < 0 ? CPU_COUNT(&all) : 1);
		if (cpu >= 0) {
			EXPECT_EQ(self.cpu, cpu);
		}
		EXPECT_TRUE(sigismember(&self.blocked, SIGTERM));
		EXPECT_TRUE(sigismember(&self.blocked, SIGHUP));
	}
	sigset_t own;
	pthread_sigmask(SIG_SETMASK, nullptr, &own);
	EXPECT_FALSE(sigismember(&own, SIGTERM)) << "this thread's are as before";
	EXPECT_EQ(getpriority(PRIO_PROCESS, 0), nice);
	EXPECT_EQ(sched_getscheduler(0), policy);
}

/* Sets are compiled on the helper thread while this one scans, keeps and frees those that are ready. */
struct Compilation {
	std::string regex;
	pattern_set *set = nullptr;
	pattern_cache *cache;
	pattern_scratch **scratch;
	std::vector<pattern_set *> *ready;
};

void compile_work(void *arg)
{
	auto *c = static_cast<Compilation *>(arg);
	pattern p = {PATTERN_PATH, nullptr, c->regex.c_str(), false};
	char err[256] = "";
	size_t bad;
	c->set = pattern_set_compile(&p, 1, err, sizeof(err), &bad);
}

void compile_done(void *arg)
{
	auto *c = static_cast<Compilation *>(arg);
	ASSERT_NE(c->set, nullptr);
	EXPECT_TRUE(pattern_cache_keep(c->cache, c->set));
	pattern_scratch *grown = pattern_scratch_fit(*c->scratch, c->set, 0);
	pattern_scratch_release(*c->scratch);
	*c->scratch = grown;
	c->ready->push_back(c->set);
}

TEST_F(Helper, CompilesWhileControlScans)
{
	enum { SETS = 60 };
	pattern_cache *cache = pattern_cache_new();
	pattern_scratch *scratch = nullptr;
	std::vector<pattern_set *> ready;
	std::vector<Compilation> jobs(SETS);
	for (int i = 0; i < SETS; i++) {
		std::string number = std::to_string(i);
		jobs[i].regex =
			i % 2 ? "^/" PATTERN_ANY_RUN + number + "\\z" : "(a|b)+" + number + "$";
		jobs[i].cache = cache;
		jobs[i].scratch = &scratch;
		jobs[i].ready = &ready;
		ASSERT_TRUE(run(compile_work, compile_done, &jobs[i]));
	}
	auto req = std::make_unique<request>();
	ASSERT_TRUE(request_key_host(req.get(), reinterpret_cast<const uint8_t *>("a"), 1));
	while (helper_pending(helper_)) {
		event_base_loop(base_, EVLOOP_NONBLOCK);
		for (size_t i = 0; i < ready.size(); i++) {
			std::string path = "/a" + std::to_string(i);
			pattern_matches matches;
			ASSERT_TRUE(request_key_path(req.get(),
						     reinterpret_cast<const uint8_t *>(path.data()),
						     path.size()));
			pattern_set_scan(ready[i], req.get(), pattern_scratch_of(scratch, 0),
					 &matches);
			EXPECT_TRUE(pattern_matched(&matches, 0)) << path;
		}
	}
	EXPECT_EQ(ready.size(), static_cast<size_t>(SETS));
	for (auto *set : ready)
		pattern_set_release(set);
	pattern_scratch_release(scratch);
	pattern_cache_free(cache);
}

} // namespace
