/* zone_box - zones for tests, from the text of a master file. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include <cstdlib>
#include <sstream>
#include <stdexcept>
#include <string>

extern "C" {
#include "control/zone_file.h"
#include "control/zone_source.h"
#include "lib/dns_name.h"
}

struct ZoneBox {
	struct zone *zone;

	ZoneBox(const std::string &name, const std::string &text)
	{
		struct zone_records records = {};
		struct faults faults = {};
		struct place place = {"zone", 1};
		const char *why;
		size_t len;
		zone = static_cast<struct zone *>(calloc(1, sizeof(*zone)));
		zone->refs = 1;
		zone->text = strdup(name.c_str());
		dns_name_from_text(name.c_str(), &zone->apex);
		std::istringstream lines(text);
		for (std::string line; std::getline(lines, line);)
			if (line.find_first_not_of(" \t") != std::string::npos)
				zone_file_line(line.c_str(), &zone->apex, 300, place, &records,
					       &faults);
		zone_records_check(&records, &zone->apex, place, &faults);
		if (faults.total)
			throw std::runtime_error(faults.list[0].text);
		uint8_t *packed = zone_records_pack(&records, &len);
		zone->data = zone_source_data(&zone->apex, packed, len, &why);
		free(packed);
		zone_records_clear(&records);
		if (!zone->data)
			throw std::runtime_error(why ? why : "no memory");
	}
	ZoneBox(const ZoneBox &) = delete;
	ZoneBox &operator=(const ZoneBox &) = delete;
	~ZoneBox()
	{
		zone_release(zone);
	}
};
