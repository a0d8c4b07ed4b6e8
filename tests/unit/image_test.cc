/* image_test - a view that is written and read back is the same one, also for all that comes after; and nothing that can happen to the file
 * makes it another one. */
/* SPDX-License-Identifier: BSD-3-Clause */
extern "C" {
#include "control/image.h"
#include "lib/hits.h"
#include "tests/support/image_exercise.h"
#include "tests/support/image_seal.h"
}
#include "tests/support/image_world.h"
#include "tests/support/make_mmdb.h"
#include "tests/support/view_text.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace
{

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { WORLDS = 8, FLIPS = 300, CUTS = 30, MANY = 3000 };
#else
enum { WORLDS = 24, FLIPS = 600, CUTS = 40, MANY = 10000 };
#endif

using Octets = std::vector<uint8_t>;

/* A view that the test owns, and the cache of its patterns. */
struct Owned {
	std::shared_ptr<struct pattern_cache> patterns{pattern_cache_new(), pattern_cache_free};
	struct view *view = nullptr;

	Owned() = default;
	Owned(Owned &&other) noexcept : patterns(other.patterns), view(other.view)
	{
		other.view = nullptr;
	}
	Owned &operator=(Owned &&) = delete;
	~Owned()
	{
		view_release(view);
	}
	bool apply(const ImageChange &change, struct footprint_geo *geo, uint32_t pass = 0)
	{
		struct view *next = change.apply(view, geo, patterns.get(), pass);
		if (!next)
			return false;
		view_release(view);
		view = next;
		return true;
	}
};

class Image : public testing::Test
{
      protected:
	std::string path;
	struct image_key key = {};
	struct footprint_geo *geo = nullptr;
	std::string err;
	uint32_t compiled = 0; /* by the last read */

	void SetUp() override
	{
		ASSERT_TRUE(hits_init(1));
		char dir[] = "/tmp/image_test_XXXXXX";
		ASSERT_NE(mkdtemp(dir), nullptr);
		path = std::string(dir) + "/image";
		memset(key.digest, 7, sizeof(key.digest));
		key.generation = 42;
	}
	void TearDown() override
	{
		footprint_geo_release(geo);
		unlink(path.c_str());
		EXPECT_EQ(rmdir(path.substr(0, path.rfind('/')).c_str()), 0) << "a file was left";
		hits_finish();
	}
	bool write(const struct view *view)
	{
		char why[512] = "";
		bool done = image_write(view, &key, path.c_str(), why, sizeof(why)) == 0;
		err = why;
		return done;
	}
	enum image_outcome read(Owned &into)
	{
		char why[512] = "";
		compiled = 0;
		struct image_use use = {geo, into.patterns.get(), 1, &compiled};
		enum image_outcome outcome =
			image_read(path.c_str(), &key, &use, &into.view, why, sizeof(why));
		err = why;
		EXPECT_EQ(outcome == IMAGE_READ, into.view != nullptr);
		EXPECT_EQ(outcome == IMAGE_READ, err.empty()) << err;
		return outcome;
	}
	Octets octets() const
	{
		Octets all;
		FILE *file = fopen(path.c_str(), "rb");
		for (int c; file && (c = getc(file)) != EOF;)
			all.push_back((uint8_t)c);
		if (file)
			fclose(file);
		return all;
	}
	void put(const Octets &all) const
	{
		FILE *file = fopen(path.c_str(), "wb");
		ASSERT_NE(file, nullptr);
		for (uint8_t octet : all)
			putc(octet, file);
		fclose(file);
	}
	void load_geo()
	{
		TestFile city, as;
		const char list[] = "10.1.0.0/16 country=FR asn=64496\n";
		make_mmdb(city, "city", list);
		make_mmdb(as, "asn", list);
		const char *const paths[] = {city.path(), as.path()};
		char why[512] = "";
		geo = footprint_geo_load(paths, 2, why, sizeof(why));
		ASSERT_NE(geo, nullptr) << why;
	}
	/* What the configuration says, and what an operator did to it. */
	void make(Owned &owned, ImageWorld &world, unsigned lines)
	{
		ImageChange base, change = random_change(world, lines / 3);
		base.set = "configuration";
		for (const std::string &line : ImageWorld::basis())
			base.add(line);
		for (unsigned i = 0; i < lines; i++)
			base.add(world.line());
		ASSERT_TRUE(owned.apply(base, geo, 1)) << base.refused;
		EXPECT_TRUE(owned.apply(change, geo) || !change.refused.empty());
	}
	static ImageChange random_change(ImageWorld &world, unsigned steps)
	{
		ImageChange change;
		change.runtime = true;
		change.set = world.one_of({"operator", "other"});
		change.order = UINT64_C(1) << 63 | (uint64_t)world.below(1000) << 24;
		for (unsigned i = 0; i < steps; i++) {
			if (world.once_in(3))
				change.steps.push_back({"", OBJECT_SCOPE, "s" + world.number(60)});
			else if (world.once_in(6))
				change.steps.push_back(
					{"", OBJECT_FOOTPRINT, "f" + world.number(5)});
			else if (world.once_in(8))
				change.steps.push_back({"", OBJECT_CDN, "c" + world.number(5)});
			else
				change.add(world.line());
		}
		return change;
	}
};

/* --- The same view -------------------------------------------------------------------------------------------- */

/* Tells the first line that differs. */
void expect_same(const std::string &a, const std::string &b)
{
	size_t at = 0;
	while (at < a.size() && at < b.size() && a[at] == b[at])
		at++;
	if (a == b)
		return;
	size_t begin = at ? a.rfind('\n', at - 1) : 0;
	begin = begin == std::string::npos ? 0 : begin;
	ADD_FAILURE() << a.substr(begin, a.find('\n', at) - begin) << "\ninstead of"
		      << b.substr(begin, b.find('\n', at) - begin);
}

void expect_same_answers(ImageWorld &world, const struct view *a, const struct view *b, int n)
{
	for (int i = 0; i < n; i++) {
		ImageAsk ask(world);
		ASSERT_EQ(ask.ask(a), ask.ask(b));
	}
}

/* Changes that come after are the same ones, too. */
TEST_F(Image, reads_back_what_was_written)
{
	size_t scopes = 0, removed = 0, patterns = 0, changes = 0;
	for (unsigned seed = 0; seed < WORLDS; seed++) {
		ImageWorld world(seed);
		world.geo = seed % 2;
		if (seed == 1)
			load_geo();
		Owned first;
		make(first, world, 20 + seed * 2);
		ASSERT_TRUE(write(first.view)) << err;
		Octets as_written = octets();
		Owned second;
		ASSERT_EQ(read(second), IMAGE_READ) << err;
		EXPECT_EQ(compiled, 0u) << "what Hyperscan made is in the image";
		ASSERT_TRUE(write(second.view)) << err;
		EXPECT_TRUE(octets() == as_written);
		std::string text = ViewText::of(first.view);
		expect_same(text, ViewText::of(second.view));
		scopes += first.view->n_of[OBJECT_SCOPE];
		removed += text.find(" flags 11") != std::string::npos;
		patterns += text.find("\n pattern") != std::string::npos;
		expect_same_answers(world, first.view, second.view, 100);
		for (int i = 0; i < 6 && !HasFatalFailure(); i++) {
			ImageChange change = random_change(world, 1 + world.below(12));
			bool done = first.apply(change, geo);
			ASSERT_EQ(second.apply(change, geo), done) << change.refused;
			changes += done;
			expect_same(ViewText::of(first.view), ViewText::of(second.view));
			expect_same_answers(world, first.view, second.view, 30);
		}
		ASSERT_FALSE(HasFailure()) << seed;
		/* Once more, with numbers that are not those of the first time. */
		std::string changed = ViewText::of(second.view);
		ASSERT_TRUE(write(second.view)) << err;
		Owned third;
		ASSERT_EQ(read(third), IMAGE_READ) << err;
		expect_same(changed, ViewText::of(third.view));
		if (seed % 4 == 0) {
			EXPECT_TRUE(image_exercise(third.view, third.patterns.get()));
		}
	}
	EXPECT_GT(scopes, (size_t)WORLDS * 10);
	EXPECT_GE(removed, (size_t)WORLDS / 4) << "marks of removed objects";
	EXPECT_GT(patterns, (size_t)WORLDS / 2);
	EXPECT_GT(changes, (size_t)WORLDS * 3);
}

TEST_F(Image, of_an_empty_view)
{
	Owned first, second;
	ASSERT_TRUE(first.apply(ImageChange(), nullptr));
	ASSERT_TRUE(write(first.view)) << err;
	ASSERT_EQ(read(second), IMAGE_READ) << err;
	expect_same(ViewText::of(first.view), ViewText::of(second.view));
}

/* Many keys of one scope, in an order that is not theirs, many scopes at one key, and a text longer than a piece of the file. */
TEST_F(Image, of_large_objects)
{
	ImageChange change;
	change.set = "configuration";
	for (const std::string &line : ImageWorld::basis())
		change.add(line);
	std::string hosts, prefixes;
	for (unsigned i = 0; i < 1000; i++)
		hosts += (i ? "\", \"" : "") + std::to_string(i * 619 % 1000) + ".t";
	change.add(R"({"scope": {"name": "many", "hosts": [")" + hosts +
		   R"("], "candidates": [{"cdn": "c1"}]}})");
	for (unsigned i = 0; i < 20000; i++)
		prefixes += (i ? "\", \"" : "") + std::string("10.") + std::to_string(i / 256) +
			    "." + std::to_string(i % 256) + ".0/24";
	change.add(
		R"({"footprint": {"name": "long", "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": [")" +
		prefixes + R"("]}]}})");
	for (unsigned i = 0; i < 100; i++)
		change.add(
			R"({"scope": {"name": "one)" + std::to_string(i) +
			R"(", "hosts": ["same.t"], "footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["10.0.)" +
			std::to_string(i) +
			R"(.0/24"]}, "long"], "candidates": [{"cdn": "c2"}]}})");
	Owned first, second;
	ASSERT_TRUE(first.apply(change, nullptr)) << change.refused;
	ASSERT_EQ(first.view->n_of[OBJECT_SCOPE], 101u);
	ASSERT_TRUE(write(first.view)) << err;
	ASSERT_EQ(read(second), IMAGE_READ) << err;
	expect_same(ViewText::of(first.view), ViewText::of(second.view));
	EXPECT_TRUE(image_exercise(second.view, second.patterns.get()));
}

