/* damping - route flap damping: what comes and goes too often is left out until it has been quiet for a while. RFC 2439, with the
 * thresholds of RFC 7196. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "damping.h"

#include <math.h>

const struct damping_settings damping_defaults = {900, 6000, 750, 3600};

static double decayed(const struct damping *damping, const struct damping_settings *settings,
		      uint64_t now)
{
	if (!settings->half_life || now <= damping->at)
		return damping->penalty;
	return damping->penalty * exp2(-(double)(now - damping->at) / settings->half_life);
}

/* From here it takes max_suppress to fall to the reuse threshold. */
static double ceiling(const struct damping_settings *settings)
{
	return settings->reuse * exp2((double)settings->max_suppress / settings->half_life);
}

void damping_add(struct damping *damping, const struct damping_settings *settings, unsigned penalty,
		 uint64_t now)
{
	if (!settings->half_life)
		return;
	double sum = decayed(damping, settings, now) + penalty;
	damping->penalty = fmin(sum, ceiling(settings));
	damping->at = now;
	damping->suppressed |= damping->penalty > settings->suppress;
}

bool damping_suppresses(struct damping *damping, const struct damping_settings *settings,
			uint64_t now)
{
	damping->suppressed &=
		settings->half_life > 0 && decayed(damping, settings, now) >= settings->reuse;
	return damping->suppressed;
}

unsigned damping_penalty(const struct damping *damping, const struct damping_settings *settings,
			 uint64_t now)
{
	return (unsigned)decayed(damping, settings, now);
}

uint64_t damping_remaining(const struct damping *damping, const struct damping_settings *settings,
			   uint64_t now)
{
	double left = decayed(damping, settings, now) / settings->reuse;
	if (!damping->suppressed || !settings->half_life || left <= 1)
		return 0;
	return (uint64_t)ceil(log2(left) * settings->half_life);
}

bool damping_is_over(const struct damping *damping, const struct damping_settings *settings,
		     uint64_t now)
{
	return !settings->half_life ||
	       (!damping->suppressed && decayed(damping, settings, now) < settings->reuse / 2.0);
}
