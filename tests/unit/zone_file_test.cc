/* zone_file_test - master files: what can be said in them, and what is said of those at fault, with file and line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/zone_box.h"

#include <fstream>
#include <gtest/gtest.h>
#include <unistd.h>

extern "C" {
#include "lib/bytes.h"
#include "lib/dns_wire.h"
}

static const char BEGIN[] =
	"$TTL 300\n@ SOA ns host 7 1 2 3 60\n@ NS ns.elsewhere.\n"; /* three lines */

class ZoneFile : public testing::Test
{
      protected:
	std::string folder = "/tmp/zone_file_test." + std::to_string(getpid());
	struct faults faults = {};
	struct zone_source *source = nullptr;

	ZoneFile()
	{
		EXPECT_EQ(system(("mkdir -p " + folder).c_str()), 0);
	}
	~ZoneFile() override
	{
		zone_source_free(source);
		faults_clear(&faults);
		EXPECT_EQ(system(("rm -rf " + folder).c_str()), 0);
	}
	void write(const std::string &name, const std::string &text) const
	{
		std::ofstream(folder + "/" + name) << text;
	}
	/* What is wrong with it, or "good". */
	std::string read(const std::string &file = "z", const char *zone = "t.example")
	{
		struct model_zone model = {};
		std::string conf = folder + "/turnout.conf", out;
		model.name = zone;
		model.file = file.c_str();
		zone_source_free(source);
		faults_clear(&faults);
		source = zone_source_read(&model, {conf.c_str(), 9}, &faults);
		for (size_t i = 0; i < faults.n; i++) {
			std::string of = faults.list[i].file ? faults.list[i].file : "-";
			out += of.substr(of.rfind('/') + 1) + ":" +
			       std::to_string(faults.list[i].line) + ": " + faults.list[i].text +
			       "\n";
		}
		EXPECT_EQ(source == nullptr, faults.total != 0);
		return source ? "good" : out;
	}
	std::string text(const std::string &text)
	{
		write("z", text);
		return read();
	}
	std::string with(const std::string &more)
	{
		return text(BEGIN + more);
	}
};

TEST_F(ZoneFile, Rfc1035_5_1_DirectivesAndContinuation)
{
	write("more", "inner A 192.0.2.9\n$ORIGIN deep.sub.t.example.\nx A 192.0.2.8\n");
	EXPECT_EQ(
		text("$ORIGIN example.\n$TTL 1h\nt ( SOA ns host 7 ; comment\n 1 2 3 60 )\n NS ns\n"
		     "$ORIGIN t.example.\n$INCLUDE more sub.t.example.\nwww A 192.0.2.1\n"),
		"good");
	ASSERT_TRUE(source);
	EXPECT_EQ(source->n_files, 2u);
	ZoneBox same("t.example", "@ 3600 SOA ns.example. host.example. 7 1 2 3 60\n"
				  "@ 3600 NS ns.example.\nwww 3600 A 192.0.2.1\n"
				  "inner.sub 3600 A 192.0.2.9\nx.deep.sub 3600 A 192.0.2.8\n");
	EXPECT_EQ(std::string((const char *)source->packed, source->packed_len),
		  std::string((const char *)same.zone->data->packed, same.zone->data->packed_len));
}

TEST_F(ZoneFile, Rfc3597_5_TypesOfAllKinds)
{
	EXPECT_EQ(with("a A 192.0.2.1\na AAAA ::1\nc CNAME a\nd DNAME e\nt TXT \"x\" \"y\"\n"
		       "m MX 1 a\nk CAA 0 issue \"ca.example\"\ns SRV 1 2 3 a\n"
		       "h HTTPS 1 . alpn=h2\nv SVCB 0 a\nu TYPE65300 \\# 2 0102\n"
		       "u A \\# 4 c0000201\n"),
		  "good");
}

