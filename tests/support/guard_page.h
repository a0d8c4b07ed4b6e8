/* guard_page - test memory that ends exactly at an unreadable page, so that one byte too far is a
 * crash. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <sys/mman.h>
#include <unistd.h>

/* Readers: GuardPage(bytes, len) is a writable copy of bytes. Writers: GuardPage(cap) is cap octets
 * of 0xa5. Both end at a PROT_NONE page, and one stands before the first page too. data() is never
 * NULL. */
class GuardPage
{
      public:
	explicit GuardPage(size_t cap) : GuardPage(nullptr, 0, cap)
	{
	}
	GuardPage(const void *bytes, size_t len) : GuardPage(bytes, len, len)
	{
	}
	/* A copy of len bytes with room up to cap behind them. */
	GuardPage(const void *bytes, size_t len, size_t cap) : size_(cap)
	{
		size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
		size_t room = (cap + page - 1) / page * page;
		mapped_ = room + 2 * page;
		void *map = mmap(nullptr, mapped_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (map == MAP_FAILED)
			throw std::bad_alloc();
		base_ = static_cast<uint8_t *>(map);
		if (room && mprotect(base_ + page, room, PROT_READ | PROT_WRITE)) {
			munmap(base_, mapped_);
			throw std::bad_alloc();
		}
		data_ = base_ + page + room - cap;
		if (room)
			memset(base_ + page, 0xa5, room);
		if (len)
			memcpy(data_, bytes, len);
	}
	~GuardPage()
	{
		munmap(base_, mapped_);
	}
	GuardPage(const GuardPage &) = delete;
	GuardPage &operator=(const GuardPage &) = delete;

	uint8_t *data()
	{
		return data_;
	}
	size_t size() const
	{
		return size_;
	}

      private:
	uint8_t *base_, *data_;
	size_t mapped_, size_;
};
