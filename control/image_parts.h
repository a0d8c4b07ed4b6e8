/* image_parts - DRIs, zones and distinguished hosts as they stand in an image. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "image_file.h"

void image_out_dri(struct image_out *out, const struct dri *dri);
void image_out_zone(struct image_out *out, const struct zone *zone);
void image_out_distinguished(struct image_out *out, const struct distinguished *distinguished);

/* Each gives one that the caller owns. NULL: `in` says why. */
struct dri *image_in_dri(struct image_in *in);
struct zone *image_in_zone(struct image_in *in, const char *text); /* which is copied */
struct distinguished *image_in_distinguished(struct image_in *in);