TEST_F(Image, counts_hits_anew)
{
	ImageWorld world(3);
	Owned first, second;
	make(first, world, 30);
	const char *name = nullptr;
	for (unsigned i = 0; !name; i++) {
		std::string s = "s" + std::to_string(i);
		const struct object *object =
			object_find(first.view->objects, OBJECT_SCOPE, s.c_str());
		name = object && !object->removed ? object->name : nullptr;
	}
	const struct scope *scope =
		object_find(first.view->objects, OBJECT_SCOPE, name)->made.scope;
	ASSERT_NE(scope->hits, 0u);
	hits_count(0, scope->hits, 0, 1000);
	ASSERT_TRUE(write(first.view)) << err;
	ASSERT_EQ(read(second), IMAGE_READ) << err;
	const struct scope *again =
		object_find(second.view->objects, OBJECT_SCOPE, name)->made.scope;
	uint64_t words[3];
	EXPECT_NE(again->hits, 0u);
	EXPECT_NE(again->hits, scope->hits);
	hits_read(again->hits, 3, words);
	EXPECT_EQ(words[1], 0u);
}

/* --- Another file ---------------------------------------------------------------------------------------------- */

TEST_F(Image, of_another_key)
{
	ImageWorld world(1);
	Owned first, second;
	make(first, world, 10);
	EXPECT_EQ(read(second), IMAGE_ABSENT);
	struct image_key own = key, told = {};
	char why[512];
	EXPECT_EQ(image_read_key(path.c_str(), &told, why, sizeof(why)), IMAGE_ABSENT);
	ASSERT_TRUE(write(first.view)) << err;
	key.generation++;
	EXPECT_EQ(read(second), IMAGE_STALE);
	EXPECT_NE(err.find("another generation of the state file"), std::string::npos) << err;
	key = own;
	key.digest[31] ^= 1;
	EXPECT_EQ(read(second), IMAGE_STALE);
	EXPECT_NE(err.find("another configuration"), std::string::npos) << err;
	EXPECT_EQ(image_read_key(path.c_str(), &told, why, sizeof(why)), IMAGE_READ);
	EXPECT_EQ(memcmp(&told, &own, sizeof(own)), 0);
	key = own;
	EXPECT_EQ(read(second), IMAGE_READ) << err;
}

