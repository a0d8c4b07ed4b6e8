/* jwt_world - a folder with the keys and tokens of another implementation, and tokens of our own. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "control/jwks.h"
#include "lib/base64url.h"
#include "lib/jwt.h"
}

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>

inline struct span span_of(const std::string &text)
{
	return {(const uint8_t *)text.data(), (uint32_t)text.size()};
}

/* Made once for a test program. */
class JwtWorld
{
      public:
	static JwtWorld &get()
	{
		static JwtWorld world;
		return world;
	}
	std::string path(const std::string &name) const
	{
		return folder + "/" + name;
	}
	void write(const std::string &name, const std::string &text) const
	{
		std::ofstream(path(name), std::ios::binary) << text;
	}
	std::string read(const std::string &name) const
	{
		std::stringstream text;
		text << std::ifstream(path(name), std::ios::binary).rdbuf();
		return text.str();
	}
	/* A token that the other implementation made. */
	std::string token(const std::string &alg) const
	{
		return find("tokens.txt", alg);
	}
	/* A client that it encrypted: "192.0.2.1=A128GCM". */
	std::string client(const std::string &name) const
	{
		return find("clients.txt", name);
	}
	/* What it says of "ALG TOKEN" lines of ours. */
	std::string check(const std::string &lines) const
	{
		write("made.txt", lines);
		return run("check " + folder);
	}

      private:
	std::string folder;

	std::string find(const std::string &file, const std::string &wanted) const
	{
		std::ifstream lines(path(file));
		std::string name, token;
		while (lines >> name >> token)
			if (name == wanted)
				return token;
		throw std::runtime_error("no " + wanted);
	}
	JwtWorld()
	{
		char name[] = "/tmp/jwt_world.XXXXXX";
		if (!mkdtemp(name))
			throw std::runtime_error("mkdtemp");
		folder = name;
		run("make " + folder);
	}
	~JwtWorld()
	{
		if (system(("rm -r " + folder).c_str()))
			perror("rm");
	}
	static std::string run(const std::string &words)
	{
		const char *source = getenv("TURNOUT_SOURCE");
		std::string command = "/usr/bin/python3 " + std::string(source ? source : ".") +
				      "/tests/support/jwt_oracle.py " + words;
		FILE *pipe = popen(command.c_str(), "r");
		std::string text;
		char buf[4096];
		for (size_t n; pipe && (n = fread(buf, 1, sizeof(buf), pipe)) > 0;)
			text.append(buf, n);
		if (!pipe || pclose(pipe) != 0)
			throw std::runtime_error(command);
		return text;
	}
};

/* Keys of one issuer, loaded from a file of the world or by its path. */
class Keys
{
      public:
	struct jwks jwks = {};
	std::string said;

	Keys() = default;
	Keys(const std::string &file, const char *issuer, bool shared = true)
	{
		add(file, issuer, shared);
	}
	~Keys()
	{
		jwks_clear(&jwks);
	}
	Keys(const Keys &) = delete;
	Keys &operator=(const Keys &) = delete;
	bool add(const std::string &file, const char *issuer, bool shared = true,
		 const char *kid = nullptr)
	{
		struct faults faults = {};
		struct jwks_owner owner = {issuer, kid, shared};
		std::string path = JwtWorld::get().path(file);
		bool good = jwks_load(&jwks, path.c_str(), &owner, &faults);
		for (size_t i = 0; i < faults.n; i++)
			said += std::string(faults.list[i].file + path.size() - file.size()) +
				": " + faults.list[i].text + "\n";
		faults_clear(&faults);
		return good;
	}
	const struct jwks_key *key(enum jwt_alg alg) const
	{
		return jwks_next(&jwks, nullptr, nullptr, alg, nullptr);
	}
};

inline std::string encode(const std::string &text)
{
	std::string out(base64url_len(text.size()), '\0');
	struct writer w = writer_of(&out[0], out.size());
	base64url_write(&w, text.data(), text.size());
	return out;
}

inline std::string sign(const struct jwks_key *key, enum jwt_alg alg, const std::string &claims,
			const std::string &header)
{
	char out[2 * JWT_MAX];
	struct writer w = writer_of(out, sizeof(out));
	if (!key || !jwt_sign(&w, span_of(header), span_of(claims), alg, key->pkey))
		return "";
	return std::string(out, (size_t)(w.at - (uint8_t *)out));
}

inline std::string sign(const struct jwks_key *key, enum jwt_alg alg, const std::string &claims)
{
	std::string kid = key && key->kid ? std::string(",\"kid\":\"") + key->kid + "\"" : "";
	return sign(key, alg, claims,
		    std::string("{\"alg\":\"") + jwt_alg_name(alg) + "\"" + kid + "}");
}
