/* tls_files - certificates made by the openssl program: an authority, a good one, and the ways in which others are bad. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cstdlib>
#include <fstream>
#include <stdexcept>
#include <string>

/* A folder with NAME.crt and NAME.key for each certificate that was asked for, and ca.crt. It goes with all that is in it. */
class TlsFiles
{
      public:
	std::string folder;

	TlsFiles()
	{
		char name[] = "/tmp/turnout-tls.XXXXXX";
		if (!mkdtemp(name))
			throw std::runtime_error("no folder for certificates");
		folder = name;
		make_authority("ca");
	}
	~TlsFiles()
	{
		if (system(("rm -r " + folder).c_str()))
			abort();
	}
	TlsFiles(const TlsFiles &) = delete;
	TlsFiles &operator=(const TlsFiles &) = delete;

	std::string path(const std::string &name) const
	{
		return folder + "/" + name;
	}
	void make_authority(const std::string &name)
	{
		run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 "
		    "-subj '/CN=" +
		    name +
		    "' -addext basicConstraints=critical,CA:TRUE -addext "
		    "keyUsage=critical,keyCertSign -keyout " +
		    name + ".key -out " + name + ".crt");
	}
	struct Kind {
		std::string names = ""; /* "DNS:a.example,IP:127.0.0.1"; "": none */
		std::string usage = "serverAuth,clientAuth";
		std::string authority = "ca";
		std::string common_name = "nobody";
		int seconds = 86400; /* from now on; negative: it has ended */
	};
	void make(const std::string &name, const Kind &kind)
	{
		run("openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "
		    "'/CN=" +
		    kind.common_name + "' -keyout " + name + ".key -out " + name + ".csr");
		std::ofstream(path(name + ".ext"))
			<< "basicConstraints=CA:FALSE\nextendedKeyUsage=" << kind.usage << "\n"
			<< (kind.names.empty() ? "" : "subjectAltName=" + kind.names + "\n");
		std::ofstream(path(name + ".cnf"))
			<< "[ca]\ndefault_ca=d\n[d]\ndatabase=" << path("index")
			<< "\nserial=" << path("serial") << "\nnew_certs_dir=" << folder
			<< "\ndefault_md=sha256\npolicy=p\nunique_subject=no\n[p]\ncommonName="
			   "supplied\n";
		std::ofstream(path("index"), std::ios::app);
		run("openssl ca -batch -notext -config " + name + ".cnf -rand_serial -cert " +
		    kind.authority + ".crt -keyfile " + kind.authority +
		    ".key -startdate $(date -u -d @$(($(date +%s) - 86400)) +%Y%m%d%H%M%SZ) "
		    "-enddate $(date -u -d @$(($(date +%s) + (" +
		    std::to_string(kind.seconds) + "))) +%Y%m%d%H%M%SZ) -extfile " + name +
		    ".ext -in " + name + ".csr -out " + name + ".crt");
	}
	/* In the folder; what it says is in FOLDER/log. */
	void run(const std::string &command) const
	{
		if (system(("cd " + folder + " && { " + command + "; } >>log 2>&1").c_str()))
			throw std::runtime_error("failed: " + command + "\n" + text("log"));
	}
	std::string text(const std::string &name) const
	{
		std::ifstream in(path(name));
		return std::string(std::istreambuf_iterator<char>(in), {});
	}
};
