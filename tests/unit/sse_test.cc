/* sse_test - event streams read in pieces of every size, their limits, and events written so that JSON is not broken. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/failing_malloc.h"
#include "tests/support/guard_page.h"
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>
#include <vector>

extern "C" {
#include "lib/sse.h"
}

namespace
{

/* What a stream has, one line for each thing: "name|data", ":", "!". */
struct Reader {
	sse state = {};
	std::string seen;

	explicit Reader(size_t max = 1000)
	{
		state.max = max;
	}
	~Reader()
	{
		sse_clear(&state);
	}
	void feed(const std::string &piece)
	{
		GuardPage page(piece.data(), piece.size());
		const char *at = reinterpret_cast<char *>(page.data()), *end = at + piece.size();
		for (;;) {
			sse_found found = sse_read(&state, &at, end);
			if (found == SSE_MORE)
				break;
			if (found == SSE_EVENT)
				seen += std::string(state.name) + "|" +
					std::string(state.data, state.len) + "\n";
			else
				seen += found == SSE_COMMENT    ? ":\n"
					: found == SSE_TOO_LONG ? "!\n"
								: "no memory\n";
			if (found == SSE_TOO_LONG || found == SSE_NO_MEMORY)
				return;
		}
		EXPECT_EQ(at, end);
	}
};

/* The same for pieces of every size. */
std::string read(const std::string &stream, size_t max = 1000)
{
	Reader whole(max);
	whole.feed(stream);
	for (size_t size : {1, 2, 3, 5, 16}) {
		Reader pieces(max);
		for (size_t i = 0; i < stream.size() && pieces.seen.find('!') == std::string::npos;
		     i += size)
			pieces.feed(stream.substr(i, size));
		EXPECT_EQ(pieces.seen, whole.seen) << "pieces of " << size << " of " << stream;
	}
	return whole.seen;
}

TEST(Sse, EventsOfAStream)
{
	EXPECT_EQ(read("event: a/b,c\ndata: {}\n\n"), "a/b,c|{}\n");
	EXPECT_EQ(read("data: 1\ndata:2\ndata:  3\n\n"), "|1\n2\n 3\n");
	EXPECT_EQ(read("data\n\n"), "|\n");
	EXPECT_EQ(read("data:\ndata\ndata: \n\n"), "|\n\n\n");
	EXPECT_EQ(read("data: a:b: c\n\n"), "|a:b: c\n");
	EXPECT_EQ(read("event: x\nevent: y\ndata: 1\n\n"), "y|1\n");
	EXPECT_EQ(read("event: x\ndata: 1\n\ndata: 2\n\n"), "x|1\n|2\n") << "names do not last";
}

TEST(Sse, LinesEndInThreeWays)
{
	for (std::string end : {"\n", "\r", "\r\n"}) {
		EXPECT_EQ(read("event: a" + end + "data: 1" + end + "data: 2" + end + end + ": c" +
			       end + "data: 3" + end + end),
			  "a|1\n2\n:\n|3\n");
	}
	EXPECT_EQ(read("data: 1\r\n\rdata: 2\n\r\n"), "|1\n|2\n");
	EXPECT_EQ(read("data: 1\n\r"), "|1\n");
	EXPECT_EQ(read("data: 1\r\r"), "|1\n") << "given out before it is known what follows";
}

TEST(Sse, WhatIsNoEventIsPassedOver)
{
	EXPECT_EQ(read("\n\n\n\n"), "");
	EXPECT_EQ(read("event: x\n\ndata: 1\n\n"), "|1\n") << "no data, and its name is gone";
	EXPECT_EQ(read("id: 7\nretry: 10\nother: 1\ndatax: 1\ndat: 1\nDATA: 1\n data: 1\ndata : "
		       "1\n\n"),
		  "");
	EXPECT_EQ(read("data: 1\n"), "") << "not complete";
	EXPECT_EQ(read("data: 1\nevent: y"), "");
	EXPECT_EQ(read("verylongnameoffield: 1\ndata: 2\n\n"), "|2\n");
	EXPECT_EQ(read("datadatadata\n\n"), "");
}

TEST(Sse, CommentsKeepTheConnectionAlive)
{
	EXPECT_EQ(read(":\n"), ":\n");
	EXPECT_EQ(read(": keep-alive\n\n:x\n"), ":\n:\n");
	EXPECT_EQ(read("data: 1\n: in between\ndata: 2\n\n"), ":\n|1\n2\n");
	EXPECT_EQ(read(": not yet"), "");
	EXPECT_EQ(read(SSE_KEEP_ALIVE), ":\n");
}

