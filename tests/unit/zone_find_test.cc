/* zone_find_test - what a zone says of names and types. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/zone_box.h"

#include <array>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>
#include <vector>

extern "C" {
#include "lib/bytes.h"
#include "lib/dns_wire.h"
}

static const char ZONE[] = R"(
@ SOA ns host 7 1 2 3 60
@ NS ns
ns A 192.0.2.1
www A 192.0.2.2
www TXT "x"
a.b.ent A 192.0.2.3
alias CNAME www
*.wild TXT "w"
*.wild MX 1 mail
here.wild A 192.0.2.4
deep.ent.wild A 192.0.2.5
*.cwild CNAME www
cut NS ns.cut
cut DS 1 8 2 0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF
ns.cut A 192.0.2.6
hidden.cut TXT "occluded"
dn DNAME target
dn TXT "beside"
Mixed.CASE A 192.0.2.7
)";

struct Zone : ZoneBox {
	Zone() : ZoneBox("t.example", ZONE)
	{
	}
	zone_found find(const std::string &name, uint16_t type) const
	{
		dns_name wire;
		zone_found found;
		EXPECT_TRUE(dns_name_from_text(name.c_str(), &wire));
		zone_data_find(zone->data, wire.wire, wire.len, type, &found);
		return found;
	}
	/* "answer 1 www.t.example": outcome, type and owner of what was found. */
	std::string says(const std::string &name, uint16_t type) const
	{
		static const char *const outcomes[] = {"?",        "answer", "nodata",  "nxdomain",
						       "referral", "link",   "too long"};
		char text[DNS_NAME_TEXT_MAX];
		zone_found found = find(name, type);
		std::string out = outcomes[found.outcome];
		if (found.rrset)
			out += " " + std::to_string(found.rrset->type) + " " +
			       dns_name_text(found.rrset->node->name, found.rrset->node->name_len,
					     text);
		return out;
	}
};

TEST(ZoneFind, Rfc1034_4_3_2_NamesAndTypes)
{
	Zone z;
	EXPECT_EQ(z.says("www.t.example", DNS_A), "answer 1 www.t.example");
	EXPECT_EQ(z.says("WWW.T.exAMPLE", DNS_TXT), "answer 16 www.t.example");
	EXPECT_EQ(z.says("mixed.case.t.example", DNS_A), "answer 1 mixed.case.t.example");
	EXPECT_EQ(z.says("www.t.example", DNS_AAAA), "nodata");
	EXPECT_EQ(z.says("nothing.t.example", DNS_A), "nxdomain");
	EXPECT_EQ(z.says("below.www.t.example", DNS_A), "nxdomain");
	EXPECT_EQ(z.says("t.example", DNS_SOA), "answer 6 t.example");
	EXPECT_EQ(z.says("t.example", DNS_NS), "answer 2 t.example");
	EXPECT_EQ(z.says("t.example", DNS_MX), "nodata");
}

TEST(ZoneFind, Rfc4592_2_2_2_EmptyNonTerminalsExist)
{
	Zone z;
	EXPECT_EQ(z.says("ent.t.example", DNS_A), "nodata");
	EXPECT_EQ(z.says("b.ent.t.example", DNS_A), "nodata");
	EXPECT_EQ(z.says("b.ent.t.example", DNS_ANY), "nodata");
	EXPECT_EQ(z.says("c.ent.t.example", DNS_A), "nxdomain");
	EXPECT_EQ(z.says("wild.t.example", DNS_A), "nodata");
	EXPECT_EQ(z.says("case.t.example", DNS_A), "nodata");
}

TEST(ZoneFind, Rfc4592_3_3_1_WildcardsOfTheClosestEncloserAlone)
{
	Zone z;
	EXPECT_EQ(z.says("any.wild.t.example", DNS_TXT), "answer 16 *.wild.t.example");
	EXPECT_EQ(z.says("far.off.wild.t.example", DNS_TXT), "answer 16 *.wild.t.example");
	EXPECT_EQ(z.says("any.wild.t.example", DNS_A), "nodata");
	EXPECT_EQ(z.says("*.wild.t.example", DNS_TXT), "answer 16 *.wild.t.example");
	EXPECT_EQ(z.says("x.*.wild.t.example", DNS_TXT), "nxdomain");
	EXPECT_EQ(z.says("here.wild.t.example", DNS_TXT), "nodata");
	EXPECT_EQ(z.says("x.here.wild.t.example", DNS_TXT), "nxdomain");
	EXPECT_EQ(z.says("ent.wild.t.example", DNS_TXT), "nodata");
	EXPECT_EQ(z.says("x.ent.wild.t.example", DNS_TXT), "nxdomain");
	EXPECT_EQ(z.says("x.cwild.t.example", DNS_A), "link 5 *.cwild.t.example");
	EXPECT_EQ(z.says("x.cwild.t.example", DNS_CNAME), "answer 5 *.cwild.t.example");
}

