/* zone_file_test - master files: what can be said in them, and what is said of those at fault, with file and line. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/zone_box.h"

#include <algorithm>
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

/* Each as text and as octets (RFC 3597 §5) gives the same zone. */
TEST_F(ZoneFile, TextIsTheOctetsThatTheRfcsShow)
{
	for (const auto &[text, octets] : std::vector<std::pair<std::string, std::string>>{
		     {"MX 10 Mail", "MX 000a 044d61696c 0174 076578616d706c65 00"},
		     {"MX 10 a\\.b.", "MX 000a 03612e62 00"},
		     {"TXT a;b", "TXT 0161"},
		     {"TXT \"a;(b\" c\\;d \"\\065\\\"\" \"\"", "TXT 04613b2862 03633b64 024122 00"},
		     {"CAA 128 issue \"ca.example; a=b\"",
		      "CAA 80 05 6973737565 63612e6578616d706c653b20613d62"},
		     {"URI 10 1 \"ftp://a\"", "URI 000a 0001 6674703a2f2f61"},
		     {"SRV 1 2 3 @", "SRV 0001 0002 0003 0174 076578616d706c65 00"},
		     {"TLSA 3 1 1 00 ( ff\n ee ) ; x", "TLSA 03 01 01 00ffee"},
		     {"NAPTR 1 2 u \"E2U\" \"!^.*$!a!\" .",
		      "NAPTR 0001 0002 0175 03453255 08215e2e2a24216121 00"},
		     {"SVCB 0 foo.example.", "TYPE64 0000 03666f6f 076578616d706c65 00"},
		     {"SVCB 1 foo. port=53", "TYPE64 0001 03666f6f 00 0003 0002 0035"},
		     {"SVCB 1 foo. key667=\"hello\\210qoo\"",
		      "TYPE64 0001 03666f6f 00 029b 0009 68656c6c6fd2716f6f"},
		     {"SVCB 16 foo. alpn=h2,h3-19 mandatory=ipv4hint,alpn ipv4hint=192.0.2.1",
		      "TYPE64 0010 03666f6f 00 0000 0004 0001 0004 0001 0009 026832 05 "
		      "68332d3139 "
		      "0004 0004 c0000201"},
		     {"HTTPS 1 . ipv6hint=\"2001:db8::1\"",
		      "TYPE65 0001 00 0006 0010 20010db8000000000000000000000001"}}) {
		ASSERT_EQ(with("x " + text + "\n"), "good") << text;
		std::string want = source->content;
		size_t space = octets.find(' ');
		std::string hex = octets.substr(space);
		auto digits = hex.size() - std::count(hex.begin(), hex.end(), ' ');
		ASSERT_EQ(with("x " + octets.substr(0, space) + " \\# " +
			       std::to_string(digits / 2) + hex + "\n"),
			  "good")
			<< octets;
		EXPECT_EQ(source->content, want) << text;
	}
}

TEST_F(ZoneFile, Rfc1035_5_1_OwnersClassesAndTtls)
{
	EXPECT_EQ(with("\t\n ; nothing\n\t60 IN TXT a\n@ in 60 TXT b\nX IN A 192.0.2.1\n \tTXT c ; "
		       "d\r\n"
		       "\\120 1m AAAA ::1\r\n( y\n A\n )192.0.2.1\n$ttl 1W2d\n$origin sub\nz A "
		       "192.0.2.1\n"
		       "$ORIGIN .\nT.example TXT a\\ b"),
		  "good");
	ASSERT_TRUE(source);
	ZoneBox same("t.example",
		     "@ SOA ns host 7 1 2 3 60\n@ NS ns.elsewhere.\n@ 60 TXT a\n@ 60 TXT b\n"
		     "@ 60 TXT \"a b\"\nx A 192.0.2.1\nx TXT c\nx 60 AAAA ::1\ny A 192.0.2.1\n"
		     "z.sub 777600 A 192.0.2.1\n");
	EXPECT_EQ(std::string((const char *)source->packed, source->packed_len),
		  std::string((const char *)same.zone->data->packed, same.zone->data->packed_len));
}

TEST_F(ZoneFile, WithoutATtlItIsAnHour)
{
	EXPECT_EQ(text("@ SOA ns host 7 1 2 3 60\n@ 5 NS ns.elsewhere.\nx TXT y\n"), "good");
	std::string before = source->content;
	EXPECT_EQ(text("$TTL 3600\n@ SOA ns host 7 1 2 3 60\n@ 5 NS ns.elsewhere.\nx TXT y\n"),
		  "good");
	EXPECT_EQ(source->content, before);
}