TEST(Sse, AByteOrderMarkIsAtTheStartOnly)
{
	EXPECT_EQ(read("\xef\xbb\xbf"
		       "data: 1\n\n"),
		  "|1\n");
	EXPECT_EQ(read("\xef\xbb"
		       "data: 1\n\ndata: 2\n\n"),
		  "|2\n");
	EXPECT_EQ(read("\xef\xbb\xbf\xef\xbb\xbf"
		       "data: 1\n\n"),
		  "");
	EXPECT_EQ(read("data: 1\n\n\xef\xbb\xbf"
		       "data: 2\n\n"),
		  "|1\n");
}

TEST(Sse, OctetsOfAllValuesAreKept)
{
	std::string all;
	for (int c = 0; c < 256; c++)
		if (c != '\n' && c != '\r')
			all += static_cast<char>(c);
	EXPECT_EQ(read("data:" + all + "\n\n"), "|" + all + "\n");
}

TEST(Sse, EventsHaveALimit)
{
	EXPECT_EQ(read("data: 12345\n\ndata: 12345\n\n", 5), "|12345\n|12345\n");
	EXPECT_EQ(read("data: 123\ndata: 4\n\n", 5), "|123\n4\n");
	EXPECT_EQ(read("data: 123456\n\n", 5), "!\n");
	EXPECT_EQ(read("data: 123\ndata: 45\n\n", 5), "!\n");
	EXPECT_EQ(read("data\ndata\ndata\n\n", 1), "!\n");
	EXPECT_EQ(read("event: " + std::string(SSE_NAME_MAX, 'a') + "\ndata: 1\n\n"),
		  std::string(SSE_NAME_MAX, 'a') + "|1\n");
	EXPECT_EQ(read("event: " + std::string(SSE_NAME_MAX + 1, 'a') + "\ndata: 1\n\n"), "!\n");
	EXPECT_EQ(read(":" + std::string(5000, 'c') + "\nid:" + std::string(5000, 'd') + "\n", 5),
		  ":\n")
		<< "what is passed over may be long";
	Reader reader(5);
	reader.feed("data: 123456\n\n");
	reader.feed("data: 1\n\n");
	EXPECT_EQ(reader.seen, "!\n!\n") << "there is no way back into the stream";
}

TEST(Sse, MemoryThatRunsOut)
{
	Reader reader;
	failing_malloc.reset(0, true);
	reader.feed("data: 1\n\n");
	reader.feed("data: 1\n\n");
	failing_malloc.reset(-1);
	reader.feed("data: 1\n\n");
	EXPECT_EQ(reader.seen, "no memory\nno memory\nno memory\n");
	size_t len;
	failing_malloc.reset(0);
	EXPECT_EQ(sse_write("a", "1", 1, &len), nullptr);
	failing_malloc.reset(-1);
}

/* --- Writing ---------------------------------------------------------------------------------- */

std::string write(const std::string &name, const std::string &json)
{
	size_t len;
	GuardPage page(json.data(), json.size());
	char *text =
		sse_write(name.c_str(), reinterpret_cast<char *>(page.data()), json.size(), &len);
	std::string result(text, len);
	EXPECT_EQ(strlen(text), len);
	free(text);
	return result;
}

TEST(Sse, EventsAreWritten)
{
	EXPECT_EQ(write("a/b,c", "{\"a\":1}"), "event: a/b,c\ndata: {\"a\":1}\n\n");
	EXPECT_EQ(write("a", "[1,\n2,\r\n3]"),
		  "event: a\ndata: [1,\ndata: 2,\ndata: \ndata: 3]\n\n");
	EXPECT_EQ(write("a", ""), "event: a\n\n");
}

TEST(Sse, LongJsonIsBrokenBetweenTokensOnly)
{
	std::string json = "[";
	for (int i = 0; i < 3000; i++)
		json += (i ? "," : "") + std::to_string(i) + ",\"a,b:\\\"[{" + std::to_string(i) +
			"\\\\\"";
	json += ",\"" + std::string(5000, 'x') + "\"]";
	std::string event = write("a", json), seen = read(event, 1 << 20);
	std::istringstream lines(event);
	size_t n = 0, longest = 0;
	for (std::string line; std::getline(lines, line); n++)
		longest = std::max(longest, line.size());
	EXPECT_GT(n, 40u);
	EXPECT_LT(longest, 1024u + 5100u);
	ASSERT_EQ(seen.substr(0, 2), "a|");
	EXPECT_EQ(text_of(parsed(seen.substr(2))), text_of(parsed(json)));
}

} /* namespace */