TEST(ZoneFind, Rfc1034_4_2_DelegationsAndWhatTheyHide)
{
	Zone z;
	for (const char *name :
	     {"cut.t.example", "hidden.cut.t.example", "x.cut.t.example", "ns.cut.t.example"})
		for (uint16_t type : {DNS_A, DNS_TXT, DNS_NS, DNS_SOA, DNS_ANY})
			EXPECT_EQ(z.says(name, type), "referral 2 cut.t.example") << name;
}

TEST(ZoneFind, Rfc4035_3_1_4_1_DsIsTheParents)
{
	Zone z;
	EXPECT_EQ(z.says("cut.t.example", DNS_DS), "answer 43 cut.t.example");
	EXPECT_EQ(z.says("x.cut.t.example", DNS_DS), "referral 2 cut.t.example");
	EXPECT_EQ(z.says("t.example", DNS_DS), "nodata");
}

TEST(ZoneFind, Rfc6672_2_3_DnameIsForWhatIsBelow)
{
	Zone z;
	EXPECT_EQ(z.says("dn.t.example", DNS_DNAME), "answer 39 dn.t.example");
	EXPECT_EQ(z.says("dn.t.example", DNS_TXT), "answer 16 dn.t.example");
	EXPECT_EQ(z.says("dn.t.example", DNS_A), "nodata");
	EXPECT_EQ(z.says("x.dn.t.example", DNS_A), "link 39 dn.t.example");
	EXPECT_EQ(z.says("x.y.dn.t.example", DNS_DNAME), "link 39 dn.t.example");
}

TEST(ZoneFind, Rfc8482_4_1_AnyIsOneRrset)
{
	Zone z;
	EXPECT_EQ(z.says("t.example", DNS_ANY), "answer 6 t.example");
	EXPECT_EQ(z.says("www.t.example", DNS_ANY), "answer 1 www.t.example");
	EXPECT_EQ(z.says("alias.t.example", DNS_ANY), "answer 5 alias.t.example");
	EXPECT_EQ(z.says("any.wild.t.example", DNS_ANY), "answer 15 *.wild.t.example");
}

static std::string leads_to(const Zone &z, const std::string &from, uint16_t type)
{
	char text[DNS_NAME_TEXT_MAX];
	dns_name name;
	EXPECT_TRUE(dns_name_from_text(from.c_str(), &name));
	zone_found found = z.find(from, type);
	if (found.outcome != ZONE_LINK || !zone_link(found.rrset, &name))
		return "nowhere";
	return dns_name_text(name.wire, name.len, text);
}

TEST(ZoneFind, Rfc6672_2_2_WhereLinksLead)
{
	Zone z;
	EXPECT_EQ(leads_to(z, "alias.t.example", DNS_A), "www.t.example");
	EXPECT_EQ(leads_to(z, "A.b.Dn.t.example", DNS_A), "A.b.target.t.example");
	std::string longest = "dn.t.example";
	while (longest.size() + 2 <= 253)
		longest = "x." + longest;
	EXPECT_EQ(leads_to(z, longest, DNS_A), "nowhere");
	/* The target has four octets more. */
	EXPECT_EQ(leads_to(z, longest.substr(4), DNS_A),
		  longest.substr(4, longest.size() - 4 - 12) + "target.t.example");
}

/* What the packed form says is taken only when all of it holds. */
TEST(ZoneFind, DamagedRecordsAreRefused)
{
	Zone z;
	std::mt19937 random(1);
	const zone_data *data = z.zone->data;
	const uint8_t key[16] = {};
	std::vector<uint8_t> good(data->packed, data->packed + data->packed_len);
	const char *why;
	unsigned refused = 0;
	for (size_t len = 0; len < good.size(); len++) {
		std::vector<uint8_t> cut(good.begin(), good.begin() + static_cast<long>(len));
		struct zone_data *made = zone_data_new(&z.zone->apex, cut.data(), len, key, &why);
		refused += !made && why;
		EXPECT_TRUE(made || why);
		zone_data_free(made);
	}
	EXPECT_GT(refused, good.size() * 9 / 10);
	for (int round = 0; round < 5000; round++) {
		std::vector<uint8_t> bad = good;
		for (unsigned n = 1 + random() % 3; n; n--)
			bad[random() % bad.size()] = static_cast<uint8_t>(random());
		struct zone_data *made =
			zone_data_new(&z.zone->apex, bad.data(), bad.size(), key, &why);
		zone_found found;
		dns_name name;
		ASSERT_TRUE(dns_name_from_text("x.wild.t.example", &name));
		if (made)
			zone_data_find(made, name.wire, name.len, DNS_TXT, &found);
		zone_data_free(made);
	}
}

