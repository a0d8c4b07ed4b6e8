/* scripted_server - a TLS server that says what a test tells it to, octet by octet, and need not keep to HTTP. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "tests/support/https_world.h"

#include <mutex>

/* A connection to it, in a thread of its own. */
class ScriptedLink
{
      public:
	ScriptedLink(int fd, SSL *ssl) : fd_(fd), ssl_(ssl)
	{
	}
	/* The next request with its body; "" when there is none. */
	std::string request()
	{
		size_t end;
		while ((end = in_.find("\r\n\r\n")) == std::string::npos)
			if (!read())
				return "";
		size_t at = in_.find("Content-Length: "), len = end + 4;
		if (at != std::string::npos && at < end)
			len += std::stoul(in_.substr(at + 16));
		while (in_.size() < len)
			if (!read())
				return "";
		std::string one = in_.substr(0, len);
		in_.erase(0, len);
		return one;
	}
	bool say(const std::string &text)
	{
		size_t at = 0;
		while (at < text.size()) {
			int n = ssl_ ? SSL_write(ssl_, text.data() + at,
						 static_cast<int>(text.size() - at))
				     : static_cast<int>(send(fd_, text.data() + at,
							     text.size() - at, MSG_NOSIGNAL));
			if (n <= 0)
				return false;
			at += static_cast<size_t>(n);
		}
		return true;
	}
	bool answer(const std::string &body, const std::string &head = "")
	{
		return say("HTTP/1.1 200 OK\r\n" + head +
			   "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
	}
	/* Until the other end has gone. */
	void wait()
	{
		while (read())
			;
	}

      private:
	int fd_;
	SSL *ssl_;
	std::string in_;

	bool read()
	{
		char buf[16384];
		int n = ssl_ ? SSL_read(ssl_, buf, sizeof(buf))
			     : static_cast<int>(recv(fd_, buf, sizeof(buf), 0));
		if (n > 0)
			in_.append(buf, static_cast<size_t>(n));
		return n > 0;
	}
};

class ScriptedServer
{
      public:
	using Script = std::function<void(ScriptedLink &link)>;
	std::atomic<int> accepted{0}, shaken{0}, requests{0};

	/* With the certificate NAME, asking for one of its authority; without TLS when it is "". */
	ScriptedServer(const TlsFiles &files, const std::string &name, Script script)
	    : script_(std::move(script))
	{
		struct sockaddr_in at = {};
		socklen_t len = sizeof(at);
		at.sin_family = AF_INET;
		at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		fd_ = socket(AF_INET, SOCK_STREAM, 0);
		if (bind(fd_, reinterpret_cast<struct sockaddr *>(&at), sizeof(at)) ||
		    listen(fd_, 128))
			throw std::runtime_error("no socket");
		getsockname(fd_, reinterpret_cast<struct sockaddr *>(&at), &len);
		port = ntohs(at.sin_port);
		if (!name.empty())
			make_context(files, name);
		accepting_ = std::thread([this] { accept_all(); });
	}
	~ScriptedServer()
	{
		shutdown(fd_, SHUT_RDWR);
		accepting_.join();
		close(fd_);
		{
			std::lock_guard<std::mutex> lock(mutex_);
			for (int fd : open_)
				shutdown(fd, SHUT_RDWR);
		}
		for (std::thread &thread : threads_)
			thread.join();
		SSL_CTX_free(context_);
	}
	ScriptedServer(const ScriptedServer &) = delete;
	ScriptedServer &operator=(const ScriptedServer &) = delete;

	uint16_t port;
	std::string url(const std::string &path) const
	{
		return (context_ ? "https://127.0.0.1:" : "http://127.0.0.1:") +
		       std::to_string(port) + path;
	}

      private:
	Script script_;
	int fd_;
	SSL_CTX *context_ = nullptr;
	std::thread accepting_;
	std::vector<std::thread> threads_;
	std::mutex mutex_;
	std::vector<int> open_;

	void make_context(const TlsFiles &files, const std::string &name)
	{
		context_ = SSL_CTX_new(TLS_server_method());
		SSL_CTX_use_certificate_chain_file(context_, files.path(name + ".crt").c_str());
		SSL_CTX_use_PrivateKey_file(context_, files.path(name + ".key").c_str(),
					    SSL_FILETYPE_PEM);
		SSL_CTX_load_verify_file(context_, files.path("ca.crt").c_str());
		SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT,
				   nullptr);
	}
	void accept_all()
	{
		for (int fd; (fd = accept(fd_, nullptr, nullptr)) >= 0;) {
			accepted++;
			{
				std::lock_guard<std::mutex> lock(mutex_);
				open_.push_back(fd);
			}
			threads_.emplace_back([this, fd] { serve(fd); });
		}
	}
	void serve(int fd)
	{
		SSL *ssl = context_ ? SSL_new(context_) : nullptr;
		if (ssl)
			SSL_set_fd(ssl, fd);
		if (!ssl || SSL_accept(ssl) == 1) {
			shaken++;
			ScriptedLink link(fd, ssl);
			script_(link);
			if (ssl)
				SSL_shutdown(ssl);
		}
		SSL_free(ssl);
		std::lock_guard<std::mutex> lock(mutex_);
		for (int &one : open_)
			one = one == fd ? -1 : one;
		close(fd);
	}
};
