/* image_file - the file of an image: its head and its sections, each with a checksum, written and read in large pieces. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "image_file.h"

#include <errno.h>
#include <fcntl.h>
#include <rte_hash_crc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A piece that stays in the processor's cache. */
enum { PIECE = 256 << 10 };

static const char magic[8] = "turnout";

uint32_t image_checksum(uint32_t sum, const void *bytes, size_t len)
{
	const uint8_t *at = bytes;
	for (; len >= 8; at += 8, len -= 8) {
		uint64_t word;
		memcpy(&word, at, 8);
		sum = rte_hash_crc_8byte(word, sum);
	}
	while (len--)
		sum = rte_hash_crc_1byte(*at++, sum);
	return sum;
}

static uint32_t head_checksum(const struct image_head *head)
{
	return image_checksum(0, head, offsetof(struct image_head, checksum));
}

static uint64_t file_len(const struct image_head *head, enum image_section sections)
{
	uint64_t len = sizeof(*head);
	for (unsigned i = 0; i < sections; i++)
		len += head->sections[i].len;
	return len;
}

/* --- Writing ------------------------------------------------------------------------------------------------------- */

void image_out_open(struct image_out *out, const char *path)
{
	*out = (struct image_out){.fd = -1};
	int len = snprintf(out->path, sizeof(out->path), "%s", path);
	int new_len = snprintf(out->new_path, sizeof(out->new_path), "%s.new", path);
	memcpy(out->head.magic, magic, sizeof(magic));
	out->head.format = IMAGE_FORMAT;
	out->buf = malloc(PIECE);
	if (!out->buf || len > new_len || new_len >= (int)sizeof(out->new_path)) {
		out->error = out->buf ? ENAMETOOLONG : ENOMEM;
		return;
	}
	out->fd = open(out->new_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out->fd < 0 || lseek(out->fd, sizeof(out->head), SEEK_SET) < 0)
		out->error = errno;
}

static void write_all(struct image_out *out, const uint8_t *bytes, size_t len)
{
	if (!out->error) {
		out->head.sections[out->section].len += len;
		out->head.sections[out->section].checksum =
			image_checksum(out->head.sections[out->section].checksum, bytes, len);
	}
	while (len && !out->error) {
		ssize_t n = write(out->fd, bytes, len);
		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		} else if (n == 0 || errno != EINTR) {
			out->error = n ? errno : EIO;
		}
	}
}

static void flush(struct image_out *out)
{
	write_all(out, out->buf, out->used);
	out->used = 0;
}

void image_out_bytes(struct image_out *out, const void *bytes, size_t len)
{
	if (out->error || !len)
		return;
	if (len > PIECE - out->used)
		flush(out);
	if (len > PIECE) {
		write_all(out, bytes, len);
		return;
	}
	memcpy(out->buf + out->used, bytes, len);
	out->used += len;
}

void image_out_text(struct image_out *out, const char *text)
{
	uint32_t len = text ? (uint32_t)strlen(text) + 1 : 0;
	image_out_bytes(out, &len, sizeof(len));
	image_out_bytes(out, text, len);
}

void image_out_next_section(struct image_out *out)
{
	flush(out);
	out->section++;
}

static void put_in_place(struct image_out *out)
{
	flush(out);
	out->head.checksum = head_checksum(&out->head);
	if (!out->error &&
	    (pwrite(out->fd, &out->head, sizeof(out->head), 0) != (ssize_t)sizeof(out->head) ||
	     fsync(out->fd) < 0 || rename(out->new_path, out->path) < 0))
		out->error = errno;
}

int image_out_close(struct image_out *out, char *err, size_t err_len)
{
	put_in_place(out);
	if (out->fd >= 0) {
		close(out->fd);
		if (out->error)
			unlink(out->new_path);
	}
	free(out->buf);
	if (!out->error)
		return 0;
	snprintf(err, err_len, "the image %s cannot be written: %s", out->path,
		 strerror(out->error));
	return -1;
}

/* --- Reading ------------------------------------------------------------------------------------------------------- */

static enum image_outcome damaged(const char *path, const char *why, char *err, size_t err_len)
{
	snprintf(err, err_len, "the image %s is damaged: %s", path, why);
	return IMAGE_DAMAGED;
}