/* Against a naive reading of RFC 1034 and 4592, over random zones. */
struct Naive {
	std::map<std::string, std::set<uint16_t>> names; /* relative, "" is the apex */

	static std::string up(const std::string &name)
	{
		size_t dot = name.find('.');
		return dot == std::string::npos ? "" : name.substr(dot + 1);
	}
	bool exists(const std::string &name) const
	{
		for (const auto &[owner, types] : names)
			if (owner == name || (owner.size() > name.size() &&
					      owner.compare(owner.size() - name.size() - 1,
							    std::string::npos, "." + name) == 0))
				return true;
		return name.empty();
	}
	std::string at(const std::string &owner, uint16_t type) const
	{
		auto found = names.find(owner);
		if (found == names.end())
			return "nodata";
		if (found->second.count(DNS_CNAME) && type != DNS_CNAME)
			return "link 5 " + owner;
		return found->second.count(type) ? "answer " + std::to_string(type) + " " + owner
						 : "nodata";
	}
	std::string says(const std::string &name, uint16_t type) const
	{
		std::vector<std::string> way;
		for (std::string at = name; !at.empty(); at = up(at))
			way.insert(way.begin(), at);
		for (const std::string &step : way) {
			auto found = names.find(step);
			if (found == names.end())
				continue;
			if (found->second.count(DNS_NS) && !(step == name && type == DNS_DS))
				return "referral 2 " + step;
			if (found->second.count(DNS_DNAME) && step != name)
				return "link 39 " + step;
		}
		if (exists(name))
			return at(name, type);
		std::string encloser = up(name);
		while (!exists(encloser))
			encloser = up(encloser);
		std::string wildcard = encloser.empty() ? "*" : "*." + encloser;
		return exists(wildcard) ? at(wildcard, type) : "nxdomain";
	}
};

static std::string random_name(std::mt19937 &random, bool may_be_wild)
{
	static const char *const labels[] = {"a", "b", "c"};
	std::string name;
	for (unsigned n = 1 + random() % 4; n; n--)
		name += (name.empty() ? "" : ".") + std::string(labels[random() % 3]);
	return may_be_wild && random() % 4 == 0 ? "*." + name : name;
}

TEST(ZoneFind, RandomZonesAgainstANaiveReading)
{
	static const std::pair<uint16_t, const char *> data[] = {
		{DNS_A, "A 192.0.2.1"}, {DNS_TXT, "TXT x"}, {DNS_MX, "MX 1 m"}};
	std::mt19937 random(5);
	unsigned outcomes = 0;
	for (int round = 0; round < 300; round++) {
		Naive naive;
		std::string text = "@ SOA ns host 7 1 2 3 60\n@ NS ns.elsewhere.\n";
		for (unsigned n = random() % 12; n; n--) {
			std::string name = random_name(random, true);
			if (naive.names.count(name))
				continue;
			unsigned kind = random() % 8;
			bool wild = name[0] == '*';
			if (kind == 0) {
				text += name + " CNAME a\n";
				naive.names[name].insert(DNS_CNAME);
			} else if (kind == 1 && !wild) {
				text += name + " NS ns.elsewhere.\n";
				naive.names[name].insert(DNS_NS);
			} else {
				for (unsigned i = 0; i < 3; i++)
					if (i == kind % 3 || random() % 2) {
						text += name + " " + data[i].second + "\n";
						naive.names[name].insert(data[i].first);
					}
			}
		}
		ZoneBox box("z", text);
		for (int ask = 0; ask < 60; ask++) {
			std::string name = random_name(random, true);
			uint16_t type = std::array<uint16_t, 5>{DNS_A, DNS_TXT, DNS_CNAME, DNS_DS,
								DNS_AAAA}[random() % 5];
			dns_name wire;
			zone_found found;
			char owner[DNS_NAME_TEXT_MAX];
			ASSERT_TRUE(dns_name_from_text((name + ".z").c_str(), &wire));
			zone_data_find(box.zone->data, wire.wire, wire.len, type, &found);
			static const char *const words[] = {"?",        "answer",   "nodata",
							    "nxdomain", "referral", "link"};
			std::string said = words[found.outcome];
			if (found.rrset) {
				std::string full =
					dns_name_text(found.rrset->node->name,
						      found.rrset->node->name_len, owner);
				said += " " + std::to_string(found.rrset->type) + " " +
					full.substr(0, full.size() - 2);
			}
			ASSERT_EQ(said, naive.says(name, type)) << name << " " << type << "\n"
								<< text;
			outcomes |= 1u << found.outcome;
		}
	}
	EXPECT_EQ(outcomes, 0b111110u);
}
