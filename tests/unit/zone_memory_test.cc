/* zone_memory_test - memory that runs out while a zone is read from its file or made from its members: a fault, and nothing is left. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

extern "C" {
#include "control/zone_source.h"
}

static const char TEXT[] = "$TTL 60\n@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\na.b.c.d TXT x\n"
			   "*.w CNAME ns\n";

/* Makes the zone with the n-th allocation failing, for all n. Gives how many failed. */
template <typename Make> static long make_until_done(Make make)
{
	for (long n = 0;; n++) {
		struct faults faults = {};
		failing_malloc.reset(n);
		struct zone *zone = make(&faults);
		long failed = failing_malloc.failed;
		failing_malloc.reset(-1);
		EXPECT_EQ(zone == nullptr, failed != 0) << n;
		for (size_t i = 0; failed && i < faults.n; i++)
			EXPECT_NE(std::string(faults.list[i].text).find("memory"),
				  std::string::npos)
				<< faults.list[i].text;
		if (zone)
			zone_release(zone);
		faults_clear(&faults);
		if (!failed)
			return n;
	}
}

TEST(ZoneMemory, FilesAreReadWhollyOrNotAtAll)
{
	std::string path = "/tmp/zone_memory_test." + std::to_string(getpid());
	std::ofstream(path) << TEXT;
	struct model_zone model = {};
	model.name = "t.example";
	model.file = path.c_str();
	struct place place = {"/tmp/conf", 1};
	EXPECT_GT(make_until_done([&](struct faults * faults) -> struct zone * {
			  model.source = zone_source_read(&model, place, faults);
			  struct zone *zone =
				  model.source ? zone_source_make(&model, place, faults) : nullptr;
			  zone_source_free(model.source);
			  return zone;
		  }),
		  15);
	unlink(path.c_str());
}

TEST(ZoneMemory, MembersAreTakenWhollyOrNotAtAll)
{
	struct model_server server = {"ns.t.example", 0, nullptr};
	const char *records[] = {"www A 192.0.2.1", "a.b.c MX 1 www"};
	struct model_zone model = {};
	model.name = "t.example";
	model.ttl = 60;
	model.n_servers = 1;
	model.servers = &server;
	model.n_records = 2;
	model.records = records;
	EXPECT_GT(make_until_done([&](struct faults *faults) {
			  return zone_source_make(&model, {nullptr, 0}, faults);
		  }),
		  10);
}