static enum image_outcome check_head(const char *path, int fd, struct image_head *head, char *err,
				     size_t err_len)
{
	struct stat stat_of;
	ssize_t n = pread(fd, head, sizeof(*head), 0);
	if (n < 0 || fstat(fd, &stat_of) < 0)
		return damaged(path, strerror(errno), err, err_len);
	if ((size_t)n < sizeof(*head) || memcmp(head->magic, magic, sizeof(magic)) != 0)
		return damaged(path, "it has no head", err, err_len);
	if (head->format != IMAGE_FORMAT) {
		snprintf(err, err_len, "the image %s is of another version of turnoutd", path);
		return IMAGE_STALE;
	}
	if (head->checksum != head_checksum(head))
		return damaged(path, "the checksum of its head is wrong", err, err_len);
	uint64_t size = (uint64_t)stat_of.st_size;
	for (unsigned i = 0; i < IMAGE_SECTIONS; i++)
		if (head->sections[i].len > size)
			return damaged(path, "it is cut short", err, err_len);
	if (file_len(head, IMAGE_SECTIONS) != size)
		return damaged(path, "its length is wrong", err, err_len);
	return IMAGE_READ;
}

enum image_outcome image_in_open(const char *path, int *fd, struct image_head *head, char *err,
				 size_t err_len)
{
	*fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (*fd < 0) {
		bool absent = errno == ENOENT;
		snprintf(err, err_len, "the image %s cannot be opened: %s", path, strerror(errno));
		return absent ? IMAGE_ABSENT : IMAGE_DAMAGED;
	}
	enum image_outcome outcome = check_head(path, *fd, head, err, err_len);
	if (outcome != IMAGE_READ)
		close(*fd);
	return outcome;
}

void image_in_begin(struct image_in *in, int fd, const struct image_head *head,
		    enum image_section section)
{
	*in = (struct image_in){
		.fd = fd,
		.offset = file_len(head, section),
		.left = head->sections[section].len,
	};
}

bool image_in_refuse(struct image_in *in, const char *why)
{
	if (!in->why)
		in->why = why;
	return false;
}

bool image_in_no_memory(struct image_in *in)
{
	in->no_memory = true;
	return image_in_refuse(in, "no memory");
}

bool image_in_more(struct image_in *in)
{
	return !in->why && (in->left || in->at < in->filled);
}

/* Moves what is left in the buffer to its front, where there is room for `need` octets then. */
static bool make_room(struct image_in *in, size_t need)
{
	in->filled -= in->at;
	if (in->filled)
		memmove(in->buf, in->buf + in->at, in->filled);
	in->at = 0;
	if (in->buf && need <= in->cap)
		return true;
	size_t cap = need < PIECE ? PIECE : need;
	uint8_t *buf = realloc(in->buf, cap);
	if (!buf)
		return image_in_no_memory(in);
	in->buf = buf;
	in->cap = cap;
	return true;
}

static bool fill(struct image_in *in, size_t need)
{
	if (need - (in->filled - in->at) > in->left)
		return image_in_refuse(in, "a section ends too early");
	if (!make_room(in, need))
		return false;
	while (in->filled < need) {
		size_t room = in->cap - in->filled;
		ssize_t n = pread(in->fd, in->buf + in->filled, room < in->left ? room : in->left,
				  (off_t)in->offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return image_in_refuse(in, n ? strerror(errno) : "it is cut short");
		in->checksum = image_checksum(in->checksum, in->buf + in->filled, (size_t)n);
		in->filled += (size_t)n;
		in->offset += (uint64_t)n;
		in->left -= (uint64_t)n;
	}
	return true;
}

const uint8_t *image_in_take(struct image_in *in, size_t len)
{
	bool there = in->buf && in->filled - in->at >= len;
	if (in->why || (!there && !fill(in, len)))
		return NULL;
	const uint8_t *at = in->buf + in->at;
	in->at += len;
	return at;
}

bool image_in_bytes(struct image_in *in, void *to, size_t len)
{
	const uint8_t *at = image_in_take(in, len);
	if (at)
		memcpy(to, at, len);
	return at;
}

bool image_in_text(struct image_in *in, char **text)
{
	uint32_t len = 0;
	*text = NULL;
	if (!image_in_bytes(in, &len, sizeof(len)) || !len)
		return !in->why;
	const char *at = (const char *)image_in_take(in, len);
	if (!at)
		return false;
	if (at[len - 1])
		return image_in_refuse(in, "a text does not end");
	*text = strdup(at);
	return *text || image_in_no_memory(in);
}

bool image_in_end(struct image_in *in, const struct image_head *head, enum image_section section)
{
	if (!in->why && (in->left || in->at < in->filled))
		image_in_refuse(in, "a section is too long");
	if (!in->why && in->checksum != head->sections[section].checksum)
		image_in_refuse(in, "a checksum is wrong");
	free(in->buf);
	in->buf = NULL;
	return !in->why;
}