/* What is in an image was true of the zone file at the time; another one is read anew. */
TEST_F(Image, of_a_zone_file_that_changed)
{
	const std::string file = path + ".zone", text = "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.x.\n";
	auto say = [&](const std::string &what) { std::ofstream(file) << what; };
	say(text + "w 60 A 192.0.2.1\n");
	Owned made, same, other;
	ImageChange change;
	change.add(R"({"zone": {"name": "t", "file": ")" + file + "\"}}");
	ASSERT_TRUE(made.apply(change, nullptr));
	ASSERT_NE(object_find(made.view->objects, OBJECT_ZONE, "t"), nullptr);
	ASSERT_TRUE(write(made.view));
	EXPECT_EQ(read(same), IMAGE_READ);
	EXPECT_EQ(ViewText::of(same.view), ViewText::of(made.view));
	say(text + "w 60 A 192.0.2.22\n");
	EXPECT_EQ(read(other), IMAGE_STALE);
	EXPECT_NE(err.find("the file of a zone changed"), std::string::npos) << err;
	unlink(file.c_str());
	EXPECT_EQ(read(other), IMAGE_STALE);
}

/* What Hyperscan made of patterns is used only where it would make the same again. */
TEST_F(Image, of_another_hyperscan)
{
	enum { HOSTS = 3, REGEXES = 4 };
	ImageChange change;
	for (const std::string &line : ImageWorld::basis())
		change.add(line);
	for (unsigned i = 0; i < REGEXES * HOSTS; i++)
		change.add(R"({"scope": {"name": "s)" + std::to_string(i) + R"(", "hosts": ["h)" +
			   std::to_string(i) + R"(.t"], "regexes": ["a[0-9]+b)" +
			   std::to_string(i % REGEXES) + R"("], "candidates": [{"cdn": "c1"}]}})");
	Owned first, second, third, fourth;
	ASSERT_TRUE(first.apply(change, nullptr)) << change.refused;
	memset(&key, 0, sizeof(key));
	ASSERT_TRUE(write(first.view)) << err;
	const Octets good = octets();
	ASSERT_EQ(read(second), IMAGE_READ) << err;
	EXPECT_EQ(compiled, 0u);
	char name[128];
	pattern_set_compiler(name, sizeof(name));
	auto at = std::search(good.begin(), good.end(), name, name + strlen(name));
	ASSERT_NE(at, good.end());
	Octets other = good;
	other[(size_t)(at - good.begin()) + strlen("Hyperscan ")] ^= 1;
	image_seal(other.data(), other.size());
	put(other);
	ASSERT_EQ(read(third), IMAGE_READ) << err;
	EXPECT_EQ(compiled, REGEXES) << "once, not for each host";
	expect_same(ViewText::of(first.view), ViewText::of(third.view));
	other = good;
	other[(size_t)(at - good.begin()) + 1000] ^= 1; /* of the first database */
	put(other);
	EXPECT_EQ(read(fourth), IMAGE_DAMAGED);
	EXPECT_NE(err.find("a checksum is wrong"), std::string::npos) << err;
	const uint8_t scan[] = {0xdb, 0xdb, 0xdb, 0xdb}; /* each begins so */
	size_t n = 0;
	for (auto next = good.begin(); n <= REGEXES; next += sizeof(scan), n++)
		if ((next = std::search(next, good.end(), scan, scan + sizeof(scan))) == good.end())
			break;
	EXPECT_EQ(n, REGEXES) << "each is written once";
}

