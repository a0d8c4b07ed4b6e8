/* image_seal - makes octets that were tampered with an image again whose checksums are right, so that its structure is what is checked. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "control/image_file.h"

#include <string.h>

/* Sections that do not fit any more are cut; what is left over goes to the last one. The key becomes all zero. Shorter than a head: nothing
 * is done. */
static inline void image_seal(uint8_t *bytes, size_t len)
{
	struct image_head head;
	if (len < sizeof(head))
		return;
	memcpy(&head, bytes, sizeof(head));
	memcpy(head.magic, "turnout", 8);
	head.format = IMAGE_FORMAT;
	memset(&head.key, 0, sizeof(head.key));
	size_t at = sizeof(head);
	for (unsigned i = 0; i < IMAGE_SECTIONS; i++) {
		if (head.sections[i].len > len - at || i == IMAGE_SECTIONS - 1)
			head.sections[i].len = len - at;
		head.sections[i].checksum =
			image_checksum(0, bytes + at, (size_t)head.sections[i].len);
		at += (size_t)head.sections[i].len;
	}
	head.checksum = image_checksum(0, &head, offsetof(struct image_head, checksum));
	memcpy(bytes, &head, sizeof(head));
}
