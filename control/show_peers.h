/* show_peers - the methods about other CDNs: their sessions, what was learnt from them, what they are told; and to set them up or down. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

#include "rpc.h"

rpc_method show_peers, show_peer, show_routes, show_peers_set;
