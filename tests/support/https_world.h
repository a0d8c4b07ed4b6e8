/* https_world - an event loop beside blocking clients: TLS connections as a peer would make them, and whole programs. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/tls_files.h"

extern "C" {
#include "control/tls.h"
#include "lib/peers.h"
}

#include <arpa/inet.h>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <event2/event.h>
#include <functional>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

/* The control loop goes round here while `client` runs in a thread of its own. */
inline void run_beside(struct event_base *base, const std::function<void()> &client)
{
	std::atomic<bool> done{false};
	std::thread thread([&] {
		client();
		done = true;
	});
	while (!done) {
		event_base_loop(base, EVLOOP_NONBLOCK);
		usleep(200);
	}
	thread.join();
	for (int i = 0; i < 5; i++)
		event_base_loop(base, EVLOOP_NONBLOCK);
}

inline void run_for(struct event_base *base, int ms)
{
	run_beside(base, [&] { usleep(static_cast<useconds_t>(ms) * 1000); });
}

/* What a program says, and its exit code behind it in brackets. */
inline std::string output_of(const std::string &command)
{
	std::string all;
	char buf[4096];
	FILE *out = popen((command + " 2>&1").c_str(), "r");
	for (size_t n; (n = fread(buf, 1, sizeof(buf), out)) > 0;)
		all.append(buf, n);
	int status = pclose(out);
	return all + "[" + std::to_string(WEXITSTATUS(status)) + "]";
}

/* A blocking connection, with TLS when a certificate is given. */
class Link
{
      public:
	std::string why; /* it could not be made: "connect", "handshake" */

	Link(uint16_t port, const TlsFiles *files = nullptr, const std::string &certificate = "",
	     const char *from = "127.0.0.1")
	{
		struct sockaddr_in at = {};
		at.sin_family = AF_INET;
		inet_pton(AF_INET, from, &at.sin_addr);
		fd_ = socket(AF_INET, SOCK_STREAM, 0);
		int small = 16384;
		setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
		if (bind(fd_, reinterpret_cast<struct sockaddr *>(&at), sizeof(at)))
			why = "bind";
		inet_pton(AF_INET, "127.0.0.1", &at.sin_addr);
		at.sin_port = htons(port);
		if (connect(fd_, reinterpret_cast<struct sockaddr *>(&at), sizeof(at)))
			why = "connect";
		else if (files)
			shake(*files, certificate);
	}
	~Link()
	{
		close();
	}
	Link(const Link &) = delete;
	Link &operator=(const Link &) = delete;

	void close()
	{
		if (ssl_)
			SSL_free(ssl_);
		SSL_CTX_free(context_);
		if (fd_ >= 0)
			::close(fd_);
		fd_ = -1;
		ssl_ = nullptr;
		context_ = nullptr;
	}
	bool say(const std::string &text)
	{
		for (size_t at = 0; at < text.size();) {
			ssize_t n =
				ssl_ ? SSL_write(ssl_, text.data() + at,
						 static_cast<int>(text.size() - at))
				     : send(fd_, text.data() + at, text.size() - at, MSG_NOSIGNAL);
			if (n <= 0)
				return false;
			at += static_cast<size_t>(n);
		}
		return true;
	}
	/* What comes until it holds `end`, or for ms; "<end>" behind it when the connection ended. */
	std::string hear(const std::string &end = "", int ms = 3000)
	{
		std::string all;
		std::vector<char> buf(1 << 16);
		while (end.empty() || all.find(end) == std::string::npos) {
			struct pollfd wait = {fd_, POLLIN, 0};
			if (!(ssl_ && SSL_pending(ssl_)) && poll(&wait, 1, ms) <= 0)
				return all;
			ssize_t n = ssl_ ? SSL_read(ssl_, buf.data(), static_cast<int>(buf.size()))
					 : recv(fd_, buf.data(), buf.size(), 0);
			if (n < 0 && ssl_ &&
			    SSL_get_error(ssl_, static_cast<int>(n)) == SSL_ERROR_WANT_READ)
				continue;
			if (n <= 0)
				return all + "<end>";
			all.append(buf.data(), static_cast<size_t>(n));
		}
		return all;
	}

      private:
	int fd_ = -1;
	SSL_CTX *context_ = nullptr;
	SSL *ssl_ = nullptr;

	void shake(const TlsFiles &files, const std::string &certificate)
	{
		context_ = SSL_CTX_new(TLS_client_method());
		if (!certificate.empty()) {
			SSL_CTX_use_certificate_chain_file(
				context_, files.path(certificate + ".crt").c_str());
			SSL_CTX_use_PrivateKey_file(context_,
						    files.path(certificate + ".key").c_str(),
						    SSL_FILETYPE_PEM);
		}
		ssl_ = SSL_new(context_);
		SSL_set_fd(ssl_, fd_);
		if (SSL_connect(ssl_) != 1)
			why = "handshake";
	}
};

/* Peers as the configuration would give them. */
class Peers
{
      public:
	struct peers peers = {};

	struct peer_settings &add(const std::string &name, unsigned roles)
	{
		struct peer_settings peer = {};
		peer.name = strdup(name.c_str());
		peer.roles = roles;
		peer.limits = {10000, 100000, 16 << 20, 100000, 16};
		list_.push_back(peer);
		peers = {list_.data(), list_.size()};
		return list_.back();
	}
	struct peer_settings &secure(const std::string &name, unsigned roles,
				     const std::string &identity)
	{
		struct peer_settings &peer = add(name, roles);
		peer.identity = strdup(identity.c_str());
		return peer;
	}
	Peers()
	{
		list_.reserve(64);
	}
	~Peers()
	{
		for (struct peer_settings &peer : list_) {
			free(peer.name);
			free(peer.identity);
			free(peer.directory);
			free(peer.redirection);
			for (size_t i = 0; i < peer.n_hosts; i++)
				free(peer.hosts[i]);
		}
	}
	Peers(const Peers &) = delete;
	Peers &operator=(const Peers &) = delete;

      private:
	std::vector<struct peer_settings> list_;
};