TEST_F(ZoneFile, FaultsHaveFileAndLine)
{
	const std::string cname = " stands beside a CNAME (RFC 1034 section 3.6.2)\n";
	write("bad", "\nx A 192.0.2.300\n");
	for (const auto &[more, fault] : std::vector<std::pair<std::string, std::string>>{
		     {"x A 1.2.3\n", "z:4: invalid IPv4 address\n"},
		     {"$INCLUDE bad\n", "bad:2: invalid IPv4 address\n"},
		     {"$INCLUDE none\n", "z:4: "},
		     {"x.other. A 192.0.2.1\n", "z:4: x.other: A is outside the zone\n"},
		     {"x CNAME y\n\nx A 192.0.2.1\n", "z:6: x.t.example: A" + cname},
		     {"x TXT y\nx CNAME y\n", "z:4: x.t.example: TXT" + cname},
		     {"@ CNAME y\n", "z:3: t.example: NS" + cname},
		     {"x CNAME y\nx CNAME z\n", "z:5: x.t.example: CNAME may be there only once\n"},
		     {"x DNAME y\nx DNAME z\n", "z:5: x.t.example: DNAME may be there only once\n"},
		     {"x DNAME y\na.x A 192.0.2.1\n",
		      "z:5: a.x.t.example: A stands below a DNAME (RFC 6672 section 2.4)\n"},
		     {"x DNAME y\nx NS y\n",
		      "z:4: x.t.example: DNAME and NS are both there (RFC 6672 section 2.3)\n"},
		     {"@ SOA ns host 8 1 2 3 60\n", "z:4: t.example: SOA may be there only once\n"},
		     {"x SOA ns host 8 1 2 3 60\n",
		      "z:4: x.t.example: SOA stands at the zone's apex only\n"},
		     {"*.x NS y\n", "z:4: *.x.t.example: NS at a wildcard has no meaning (RFC 4592 "
				    "sections 4.2, 4.4)\n"},
		     {"x TYPE255 \\# 1 00\n",
		      "z:4: x.t.example: ANY is no type of data (RFC 6895 section 3.1)\n"},
		     {"x CH A 192.0.2.1\n", "z:4: "}}) {
		std::string got = with(more);
		EXPECT_EQ(got.substr(0, fault.size()), fault) << more;
		EXPECT_NE(got, "good") << more;
	}
	EXPECT_EQ(text("@ NS ns\n"), "z:0: t.example: the zone has no SOA record\n");
	EXPECT_EQ(text("@ SOA ns host 8 1 2 3 60\n"),
		  "z:0: t.example: the zone has no NS record at its apex\n");
	EXPECT_EQ(read("missing").substr(0, 18), "turnout.conf:9: /t");
}

TEST_F(ZoneFile, ManyFaultsAreToldAtOnceButNotWithoutEnd)
{
	EXPECT_EQ(with("a A x\nb A 192.0.2.1\nc AAAA x\n"),
		  "z:4: invalid address character\nz:6: invalid address character\n");
	std::string many;
	for (int i = 0; i < 5000; i++)
		many += "a A x\n";
	with(many);
	EXPECT_EQ(faults.total, 100u);
}

TEST_F(ZoneFile, FilesThatIncludeThemselvesEnd)
{
	write("loop", "$INCLUDE loop\n");
	EXPECT_EQ(with("$INCLUDE loop\n"), "loop:1: files include each other more than 8 deep\n");
}

TEST_F(ZoneFile, Rfc2181_5_2_TtlsOfASetAreTheLowest)
{
	EXPECT_EQ(with("x 50 A 192.0.2.1\nx 40 A 192.0.2.2\nx 60 TXT y\n"), "good");
	ZoneBox same("t.example", "@ SOA ns host 7 1 2 3 60\n@ NS ns.elsewhere.\n"
				  "x 40 A 192.0.2.1\nx 40 A 192.0.2.2\nx 60 TXT y\n");
	EXPECT_EQ(std::string((const char *)source->packed, source->packed_len),
		  std::string((const char *)same.zone->data->packed, same.zone->data->packed_len));
}

TEST_F(ZoneFile, ContentIsTheRecordsAndNotTheirOrder)
{
	EXPECT_EQ(with("x A 192.0.2.1\ny TXT z\n"), "good");
	std::string before = source->content;
	EXPECT_EQ(with("; other\ny TXT z\nX A 192.0.2.1\nx A 192.0.2.1 ; twice\n"), "good");
	EXPECT_EQ(source->content, before);
	EXPECT_EQ(with("x A 192.0.2.1\ny TXT Z\n"), "good");
	EXPECT_NE(source->content, before);
}

TEST_F(ZoneFile, AnRrsetHasToFitIntoAMessage)
{
	std::string many;
	for (int i = 0; i < 5000; i++)
		many += "x A 10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250) +
			"\n";
	EXPECT_EQ(with(many), "z:4: x.t.example: A has more data than fit into a message\n");
	EXPECT_EQ(with(many.substr(0, many.rfind("\n", many.size() / 2) + 1)), "good");
}

TEST_F(ZoneFile, StampsTellFilesThatChanged)
{
	uint8_t now[32];
	EXPECT_EQ(with("x A 192.0.2.1\n"), "good");
	EXPECT_TRUE(zone_file_stamps(source->files, source->n_files, now));
	EXPECT_EQ(memcmp(now, source->stamps, sizeof(now)), 0);
	write("z", "\n");
	EXPECT_TRUE(zone_file_stamps(source->files, source->n_files, now));
	EXPECT_NE(memcmp(now, source->stamps, sizeof(now)), 0);
	EXPECT_EQ(unlink((folder + "/z").c_str()), 0);
	EXPECT_FALSE(zone_file_stamps(source->files, source->n_files, now));
}
