/* alto_error_test - error bodies written, read, and shown without harm. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/json_ptr.h"

#include <gtest/gtest.h>

extern "C" {
#include "control/alto_error.h"
}

namespace
{

TEST(AltoError, IsWritten)
{
	auto text = [](json_t *error) { return text_of(JsonPtr(error)); };
	EXPECT_EQ(text(alto_error_write(ALTO_E_MISSING_FIELD, "add", nullptr)),
		  R"({"meta":{"code":"E_MISSING_FIELD","field":"add"}})");
	EXPECT_EQ(text(alto_error_write(ALTO_E_INVALID_FIELD_VALUE, "a/b", "7")),
		  R"({"meta":{"code":"E_INVALID_FIELD_VALUE","field":"a/b","value":"7"}})");
	EXPECT_EQ(text(alto_error_write(ALTO_E_INVALID_FIELD_TYPE, nullptr, "7")),
		  R"({"meta":{"code":"E_INVALID_FIELD_TYPE"}})")
		<< "a value needs a field";
	EXPECT_EQ(text(alto_error_write_syntax("octet 7")),
		  R"({"meta":{"code":"E_SYNTAX","syntax-error":"octet 7"}})");
}

TEST(AltoError, IsReadAndShownWithoutHarm)
{
	char text[800];
	alto_error error;
	JsonPtr body = parsed(R"({"meta":{"code":"E_X\u001b[2J","field":")" +
			      std::string(500, 'f') + R"(","value":7,"syntax-error":"\u00e4"}})");
	ASSERT_TRUE(alto_error_read(body.get(), &error));
	EXPECT_STREQ(alto_error_text(&error, text, sizeof(text)),
		     ("E_X?[2J at '" + std::string(127, 'f') + "': ??").c_str());
	EXPECT_EQ(strlen(alto_error_text(&error, text, 10)), 9u);

	body = parsed(R"({"meta":{"code":"E","value":")" + std::string(254, 'v') + "\u00e4\"}}");
	ASSERT_TRUE(alto_error_read(body.get(), &error));
	EXPECT_EQ(std::string(error.value), std::string(254, 'v')) << "no character is cut";
}

TEST(AltoError, OtherBodiesAreNone)
{
	alto_error error;
	for (const char *body : {"{}", "[]", "7", "{'meta': 7}", "{'meta': {}}",
				 "{'meta': {'code': 7}}", "{'code': 'E_SYNTAX'}"})
		EXPECT_FALSE(alto_error_read(json_of(body).get(), &error)) << body;
	EXPECT_STREQ(error.code, "");
}

} /* namespace */
