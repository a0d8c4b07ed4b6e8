/* control_test - a test with a control thread, two CDNs, and the scopes "vod" and "old" of its configuration. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/change.h"
#include "tests/support/control_box.h"

#include <memory>
#include <semaphore.h>

/* Single quotes stand for double ones. */
inline std::string json(std::string text)
{
	for (char &c : text)
		if (c == '\'')
			c = '"';
	return text;
}

inline const char *const targets = R"(
cdns = ( { name = "a"; }, { name = "b"; } );
dris = ( { cdn = "a"; http-target = { host = "a.test"; }; }, { cdn = "b"; http-target = { host = "b.test"; }; } );
footprints = ( { name = "f"; footprints = ( { footprint-type = "ipv4cidr"; footprint-value = [ "10.0.0.0/8" ]; } ); },
  { name = "g"; footprints = ( { footprint-type = "ipv4cidr"; footprint-value = [ "10.0.0.0/12" ]; } ); } );
)";
inline const char *const scope_vod =
	R"({ name = "vod"; hosts = [ "vod.t" ]; candidates = ( { cdn = "a"; } ); })";
inline const char *const scope_old =
	R"({ name = "old"; hosts = [ "old.t" ]; candidates = ( { cdn = "b"; } ); })";

inline std::string config_of(const std::vector<std::string> &scopes)
{
	std::string text = std::string(targets) + "scopes = (";
	for (const std::string &scope : scopes)
		text += (&scope == &scopes[0] ? " " : ", ") + scope;
	return text + " );\n";
}

/* As long as it lives, the helper thread does nothing. */
class Hold
{
      public:
	explicit Hold(struct control &control)
	{
		sem_init(&go, 0, 0);
		struct helper_job job = {wait, ignore, &go};
		if (!helper_run(control.helper, &job))
			throw std::bad_alloc();
	}
	~Hold()
	{
		release();
	}
	void release()
	{
		if (!released)
			sem_post(&go);
		released = true;
	}

      private:
	sem_t go;
	bool released = false;
	static void wait(void *arg)
	{
		sem_wait((sem_t *)arg);
	}
	static void ignore(void *)
	{
	}
};

struct ControlTest : testing::Test {
	ControlBox box{config_of({scope_vod, scope_old})};
	int slow_number = 0;

	View head() const
	{
		view_retain(box.control.head);
		return View(box.control.head, box.control.settings->n_workers);
	}
	std::string scope_of(const std::string &host, const std::string &path = "/",
			     const std::string &client = "192.0.2.1") const
	{
		View view = head();
		HttpAsk ask(host, path, {}, client);
		return match(view, ask).scope_name();
	}
	bool has(enum object_kind kind, const std::string &name) const
	{
		const struct object *object =
			object_find(box.control.head->objects, kind, name.c_str());
		return object && !object->removed;
	}
	/* The published view is what its objects make at once. */
	void expect_consistent()
	{
		Patterns patterns;
		View view = head(), fresh = rebuild(view, patterns);
		ASSERT_TRUE(fresh);
		expect_same_size(view, fresh);
		EXPECT_EQ(box.plane.view, box.control.head);
		EXPECT_EQ(box.control.generation, view->generation);
	}
	static std::string put(const std::string &kind, const std::string &object,
			       const std::string &more = "")
	{
		return json("{'kind': '" + kind + "', 'object': " + object + more + "}");
	}
	static std::string scope(const std::string &name, const std::string &host,
				 const std::string &cdn = "a", const std::string &more = "")
	{
		return "{'name': '" + name + "', 'hosts': ['" + host +
		       "'], 'candidates': [{'cdn': '" + cdn + "'}]" + more + "}";
	}
	/* A scope whose pattern nobody has compiled yet. */
	std::string slow(const std::string &name, const std::string &host,
			 const std::string &cdn = "a", const std::string &more = "")
	{
		return scope(name, host, cdn,
			     ", 'regexes': ['^/x" + std::to_string(slow_number++) + "$']" + more);
	}
	std::string remove(const std::string &kind, const std::string &name,
			   const std::string &more = "")
	{
		return json("{'kind': '" + kind + "', 'name': '" + name + "'" + more + "}");
	}
	/* Operations as one transaction: method and parameters without the transaction. */
	using Operations = std::vector<std::pair<std::string, std::string>>;
	long transaction(const Operations &operations)
	{
		long id = box.call("begin")["transaction"].number();
		for (const auto &[method, params] : operations) {
			std::string with = params.substr(0, params.size() - 1) +
					   json(", 'transaction': ") + std::to_string(id) + "}";
			EXPECT_EQ(box.call(method, with)["transaction"].number(), id) << with;
		}
		return id;
	}
	static std::string id(long number, const std::string &more = "")
	{
		return json("{'transaction': ") + std::to_string(number) + json(more) + "}";
	}
	/* What comes back for a method that waits for the helper when others have their turn meanwhile. */
	template <typename Others>
	Json meanwhile(const std::string &method, const std::string &params, Others others)
	{
		Hold hold(box.control);
		Client client(box);
		client.send(method, params);
		EXPECT_FALSE(client.has_answer()) << params;
		others();
		EXPECT_FALSE(client.has_answer()) << params;
		hold.release();
		return client.answer();
	}
	void expect_refused(const Json &answer, const std::string &text)
	{
		EXPECT_EQ(answer["code"].number(), -32000) << answer.text();
		EXPECT_NE(answer.text().find(text), std::string::npos) << answer.text();
	}
};
