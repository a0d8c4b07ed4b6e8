/* tls_test - certificates that are ours and of peers: what is read, whom they fit, and what is refused in a real handshake. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/support/tls_files.h"

extern "C" {
#include "control/tls.h"
}

#include <ctime>
#include <gtest/gtest.h>
#include <openssl/pem.h>

namespace
{

struct Check {
	struct tls_check check = {};
	std::string identity;

	explicit Check(const std::string &who) : identity(who)
	{
		check.fits = [](struct tls_check *c, const X509 *certificate) {
			return tls_certificate_fits(certificate,
						    reinterpret_cast<Check *>(c)->identity.c_str());
		};
	}
};

class TlsTest : public testing::Test
{
      public:
	static TlsFiles *files;
	char err[512] = "";

	static void SetUpTestSuite()
	{
		files = new TlsFiles;
		files->make("a", {"DNS:cdn-a.example"});
		files->make("b", {"DNS:cdn-b.example,DNS:Other.Example,URI:urn:cdn:b,IP:192.0.2.7,"
				  "IP:2001:db8::7"});
		files->make("wild", {"DNS:*.example,DNS:*.cdn-b.example"});
		files->make("cn", {"", "serverAuth,clientAuth", "ca", "cdn-b.example"});
		files->make("cn2", {"email:x@cdn-b.example", "serverAuth,clientAuth", "ca",
				    "cdn-b.example"});
		files->make("ended",
			    {"DNS:cdn-b.example", "serverAuth,clientAuth", "ca", "x", -60});
		files->make("server", {"DNS:cdn-b.example", "serverAuth"});
		files->make("client", {"DNS:cdn-b.example", "clientAuth"});
		files->make_authority("evil");
		files->make("forged", {"DNS:cdn-b.example", "serverAuth,clientAuth", "evil"});
	}
	static void TearDownTestSuite()
	{
		delete files;
	}
	struct tls *open(const std::string &certificate, const std::string &key,
			 const std::string &authorities)
	{
		std::string c = files->path(certificate), k = files->path(key),
			    a = files->path(authorities);
		struct tls_files paths = {c.c_str(), k.c_str(), a.c_str()};
		return tls_new(&paths, err, sizeof(err));
	}
	struct tls *open(const std::string &name)
	{
		struct tls *tls = open(name + ".crt", name + ".key", "ca.crt");
		EXPECT_TRUE(tls) << err;
		return tls;
	}
	X509 *certificate(const std::string &name)
	{
		FILE *in = fopen(files->path(name + ".crt").c_str(), "r");
		X509 *read = PEM_read_X509(in, nullptr, nullptr, nullptr);
		fclose(in);
		return read;
	}
	bool fits(const std::string &name, const std::string &identity)
	{
		X509 *one = certificate(name);
		bool answer = tls_certificate_fits(one, identity.c_str());
		X509_free(one);
		return answer;
	}
	/* Hands shaken in memory; "" when both sides are content, else who complained and why. */
	std::string shake(struct tls *server, struct tls *client, Check *of_server,
			  Check *of_client, SSL_CTX *context = nullptr)
	{
		SSL *s = tls_accept(server, &of_server->check);
		SSL_CTX *made = context ? context : SSL_CTX_new(TLS_client_method());
		EXPECT_TRUE(context || tls_connect(client, made, &of_client->check));
		SSL *c = SSL_new(made);
		BIO *left, *right;
		BIO_new_bio_pair(&left, 1 << 16, &right, 1 << 16);
		SSL_set_bio(s, left, left);
		SSL_set_bio(c, right, right);
		SSL_set_accept_state(s);
		SSL_set_connect_state(c);
		int done_s = 0, done_c = 0;
		for (int i = 0; i < 20; i++) {
			done_c = SSL_do_handshake(c);
			done_s = SSL_do_handshake(s);
		}
		std::string said;
		if (done_s != 1)
			said += std::string("server: ") + of_server->check.why;
		if (done_c != 1)
			said += std::string("client: ") + of_client->check.why;
		if (said.empty()) {
			version = SSL_get_version(s);
			cipher = SSL_get_cipher_name(s);
			EXPECT_TRUE(tls_identity_fits(s, of_server->identity.c_str()));
			EXPECT_FALSE(tls_identity_fits(s, "nobody.example"));
			char octet;
			SSL_read(c, &octet, 1);
			resumable = SSL_SESSION_is_resumable(SSL_get0_session(c)) &&
				    SSL_version(c) == TLS1_3_VERSION;
		}
		SSL_free(s);
		SSL_free(c);
		SSL_CTX_free(made);
		return said;
	}
	std::string shake_with(const std::string &name)
	{
		struct tls *server = open("a"),
			   *client = open(name + ".crt", name + ".key", "ca.crt");
		Check of_server("cdn-b.example"), of_client("cdn-a.example");
		std::string said = client ? shake(server, client, &of_server, &of_client) : err;
		ends = of_server.check.ends;
		tls_free(server);
		tls_free(client);
		return said;
	}
	std::string version, cipher;
	bool resumable = false;
	uint64_t ends = 0;
};

