/* fci_footprint - the footprints of an advertised capability (RFC 8008 App. B, RFC 9388, RFC 9241 §4), in canonical form. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "alto_map.h"
#include "json_in.h"

/* How they are read, and how much of an advertisement may still follow. */
struct fci_footprints {
	/* Objects of different types do not narrow each other but add up, addresses may stand for prefixes, and codes in
	 * upper case: for peers that copied the samples of RFC 9241 and of Apache Traffic Control. */
	bool lenient;
	bool keep_pids; /* altopid stays as it is: for what we advertise ourselves */
	const struct alto_map *
		map; /* that altopid means, in the version that the advertisement depends on; or NULL */
	size_t left; /* values that may still come; gets less */
	bool over;   /* set: that did not suffice */
};

/* Reads the list that is the member "footprints" of in. *canonical is a new reference to a list of objects in the order of enum
 * footprint_type, each type once, their values sorted and each once, prefixes in RFC 5952 form, PIDs replaced by a
 * footprintunion of their prefixes; NULL: everywhere, which absent, null and empty mean (RFC 9241 §3.6).
 * What can match nobody is said as a list that does not (an IPv4 and an IPv6 address at once), with the reason, a text for
 * free(), in *nobody: a type that we do not know, since to leave out what narrows would widen (RFC 8008 §4); PIDs whose network
 * map is not there or that have no addresses; PIDs beside a footprintunion, whose common part cannot be said. false: something
 * is wrong; the faults say what. Control thread. */
bool fci_footprints_read(struct fci_footprints *how, struct json_in *in, json_t **canonical,
			 char **nobody);
