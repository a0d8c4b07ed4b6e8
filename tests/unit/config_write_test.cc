/* config_write_test - what is written as a configuration is read back as the same settings, objects and order. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/config_tree.h"
#include "control/config_write.h"
}

#include "tests/support/config_back.h"
#include "tests/support/failing_malloc.h"
#include "tests/support/make_mmdb.h"
#include "tests/support/random_config.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace
{

const uint64_t LONG = UINT64_C(60000000000);

// The text in one piece; pieces: in the smallest ones instead, each of which must be small.
std::string written(const struct settings &settings, struct view *view, bool secrets = true,
		    bool pieces = false)
{
	struct config_writer *writer = config_writer_new(&settings, view, secrets);
	struct config_text text = {};
	enum config_written at = CONFIG_WRITTEN_PART;
	size_t before = 0;
	while (at == CONFIG_WRITTEN_PART) {
		at = config_writer_run(writer, &text, pieces ? 0 : SIZE_MAX, pieces ? 0 : LONG);
		if (pieces && before) {
			EXPECT_LT(text.len - before, 10000u);
		}
		before = text.len;
	}
	EXPECT_EQ(at, CONFIG_WRITTEN_ALL);
	std::string all(text.at, text.len);
	uint32_t n = 0;
	for (unsigned kind = 0; kind < OBJECT_KINDS; kind++)
		n += kind == OBJECT_STATE ? 0 : view->n_of[kind];
	EXPECT_EQ(config_writer_objects(writer), n);
	config_text_clear(&text);
	config_writer_free(writer);
	return all;
}

// Settings that say something else than the defaults wherever they can.
struct Settings : settings {
	explicit Settings(const std::string &more = "")
	{
		TestFile file(
			"eal = { hugepages = false; memory = 64; prefix = \"t-1\"; arguments = "
			"[\"--x=\\\"\\\\\","
			" \"y\"]; };\n"
			"workers = { count = 2; cpus = [3, 1]; control-cpu = 0; idle = \"sleep\"; "
			"};\n"
			"ports = ( { name = \"a\"; device = \"0000:01:00.0\"; addresses = "
			"[\"192.0.2.1\","
			" \"::1\"]; mtu = 9000; rx-descriptors = 64; tx-descriptors = 128; mbufs = "
			"2048; },\n"
			"  { name = \"b\xc3\xa9\"; vdev = \"net_null0,x='\\\"#'\"; addresses = "
			"[\"192.0.2.2\"]; } );\n"
			"dns = { udp-size = 4096; client-subnet = false; client-subnet-trusted = "
			"[\"192.0.2.0/24\"]; cookies = \"off\"; nsid = \"0x00ff\"; version = "
			"\"v\\\"1\"; id = \"edge\"; error-text = true; fragments = 0; rate-limit = "
			"{ per-second = 5; burst = 7; exempt = [\"2001:db8::/32\"]; }; };\n"
			"http = { head-max = 1024; uri-max = 600; methods = \"redirect\"; "
			"retry-after = 7; json-locations = true; proxy = \"x-forwarded-for\"; "
			"trusted-proxies = [\"10.0.0.0/8\", \"2001:db8::1\"]; bodies = ( { status "
			"= 404; text = "
			"\"<p>\\\"none\\\"\"; }, { status = 503; type = \"text/plain\"; text = "
			"\"x\"; } ); };\n"
			"control = { socket = \"/tmp/x.sock\"; };\n"
			"state = { file = \"/tmp/x.db\"; sync = \"full\"; };\n" +
			more);
		struct faults faults = {};
		struct config_reading *reading = config_open(file.path(), this, &faults);
		EXPECT_TRUE(reading && !faults.total);
		config_close(reading);
		faults_clear(&faults);
	}
	~Settings()
	{
		settings_clear(this);
	}
};

void expect_same(const struct settings &settings, struct view *view)
{
	std::string text = written(settings, view);
	EXPECT_EQ(text, written(settings, view, true, true));
	TestFile file(text);
	ConfigBack back(file.path());
	char changes[SETTINGS_CHANGES_MAX];
	ASSERT_TRUE(back.view) << back.said << text;
	EXPECT_STREQ(settings_changes(&settings, &back.settings, changes), "") << text;
	EXPECT_EQ(describe(view), describe(back.view)) << text;
	// Once more: nothing is left to change but the line that says when.
	std::string again = written(back.settings, back.view);
	EXPECT_EQ(text.substr(text.find('\n')), again.substr(again.find('\n')));
}

/* --- Values --------------------------------------------------------------------------------- */