TEST_F(Image, with_geolocation_that_is_not_there)
{
	ImageChange change;
	load_geo();
	change.set = "configuration";
	change.add(
		R"({"footprint": {"name": "f", "footprints": [{"footprint-type": "countrycode", "footprint-value": ["fr"]}]}})");
	Owned first, second, third;
	ASSERT_TRUE(first.apply(change, geo));
	ASSERT_EQ(first.view->n_of[OBJECT_FOOTPRINT], 1u);
	ASSERT_TRUE(write(first.view)) << err;
	struct footprint_geo *own = geo;
	geo = nullptr;
	EXPECT_EQ(read(second), IMAGE_DAMAGED);
	EXPECT_NE(err.find("geolocation database"), std::string::npos) << err;
	geo = own;
	EXPECT_EQ(read(third), IMAGE_READ) << err;
}

TEST_F(Image, that_cannot_be_written)
{
	Owned first;
	ASSERT_TRUE(first.apply(ImageChange(), nullptr));
	std::string good = path;
	path = good + "/under/a/file";
	EXPECT_FALSE(write(first.view));
	EXPECT_NE(err.find(path), std::string::npos) << err;
	path = std::string(5000, 'x');
	EXPECT_FALSE(write(first.view));
	path = good;
	ASSERT_TRUE(write(first.view)) << err;
	Octets before = octets();
	ASSERT_EQ(mkdir((path + ".new").c_str(), 0700), 0);
	EXPECT_FALSE(write(first.view));
	ASSERT_EQ(rmdir((path + ".new").c_str()), 0);
	EXPECT_EQ(octets(), before) << "what was there stays";
	struct stat stat_of;
	ASSERT_EQ(stat(path.c_str(), &stat_of), 0);
	EXPECT_EQ(stat_of.st_mode & 0777, 0600u);
}