/* What ldns would take and change, too. */
TEST_F(ZoneFile, DataThatIsWrongIsRefused)
{
	for (const char *data :
	     {"MX 65536 a",
	      "MX -1 a",
	      "MX 1",
	      "MX 1 a b",
	      "SRV 1 2 65536 a",
	      "CAA 256 issue \"x\"",
	      "SOA a b 4294967296 1 2 3 4",
	      "SOA a b 1 2 3 4 4294967296",
	      "TLSA 256 1 1 00",
	      "TLSA 3 1 1 000",
	      "TLSA 3 1 1 0g",
	      "APL 1:10.0.0.0/33",
	      "NSEC a BOGUS",
	      "RRSIG BOGUS 8 2 300 1 1 1 t. AAAA",
	      "TXT \"a\"b",
	      "TXT \"a",
	      "TXT a\\",
	      "TXT \\256",
	      "A \\# 3 010203",
	      "A \\# 5 0102030405",
	      "A \\# 4 010203",
	      "A \\# 4 0102030",
	      "MX \\# 4 000a c000",
	      "CNAME \\# 2 c00c",
	      "TXT \\# 2 0261",
	      "TYPE65300",
	      "TYPE65300 00",
	      "TYPE65300 \\# 65536",
	      "TYPE65300 \\# x",
	      "TYPE65536 \\# 0",
	      "BOGUS a",
	      "HTTPS 1 . port=70000",
	      "HTTPS 1 . key3=70000",
	      "HTTPS 1 . alpn=h2 alpn=h3",
	      "HTTPS 1 . alpn=a\\\\,b",
	      "HTTPS 1 . mandatory=alpn",
	      "HTTPS 1 . ipv6hint=::1,0000000000000000000000000000000000000000000000",
	      "HTTPS 1 . key6=0000000000000000000000000000000000000000000000",
	      "A ) 192.0.2.1",
	      "A (( 192.0.2.1",
	      "4294967296 A 192.0.2.1",
	      "1x A 192.0.2.1",
	      ""})
		EXPECT_EQ(with(std::string("x ") + data + "\n").substr(0, 4), "z:4:") << data;
	for (const char *owner :
	     {"a..b", ".a", "a\\256", "a@b", "\"a\"", "a\\1",
	      "a123456789012345678901234567890123456789012345678901234567890123"})
		EXPECT_EQ(with(std::string(owner) + " A 192.0.2.1\n").substr(0, 4), "z:4:")
			<< owner;
	EXPECT_EQ(text(" A 192.0.2.1\n"), "z:1: the first record has no owner\n");
	EXPECT_EQ(with(std::string("x A 192.0.2.1\0\n", 15)), "z:4: an octet 0\n");
	EXPECT_EQ(with("x TXT " + std::string(1 << 20, 'a') + "\n"),
		  "z:4: an entry that is too long for a record\n");
	EXPECT_EQ(with("x TXT " + std::string(256, 'a') + "\n").substr(0, 4), "z:4:");
	EXPECT_EQ(read("."), "turnout.conf:9: " + folder + "/.: is no regular file\n");
}

TEST_F(ZoneFile, DirectivesThatAreWrongEndTheFile)
{
	for (const char *directive :
	     {"$TTL", "$TTL x", "$TTL 1 2", "$ORIGIN", "$ORIGIN a..b", "$ORIGIN a b", "$INCLUDE",
	      "$INCLUDE z a..b", "$INCLUDE z a b", "$GENERATE 1-2 a"})
		EXPECT_EQ(with(std::string(directive) + "\nx A 1\n"),
			  "z:4: '" + std::string(directive).substr(0, strcspn(directive, " ")) +
				  "' is not understood\n");
}

TEST_F(ZoneFile, TheLineIsThatWhereTheRecordBegins)
{
	EXPECT_EQ(with("; a\n\nx TXT ( a\n b\n )\ny ( ; c\n A\n 192.0.2 )\nz A 192.0.2.1\n"),
		  "z:9: '192.0.2' is wrong in the data of A\n");
}

TEST_F(ZoneFile, Rfc1035_5_1_AnIncludedFileChangesNothingBehindIt)
{
	write("in c", "$TTL 5\n$ORIGIN other.\n");
	EXPECT_EQ(with("x A 192.0.2.1\n$INCLUDE \"in c\"\n TXT y\nz A 192.0.2.1\n"), "good");
	std::string before = source->content;
	EXPECT_EQ(with("x A 192.0.2.1\nx TXT y\nz A 192.0.2.1\n"), "good");
	EXPECT_EQ(source->content, before);
	write("blank", " TXT y\n");
	EXPECT_EQ(with("x A 192.0.2.1\n$INCLUDE blank\n"),
		  "blank:1: the first record has no owner\n");
}

TEST_F(ZoneFile, LinesHoldRecordsOnly)
{
	struct dns_name apex;
	ASSERT_TRUE(dns_name_from_text("t.example", &apex));
	for (const auto &[line, fault] : std::vector<std::pair<std::string, std::string>>{
		     {"$INCLUDE z", "'$INCLUDE' is for files"},
		     {"$TTL 5", "'$TTL' is for files"},
		     {"", "is no record"},
		     {"; x", "is no record"},
		     {"x A", "'A' has not all of its data"}}) {
		struct zone_records records = {};
		faults_clear(&faults);
		zone_file_line(line.c_str(), &apex, 60, {"conf", 3}, &records, &faults);
		ASSERT_EQ(faults.total, 1u) << line;
		EXPECT_EQ(faults.list[0].text, "records: '" + line + "': " + fault);
		EXPECT_EQ(faults.list[0].line, 3u);
		EXPECT_EQ(records.n, 0u);
		zone_records_clear(&records);
	}
}

TEST_F(ZoneFile, FaultsHaveFileAndLine)
{
	const std::string cname = " stands beside a CNAME (RFC 1034 section 3.6.2)\n";
	write("bad", "\nx A 192.0.2.300\n");
	for (const auto &[more, fault] : std::vector<std::pair<std::string, std::string>>{
		     {"x A 1.2.3\n", "z:4: '1.2.3' is wrong in the data of A\n"},
		     {"$INCLUDE bad\n", "bad:2: '192.0.2.300' is wrong in the data of A\n"},
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
		     {"x CH A 192.0.2.1\n", "z:4: a record of another class than IN\n"}}) {
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
		  "z:4: 'x' is wrong in the data of A\nz:6: 'x' is wrong in the data of AAAA\n");
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