std::string dumped(const json_t *json)
{
	char *text = json_dumps(json, JSON_COMPACT);
	std::string copy = text ? text : "nothing";
	free(text);
	return copy;
}

TEST(ConfigWriteTest, ValuesOfEveryKindAreReadBack)
{
	Random random(1);
	for (int i = 0; i < 250; i++) {
		json_t *all = json_object();
		for (int k = 0; k < 10; k++)
			json_object_set_new(all, ("member_" + std::to_string(k)).c_str(),
					    hostile_value(random, 4));
		struct config_text text = {};
		const char *key;
		json_t *value;
		json_object_foreach (all, key, value)
			config_write_member(&text, key, value);
		ASSERT_FALSE(text.failed);
		TestFile file(std::string(text.at, text.len));
		struct json_places places = {};
		struct faults faults = {};
		json_t *back = config_tree_read(file.path(), &places, &faults);
		ASSERT_TRUE(back) << faults.list[0].text << "\n" << std::string(text.at, text.len);
		EXPECT_EQ(dumped(all), dumped(back));
		json_place_clear(&places);
		faults_clear(&faults);
		config_text_clear(&text);
		json_decref(back);
		json_decref(all);
	}
}

/* --- Objects -------------------------------------------------------------------------------- */

TEST(ConfigWriteTest, RandomObjectsAreReadBack)
{
	Settings settings;
	uint32_t most = 0;
	for (unsigned seed = 1; seed <= 40; seed++) {
		Maker maker(seed);
		ConfigObjects objects;
		maker.add(objects, 40);
		objects.at_run_time();
		maker.add(objects, 20);
		for (int i = 0; i < 3; i++)
			objects.add(maker.state_of());
		for (int i = 0; i < 20; i++)
			objects.remove(OBJECT_SCOPE, maker.name("s", 40));
		objects.remove(OBJECT_ZONE, "z1.example");
		objects.remove(OBJECT_FOOTPRINT, "f1");
		faults_clear(objects.faults());
		struct view *view = objects.finish();
		most = std::max(most, view->n_of[OBJECT_SCOPE]);
		expect_same(settings, view);
		if (HasFailure())
			return;
	}
	EXPECT_GT(most, 20u);
}

const char *const base[] = {
	R"({"cdn":{"name":"b","state":"drain"}})",
	R"({"cdn":{"name":"c"}})",
	R"({"cdn":{"name":"d"}})",
	R"({"dri":{"cdn":"b","dns-target":{"host":"b.example"}}})",
	R"({"dri":{"cdn":"c","dns-target":{"host":"c.example"}}})",
	R"({"dri":{"cdn":"d","dns-target":{"host":"d.example"}}})",
	R"({"scope":{"name":"z","hosts":["v.example"],"query-regex":"1","candidates":[{"cdn":"b"}]}})",
	R"({"scope":{"name":"m","hosts":["v.example"],"query-regex":"2","candidates":[{"cdn":"c"}]}})",
	R"({"scope":{"name":"gone","hosts":["v.example"],"query-regex":"4","candidates":[{"cdn":"c"}]}})",
};

void add_base(ConfigObjects &objects)
{
	for (const char *text : base)
		ASSERT_TRUE(objects.add(text)) << objects.said();
}