TlsFiles *TlsTest::files;

TEST_F(TlsTest, IdentityIsASubjectAltName)
{
	EXPECT_TRUE(fits("b", "cdn-b.example"));
	EXPECT_TRUE(fits("b", "CDN-B.Example"));
	EXPECT_TRUE(fits("b", "other.example"));
	EXPECT_TRUE(fits("b", "urn:cdn:b"));
	EXPECT_TRUE(fits("b", "192.0.2.7"));
	EXPECT_TRUE(fits("b", "2001:db8:0::7"));
}

TEST_F(TlsTest, NothingElseFits)
{
	for (const char *identity :
	     {"", "example", "b.example", "cdn-b.exampl", "cdn-b.example.", "xcdn-b.example",
	      "urn:cdn:B", "URN:cdn:b", "192.0.2.8", "2001:db8::8", "cdn-a.example", "nobody",
	      "*.example", "192.0.2.7 "})
		EXPECT_FALSE(fits("b", identity)) << identity;
}

TEST_F(TlsTest, ADnsNameIsNoUriAndNoAddress)
{
	files->make("odd", {"DNS:192.0.2.9,URI:cdn-b.example"});
	EXPECT_FALSE(fits("odd", "192.0.2.9"));
	EXPECT_FALSE(fits("odd", "cdn-b.example"));
}

TEST_F(TlsTest, CommonNameNeverCounts)
{
	EXPECT_FALSE(fits("cn", "cdn-b.example"));
	EXPECT_FALSE(fits("cn2", "cdn-b.example"));
}

TEST_F(TlsTest, WildcardsAreNobodys)
{
	EXPECT_FALSE(fits("wild", "cdn-b.example"));
	EXPECT_FALSE(fits("wild", "x.cdn-b.example"));
	EXPECT_FALSE(fits("wild", "*.example"));
}

TEST_F(TlsTest, NamesAreToldAndCutOff)
{
	char buf[256], small[12];
	X509 *one = certificate("b"), *none = certificate("cn");
	EXPECT_STREQ(tls_certificate_names(one, buf, sizeof(buf)),
		     "DNS:cdn-b.example, DNS:Other.Example, URI:urn:cdn:b, IP:192.0.2.7, "
		     "IP:2001:db8::7");
	EXPECT_STREQ(tls_certificate_names(one, small, sizeof(small)), "DNS:cdn-b.e");
	EXPECT_STREQ(tls_certificate_names(none, buf, sizeof(buf)), "no name");
	X509_free(one);
	X509_free(none);
}

TEST_F(TlsTest, FaultsNameTheFileAndTheReason)
{
	files->run("openssl ec -aes128 -passout pass:secret -in a.key -out locked.key; echo "
		   "nonsense >bad.pem; : >empty.pem");
	const struct {
		const char *certificate, *key, *authorities, *said;
	} cases[] = {
		{"none.crt", "a.key", "ca.crt",
		 "the certificate F/none.crt cannot be read: No such file or directory; expected a "
		 "PEM file with our "
		 "certificate first"},
		{"bad.pem", "a.key", "ca.crt",
		 "the certificate F/bad.pem cannot be read: no start line; expected a PEM file "
		 "with our certificate first"},
		{"empty.pem", "a.key", "ca.crt",
		 "the certificate F/empty.pem cannot be read: no start line; expected a PEM file "
		 "with our certificate first"},
		{"a.crt", "none.key", "ca.crt",
		 "the key F/none.key cannot be read: No such file or directory; expected a PEM "
		 "file with a private "
		 "key without passphrase"},
		{"a.crt", "b.key", "ca.crt",
		 "the key F/b.key does not belong to the certificate F/a.crt: key values mismatch"},
		{"a.crt", "a.key", "none.crt",
		 "the authorities F/none.crt cannot be read: No such file or directory; expected a "
		 "PEM file with the "
		 "certificates of those who vouch for peers"},
	};
	for (const auto &c : cases) {
		EXPECT_FALSE(open(c.certificate, c.key, c.authorities));
		std::string said = err;
		for (size_t at; (at = said.find(files->folder)) != std::string::npos;)
			said.replace(at, files->folder.size(), "F");
		EXPECT_EQ(said, c.said);
	}
	EXPECT_FALSE(open("a.crt", "locked.key", "ca.crt"));
	EXPECT_NE(std::string(err).find("without passphrase"), std::string::npos) << err;
	EXPECT_FALSE(open("a.crt", "a.key", "empty.pem"));
	EXPECT_NE(std::string(err).find("the authorities"), std::string::npos) << err;
	EXPECT_FALSE(open("ended.crt", "ended.key", "ca.crt"));
	EXPECT_NE(std::string(err).find("ended.crt ended at 20"), std::string::npos) << err;
}

