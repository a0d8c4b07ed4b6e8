-- turnout - one trial of a throughput search in Pktgen 23.06: sends for a while at a rate, then tells what came back.
-- SPDX-License-Identifier: BSD-3-Clause
--
-- search.py sends this file to Pktgen's Lua socket (option -G there) and calls the function there: each line has to be part of one
-- statement, and what is written with io.write goes back. Answers that come in the half second after the last request count.

function turnout_trial(port, percent, seconds)
	local list = tostring(port)
	pktgen.stop(list)
	pktgen.set(list, "count", 0)
	pktgen.set(list, "rate", percent)
	pktgen.delay(100)
	local before = pktgen.portStats(list, "port")[port]
	pktgen.start(list)
	pktgen.delay(math.floor(seconds * 1000))
	pktgen.stop(list)
	pktgen.delay(500)
	local after = pktgen.portStats(list, "port")[port]
	local link = string.match(pktgen.linkState(list)[port], "%d+") or 0
	local form = '{"sent": %d, "received": %d, "octets": %d, "link-mbits": %d}\n'
	local sent, received = after.opackets - before.opackets, after.ipackets - before.ipackets
	io.write(string.format(form, sent, received, after.obytes - before.obytes, link))
	io.flush()
end