TEST(ConfigWriteTest, WhatWasSetAtRunTimeStandsOverTheRest)
{
	Settings settings;
	ConfigObjects objects;
	add_base(objects);
	objects.at_run_time();
	ASSERT_TRUE(objects.add(
		R"({"scope":{"name":"a","hosts":["v.example"],"query-regex":"3","candidates":[{"cdn":"b"}]}})"));
	ASSERT_TRUE(objects.add(
		R"({"scope":{"name":"z","hosts":["v.example"],"query-regex":"5","candidates":[{"cdn":"b"}]}})"));
	ASSERT_TRUE(objects.remove(OBJECT_SCOPE, "gone"));
	ASSERT_TRUE(objects.add(R"({"state":{"cdn":"b","state":"up"}})"));
	ASSERT_TRUE(objects.add(R"({"state":{"cdn":"c","state":"down"}})"));
	ASSERT_TRUE(objects.add(R"({"state":{"cdn":"nobody","state":"down"}})"));
	struct view *view = objects.finish();
	std::string text = written(settings, view);
	const char *expected = R"(cdns = (
	{ name = "b"; state = "up"; },
	{ name = "c"; state = "down"; },
	{ name = "d"; }
);
)";
	EXPECT_NE(text.find(expected), std::string::npos) << text;
	const char *scopes = R"(scopes = (
	{ name = "m"; hosts = [ "v.example" ]; query-regex = "2"; candidates = ( { cdn = "c"; } ); },
	{ name = "a"; hosts = [ "v.example" ]; query-regex = "3"; candidates = ( { cdn = "b"; } ); },
	{ name = "z"; hosts = [ "v.example" ]; query-regex = "5"; candidates = ( { cdn = "b"; } ); }
);
)";
	EXPECT_NE(text.find(scopes), std::string::npos) << text;
	EXPECT_EQ(text.find("nobody"), std::string::npos) << text;
	EXPECT_EQ(text.find("gone"), std::string::npos) << text;
	expect_same(settings, view);
}

// More than one piece of the walk through them, and none in the order of their names.
TEST(ConfigWriteTest, ManyObjects)
{
	const unsigned n = 1000;
	Settings settings;
	ConfigObjects objects;
	add_base(objects);
	for (unsigned i = 0; i < n; i++) {
		std::string number = std::to_string(i * 7919 % n);
		ASSERT_TRUE(
			objects.add(line("scope", group({{"name", "\"s" + number + "\""},
							 {"hosts", "[\"h" + number + ".example\"]"},
							 {"candidates", "[{\"cdn\":\"b\"}]"}}))));
	}
	struct view *view = objects.finish();
	EXPECT_EQ(view->n_of[OBJECT_SCOPE], n + 3);
	expect_same(settings, view);
}

TEST(ConfigWriteTest, NoObjectsAtAll)
{
	Settings settings;
	ConfigObjects objects;
	expect_same(settings, objects.finish());
}

std::string sample_path()
{
	const char *source = getenv("TURNOUT_SOURCE");
	return std::string(source ? source : ".") + "/configs/turnout.conf.sample";
}

TEST(ConfigWriteTest, TheSampleIsReadBack)
{
	ConfigBack sample(sample_path());
	ASSERT_TRUE(sample.view) << sample.said;
	EXPECT_EQ(sample.view->n_of[OBJECT_SCOPE], 2u);
	expect_same(sample.settings, sample.view);
}

/* --- Settings ------------------------------------------------------------------------------- */

json_t *tree_of(const std::string &path)
{
	struct json_places places = {};
	struct faults faults = {};
	json_t *tree = config_tree_read(path.c_str(), &places, &faults);
	json_place_clear(&places);
	faults_clear(&faults);
	return tree;
}

// The sample has all settings that there are, so none is forgotten when one is added.
TEST(ConfigWriteTest, AllSettingsOfTheSampleAreWritten)
{
	ConfigBack sample(sample_path());
	ASSERT_TRUE(sample.view) << sample.said;
	TestFile file(written(sample.settings, sample.view));
	json_t *given = tree_of(sample_path()), *back = tree_of(file.path());
	ASSERT_TRUE(given && back);
	for (const char *name : {"eal", "workers", "ports", "dns", "control", "state"}) {
		json_t *from = json_object_get(given, name), *to = json_object_get(back, name);
		const char *key;
		json_t *value;
		if (json_is_array(from)) {
			from = json_array_get(from, 0);
			to = json_array_get(to, 0);
		}
		EXPECT_GT(json_object_size(from), 0u) << name;
		json_object_foreach (from, key, value)
			EXPECT_EQ(json_equal(value, json_object_get(to, key)), 1)
				<< name << "." << key;
	}
	json_decref(given);
	json_decref(back);
}

