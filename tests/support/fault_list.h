/* fault_list - faults that clear themselves, as texts. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

extern "C" {
#include "lib/faults.h"
}

#include <string>

struct FaultList : faults {
	FaultList() : faults{}
	{
	}
	~FaultList()
	{
		faults_clear(this);
	}
	FaultList(const FaultList &) = delete;
	FaultList &operator=(const FaultList &) = delete;

	std::string text(size_t i = 0) const
	{
		return i < n ? list[i].text : "";
	}
};