TEST_F(TlsTest, BothSidesShowWhoTheyAre)
{
	EXPECT_EQ(shake_with("b"), "");
	EXPECT_EQ(version, "TLSv1.3");
	EXPECT_FALSE(resumable);
	EXPECT_NEAR(static_cast<double>(ends), static_cast<double>(time(nullptr) + 86400), 60);
}

TEST_F(TlsTest, BadCertificatesAreRefusedWithTheReason)
{
	EXPECT_EQ(shake_with("a"), "server: ");
	EXPECT_EQ(shake_with("wild"), "server: ");
	EXPECT_EQ(shake_with("cn"), "server: ");
	EXPECT_EQ(shake_with("server"), "server: its certificate (DNS:cdn-b.example) is refused: "
					"unsuitable certificate purpose");
	EXPECT_EQ(shake_with("forged"), "server: its certificate (DNS:cdn-b.example) is refused: "
					"unable to get local issuer certificate");
}

TEST_F(TlsTest, TheClientRefusesAServerThatMayOnlyBeAClient)
{
	struct tls *server = open("client"), *client = open("a");
	Check of_server("cdn-a.example"), of_client("cdn-b.example");
	EXPECT_EQ(shake(server, client, &of_server, &of_client),
		  "server: client: its certificate (DNS:cdn-b.example) is refused: unsuitable "
		  "certificate purpose");
	tls_free(server);
	tls_free(client);
}

TEST_F(TlsTest, WithoutACertificateNobodyComesIn)
{
	struct tls *server = open("a");
	Check of_server("cdn-b.example"), of_client("x");
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	EXPECT_EQ(shake(server, nullptr, &of_server, &of_client, context), "server: ");
	tls_free(server);
}

TEST_F(TlsTest, OldVersionsAndWeakCiphersAreRefused)
{
	struct tls *server = open("a"), *client = open("b");
	for (const char *list : {"AES128-SHA", "ECDHE-ECDSA-AES128-SHA",
				 "ECDHE-ECDSA-AES128-SHA256", "eNULL@SECLEVEL=0"}) {
		Check of_server("cdn-b.example"), of_client("cdn-a.example");
		SSL_CTX *context = SSL_CTX_new(TLS_client_method());
		tls_connect(client, context, &of_client.check);
		SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
		SSL_CTX_set_cipher_list(context, list);
		EXPECT_NE(shake(server, nullptr, &of_server, &of_client, context), "") << list;
	}
	Check of_server("cdn-b.example"), of_client("cdn-a.example");
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	tls_connect(client, context, &of_client.check);
	SSL_CTX_set_max_proto_version(context, TLS1_2_VERSION);
	EXPECT_EQ(shake(server, nullptr, &of_server, &of_client, context), "");
	EXPECT_EQ(version, "TLSv1.2");
	EXPECT_EQ(cipher.rfind("ECDHE-ECDSA-", 0), 0u) << cipher;
	context = SSL_CTX_new(TLS_client_method());
	tls_connect(client, context, &of_client.check);
	EXPECT_EQ(SSL_CTX_get_min_proto_version(context), TLS1_2_VERSION);
	SSL_CTX_set_security_level(context, 0);
	SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
	SSL_CTX_set_max_proto_version(context, TLS1_1_VERSION);
	EXPECT_NE(shake(server, nullptr, &of_server, &of_client, context), "");
	tls_free(server);
	tls_free(client);
}

TEST_F(TlsTest, ReloadIsForNewConnectionsAndAllOrNothing)
{
	files->run("cp a.crt live.crt; cp a.key live.key");
	struct tls *server = open("live"), *client = open("b");
	std::string crt = files->path("live.crt"), key = files->path("live.key"),
		    ca = files->path("ca.crt");
	struct tls_files paths = {crt.c_str(), key.c_str(), ca.c_str()};
	files->run("cp b.crt live.crt");
	EXPECT_FALSE(tls_reload(server, &paths, err, sizeof(err)));
	Check of_server("cdn-b.example"), old("cdn-a.example"), fresh("cdn-b.example");
	EXPECT_EQ(shake(server, client, &of_server, &old), "");
	files->run("cp b.key live.key");
	EXPECT_TRUE(tls_reload(server, &paths, err, sizeof(err))) << err;
	EXPECT_EQ(shake(server, client, &of_server, &fresh), "");
	tls_free(server);
	tls_free(client);
}

TEST_F(TlsTest, AChainEndsWithItsFirstCertificate)
{
	files->make("short", {"DNS:cdn-b.example", "serverAuth,clientAuth", "ca", "x", 300});
	EXPECT_EQ(shake_with("short"), "");
	EXPECT_NEAR(static_cast<double>(ends), static_cast<double>(time(nullptr) + 300), 60);
}

} // namespace
