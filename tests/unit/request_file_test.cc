/* request_file_test - the requests of pcap files, and files that are none. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include <cstdio>
#include <gtest/gtest.h>
#include <string>
#include <unistd.h>

extern "C" {
#include "tests/bench/request_file.h"
}

namespace
{

std::string native(uint32_t value)
{
	return std::string(reinterpret_cast<const char *>(&value), 4);
}

const std::string head =
	native(0xa1b2c3d4) + native(0x00040002) + native(0) + native(0) + native(65535) + native(1);

std::string record(uint8_t protocol, const std::string &payload)
{
	struct frame frame = {};
	frame.family = 4;
	frame.protocol = protocol;
	frame.flags = protocol == FRAME_TCP ? FRAME_ACK : 0;
	frame.payload = {reinterpret_cast<const uint8_t *>(payload.data()),
			 (uint32_t)payload.size()};
	uint8_t octets[FRAME_MAX];
	size_t len = frame_write(&frame, octets, sizeof(octets));
	std::string length = native((uint32_t)len);
	return native(0) + native(0) + length + length + std::string((const char *)octets, len);
}

class RequestFile : public testing::Test
{
      protected:
	std::string path_ = testing::TempDir() + "request_file_test." + std::to_string(getpid());
	struct request_file file_ = {};

	std::string read(const std::string &octets)
	{
		FILE *out = fopen(path_.c_str(), "wb");
		fwrite(octets.data(), 1, octets.size(), out);
		fclose(out);
		request_file_free(&file_);
		const char *fault = request_file_read(&file_, path_.c_str());
		return fault ? fault : "";
	}

	~RequestFile() override
	{
		request_file_free(&file_);
		unlink(path_.c_str());
	}
};

TEST_F(RequestFile, GivesThemInTheirOrder)
{
	std::string query = "a DNS query's octets", get = "GET / HTTP/1.1\r\n\r\n";
	ASSERT_EQ(read(head + record(FRAME_UDP, query) + record(FRAME_TCP, get)), "");
	ASSERT_EQ(file_.n, 2u);
	EXPECT_EQ(file_.all[0].protocol, FRAME_UDP);
	EXPECT_EQ(std::string((const char *)file_.all[0].payload.at, file_.all[0].payload.len),
		  query);
	EXPECT_EQ(file_.all[1].protocol, FRAME_TCP);
	EXPECT_EQ(std::string((const char *)file_.all[1].payload.at, file_.all[1].payload.len),
		  get);
}

TEST_F(RequestFile, RefusesWhatIsNone)
{
	std::string one = record(FRAME_UDP, "a DNS query's octets");
	EXPECT_EQ(read(""), "is no pcap file of Ethernet frames of this machine's byte order");
	EXPECT_EQ(read(std::string(24, 'x')),
		  "is no pcap file of Ethernet frames of this machine's byte order");
	EXPECT_EQ(read(head), "is empty");
	for (size_t len = 1; len < one.size(); len++)
		EXPECT_NE(read(head + one.substr(0, len)), "") << len;
	EXPECT_EQ(read(head + record(FRAME_UDP, "too short")),
		  "has a frame that is no DNS query over UDP and no GET");
	EXPECT_EQ(read(head + record(FRAME_TCP, "")),
		  "has a frame that is no DNS query over UDP and no GET");
	EXPECT_EQ(read(head + native(0) + native(0) + native(0xffffffff) + native(1)),
		  "is cut off");
	struct request_file none;
	EXPECT_STREQ(request_file_read(&none, "/nowhere/at-all"), "cannot be read");
}

} // namespace