TEST(ConfigWriteTest, CookieKeysAreSecret)
{
	Settings settings("tcp = { cookie-keys = [\"000102030405060708090a0b0c0d0e0f\", "
			  "\"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\"]; };\n");
	ConfigObjects objects;
	struct view *view = objects.finish();
	EXPECT_NE(written(settings, view)
			  .find("\ntcp = { cookie-keys = [ \"000102030405060708090a0b0c0d0e0f\", "
				"\"fffefdfcfbfaf9f8f7f6f5f4f3f2f1f0\" ]; connections = 4096; "
				"buffers = 512; "
				"buffer-size = 16384; idle = 10; };\n"),
		  std::string::npos);
	expect_same(settings, view);
	std::string shown = written(settings, view, false);
	EXPECT_EQ(shown.find("0001020304"), std::string::npos) << shown;
	EXPECT_NE(shown.find("\ntcp = { connections = 4096;"), std::string::npos) << shown;
	EXPECT_NE(shown.find("\n# tcp.cookie-keys are configured"), std::string::npos) << shown;
	settings.cookie_key_made = true;
	for (bool secrets : {true, false})
		EXPECT_EQ(written(settings, view, secrets).find("cookie-keys"), std::string::npos);
}

TEST(ConfigWriteTest, DnsCookieSecretsAreSecret)
{
	Settings settings("");
	ConfigObjects objects;
	struct view *view = objects.finish();
	settings.dns.n_secrets = 1;
	settings.dns.secrets[0][0] = 0xab;
	expect_same(settings, view);
	EXPECT_NE(written(settings, view).find("cookie-secrets = [ \"ab00"), std::string::npos);
	std::string shown = written(settings, view, false);
	EXPECT_EQ(shown.find("ab0000"), std::string::npos) << shown;
	EXPECT_NE(shown.find("\n# dns.cookie-secrets are configured"), std::string::npos) << shown;
	settings.dns.secret_made = true;
	for (bool secrets : {true, false})
		EXPECT_EQ(written(settings, view, secrets).find("ab0000"), std::string::npos);
}

TEST(ConfigWriteTest, RelativePathsOfDatabasesBecomeAbsolute)
{
	char folder[] = "/tmp/config_write_test.XXXXXX", cwd[PATH_MAX];
	ASSERT_TRUE(mkdtemp(folder));
	TestFile database;
	make_mmdb(database, "flat", "198.51.100.0/24 country=fr\n");
	std::string name = std::string(database.path()).substr(5), err(256, '\0');
	ASSERT_TRUE(getcwd(cwd, sizeof(cwd)));
	ASSERT_EQ(0, chdir("/tmp"));
	const char *paths[] = {name.c_str(), database.path()};
	struct footprint_geo *geo = footprint_geo_load(paths, 2, &err[0], err.size());
	ASSERT_TRUE(geo) << err;
	ConfigObjects objects(geo);
	footprint_geo_release(geo);
	ASSERT_TRUE(objects.add(
		R"({"footprint":{"name":"f","footprints":[{"footprint-type":"countrycode","footprint-value":["fr"]}]}})"));
	struct view *view = objects.finish();
	Settings settings;
	std::ofstream(std::string(folder) + "/t.conf") << written(settings, view);
	ASSERT_EQ(0, chdir(cwd));
	ConfigBack back(std::string(folder) + "/t.conf");
	ASSERT_TRUE(back.view) << back.said;
	EXPECT_EQ(back.geo, std::vector<std::string>({database.path(), database.path()}));
	EXPECT_EQ(describe(view), describe(back.view));
	ASSERT_EQ(0, system(("rm -r " + std::string(folder)).c_str()));
}

/* --- Memory --------------------------------------------------------------------------------- */

TEST(ConfigWriteTest, NoMemoryIsSaid)
{
	Settings settings;
	ConfigObjects objects;
	add_base(objects);
	struct view *view = objects.finish();
	std::string whole = written(settings, view);
	long failed = 0;
	for (long at = 0;; at++) {
		failing_malloc.reset(at);
		struct config_writer *writer = config_writer_new(&settings, view, true);
		struct config_text text = {};
		enum config_written end = CONFIG_WRITTEN_NO_MEMORY;
		while (writer && (end = config_writer_run(writer, &text, SIZE_MAX, LONG)) ==
					 CONFIG_WRITTEN_PART)
			;
		bool out = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(end, out ? CONFIG_WRITTEN_NO_MEMORY : CONFIG_WRITTEN_ALL) << at;
		if (end == CONFIG_WRITTEN_ALL) {
			EXPECT_EQ(whole, std::string(text.at, text.len));
		}
		config_text_clear(&text);
		config_writer_free(writer);
		failed += out;
		if (!out)
			break;
	}
	EXPECT_GT(failed, 3);
	EXPECT_EQ(whole, written(settings, view));
}

} // namespace