/* --- Damage ---------------------------------------------------------------------------------------------------- */

class DamagedImage : public Image
{
      protected:
	Octets good;

	void make_good()
	{
		ImageWorld world(5);
		Owned first;
		load_geo();
		world.geo = true;
		make(first, world, 45);
		ASSERT_TRUE(write(first.view)) << err;
		good = octets();
		ASSERT_GT(good.size(), 5000u);
	}
	/* All within the head, some behind it. */
	std::vector<size_t> lengths() const
	{
		std::vector<size_t> all;
		for (size_t len = 0; len < good.size();
		     len += len < sizeof(struct image_head) ? 1 : 1 + good.size() / CUTS)
			all.push_back(len);
		return all;
	}
	enum image_outcome read_octets(const Octets &all)
	{
		Owned into;
		put(all);
		return read(into);
	}
};

TEST_F(DamagedImage, is_cut_short)
{
	make_good();
	for (size_t len : lengths())
		ASSERT_EQ(read_octets(Octets(good.begin(), good.begin() + (long)len)),
			  IMAGE_DAMAGED)
			<< len;
	Octets longer = good;
	longer.push_back(0);
	EXPECT_EQ(read_octets(longer), IMAGE_DAMAGED);
	/* The same with right checksums: sections that end too early. */
	memset(&key, 0, sizeof(key));
	for (size_t len : lengths()) {
		Octets cut(good.begin(), good.begin() + (long)len);
		image_seal(cut.data(), cut.size());
		/* An empty view */
		bool empty = len == sizeof(struct image_head);
		ASSERT_EQ(read_octets(cut), empty ? IMAGE_READ : IMAGE_DAMAGED) << len;
	}
}

TEST_F(DamagedImage, has_any_octet_flipped)
{
	make_good();
	for (size_t i : lengths()) {
		Octets bad = good;
		bad[i] ^= (uint8_t)(1 << i % 8);
		enum image_outcome outcome = read_octets(bad);
		ASSERT_TRUE(outcome == IMAGE_DAMAGED || outcome == IMAGE_STALE) << i;
		ASSERT_TRUE(outcome == IMAGE_DAMAGED || i < offsetof(struct image_head, key)) << i;
	}
	EXPECT_EQ(read_octets(good), IMAGE_READ) << err;
}

/* Whatever passes can be used in every way. */
TEST_F(DamagedImage, has_right_checksums)
{
	make_good();
	memset(&key, 0, sizeof(key));
	image_seal(good.data(), good.size());
	ASSERT_EQ(read_octets(good), IMAGE_READ) << err;
	std::mt19937 random(9);
	size_t refused = 0;
	std::map<std::string, size_t> reasons;
	for (int round = 0; round < FLIPS; round++) {
		Octets bad = good;
		for (unsigned n = 1 + random() % 3; n > 0; n--) {
			size_t at = sizeof(struct image_head) +
				    random() % (bad.size() - sizeof(struct image_head));
			bad[at] = random() % 2 ? (uint8_t)random()
					       : bad[at] ^ (uint8_t)(1 << random() % 8);
		}
		image_seal(bad.data(), bad.size());
		Owned into;
		put(bad);
		if (read(into) == IMAGE_READ) {
			image_exercise(into.view, into.patterns.get());
		} else {
			refused++;
			reasons[err.substr(err.rfind(": "))]++;
		}
	}
	EXPECT_GT(refused, (size_t)FLIPS / 10);
	EXPECT_LT(refused, (size_t)FLIPS);
	EXPECT_GT(reasons.size(), 12u) << "checks that were met";
	for (const auto &[reason, n] : reasons)
		printf("  %6zu %s\n", n, reason.c_str());
}

/* --- How long it takes ----------------------------------------------------------------------------------------- */

double seconds_since(std::chrono::steady_clock::time_point then)
{
	return std::chrono::duration<double>(std::chrono::steady_clock::now() - then).count();
}

/* IMAGE_TEST_SCOPES=1000000 for the figures. */
TEST_F(Image, of_many_scopes)
{
	const char *wanted = getenv("IMAGE_TEST_SCOPES");
	unsigned n = wanted ? (unsigned)atoi(wanted) : (unsigned)MANY;
	std::mt19937 random(1);
	ImageChange change;
	change.set = "configuration";
	for (const std::string &line : ImageWorld::basis())
		change.add(line);
	for (unsigned i = 0; i < n; i++) {
		uint32_t address = i * 2654435761u;
		char line[1024];
		snprintf(
			line, sizeof(line),
			R"({"scope": {"name": "customer-%08x-%u", "hosts": ["v%u-%x.customers.t"], )"
			R"("footprints": [{"footprint-type": "ipv4cidr", "footprint-value": ["%u.%u.%u.%u/32"]}], )"
			R"("policy": "weighted", "candidates": [{"cdn": "c%u", "weight": 3}, {"node": "n%u"}]}})",
			(unsigned)random(), i, i, (unsigned)random() % 65536, address >> 24,
			address >> 16 & 255, address >> 8 & 255, address & 255, i % 5, i % 3);
		change.add(line);
	}
	Owned first, second;
	auto then = std::chrono::steady_clock::now();
	ASSERT_TRUE(first.apply(change, nullptr)) << change.refused;
	double compiling = seconds_since(then);
	ASSERT_EQ(first.view->n_of[OBJECT_SCOPE], n);
	then = std::chrono::steady_clock::now();
	ASSERT_TRUE(write(first.view)) << err;
	double writing = seconds_since(then);
	then = std::chrono::steady_clock::now();
	ASSERT_EQ(read(second), IMAGE_READ) << err;
	printf("%u scopes: compiled in %.3f s, written in %.3f s, read back in %.3f s\n", n,
	       compiling, writing, seconds_since(then));
	struct stat stat_of;
	ASSERT_EQ(stat(path.c_str(), &stat_of), 0);
	printf("%.1f octets a scope\n", (double)stat_of.st_size / n);
	if (n <= MANY) {
		expect_same(ViewText::of(first.view), ViewText::of(second.view));
	}
}

} // namespace
