/* make_requests - writes the input of a benchmark: a table of scopes, or a pcap of requests that it answers. */
/* SPDX-License-Identifier: BSD-3-Clause */
#include "workload.h"

#include <arpa/inet.h>
#include <getopt.h>
#include <string.h>
#include <time.h>

static const char usage[] =
	"usage: make_requests table [OPTION]... >table.jsonl\n"
	"       make_requests dns|http|syn [OPTION]... >requests.pcap\n"
	"\n"
	"A table of two scopes for each host h0.cdn.example, h1..., and requests that it answers. "
	"The same options give\n"
	"the same octets, but for SYN cookies, which hold the time.\n"
	"\n"
	"Table and requests (say the same to both):\n"
	"  --scopes N          in the table (1000)\n"
	"  --prefixes N        in footprints of 1000, and clients from there; else clients are in "
	"10.0.0.0/8 (0)\n"
	"  --ipv6 PERCENT      of the prefixes and requests, else IPv4 (0)\n"
	"  --wildcards PERCENT of the hosts have *.host beside, and of the requests ask for names "
	"there (0)\n"
	"  --regexes N         different expressions, on one host of a hundred (0)\n"
	"Requests:\n"
	"  --count N           frames (32768)\n"
	"  --seed N            another one gives other requests (1)\n"
	"  --zipf              hosts by Zipf's law with exponent 1, else all alike\n"
	"  --misses PERCENT    for names that no scope has, half of them outside the zone (0)\n"
	"  --spoofed-syns PERCENT  of all frames, from everywhere (0)\n"
	"  --mac MAC           ours (02:70:63:61:70:00, that of net_pcap0)\n"
	"  --address ADDRESS   ours, IPv4 (192.0.2.1)\n"
	"  --address6 ADDRESS  ours, IPv6 (2001:db8::1)\n"
	"DNS:\n"
	"  --edns PERCENT      with an OPT record (100)\n"
	"  --ecs PERCENT       of those with the client's subnet, /24 or /56 (100)\n"
	"  --dns-cookies PERCENT  of those with a client cookie (0)\n"
	"  --aaaa PERCENT      ask for AAAA, else for A (0)\n"
	"HTTP:\n"
	"  --key HEX           that signs SYN cookies: the configuration's tcp.cookie-keys\n"
	"  --time SECONDS      of the cookies, since 1970 (now); they are good for 64 seconds at "
	"least\n"
	"  --size N[-N]        octets of a whole GET, filled up with cookies (as it comes)\n"
	"  --browsers          fields of Chrome, Firefox, curl and a player; 300-1400 octets if "
	"--size says nothing else\n";

/* --- options ------------------------------------------------------------------------------------------------------ */

enum { PERCENT_MAX = 100, HEX = 16 };
enum letter {
	SCOPES = 256,
	PREFIXES,
	REGEXES,
	COUNT,
	IPV6,
	WILDCARDS,
	MISSES,
	SPOOFED,
	EDNS,
	ECS,
	COOKIES,
	AAAA,
	SEED,
	ZIPF,
	BROWSERS,
	MAC,
	ADDRESS,
	ADDRESS6,
	KEY,
	TIME,
	SIZE,
	HELP
};

static const struct option options[] = {
	{"scopes", 1, NULL, SCOPES},
	{"prefixes", 1, NULL, PREFIXES},
	{"regexes", 1, NULL, REGEXES},
	{"count", 1, NULL, COUNT},
	{"ipv6", 1, NULL, IPV6},
	{"wildcards", 1, NULL, WILDCARDS},
	{"misses", 1, NULL, MISSES},
	{"spoofed-syns", 1, NULL, SPOOFED},
	{"edns", 1, NULL, EDNS},
	{"ecs", 1, NULL, ECS},
	{"dns-cookies", 1, NULL, COOKIES},
	{"aaaa", 1, NULL, AAAA},
	{"seed", 1, NULL, SEED},
	{"zipf", 0, NULL, ZIPF},
	{"browsers", 0, NULL, BROWSERS},
	{"mac", 1, NULL, MAC},
	{"address", 1, NULL, ADDRESS},
	{"address6", 1, NULL, ADDRESS6},
	{"key", 1, NULL, KEY},
	{"time", 1, NULL, TIME},
	{"size", 1, NULL, SIZE},
	{"help", 0, NULL, HELP},
	{NULL, 0, NULL, 0},
};

static bool read_number(const char *text, unsigned long max, unsigned long *number)
{
	char *end;
	*number = strtoul(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *number <= max;
}

static bool read_u32(const char *text, uint32_t *number)
{
	unsigned long value;
	return read_number(text, UINT32_MAX, &value) && ((*number = (uint32_t)value), true);
}

static bool read_percent(const char *text, unsigned *percent)
{
	unsigned long value;
	return read_number(text, PERCENT_MAX, &value) && ((*percent = (unsigned)value), true);
}

/* Two digits each, with nothing or a colon between. */
static bool read_octets(const char *text, uint8_t *octets, size_t n)
{
	for (size_t i = 0; i < n; i++, text += 2) {
		text += i && *text == ':';
		if (strspn(text, "0123456789abcdefABCDEF") < 2)
			return false;
		octets[i] = (uint8_t)strtoul((char[]){text[0], text[1], 0}, NULL, HEX);
	}
	return !*text;
}

static bool read_size(const char *text, struct workload *load)
{
	char end;
	int n = sscanf(text, "%u-%u%c", &load->size_min, &load->size_max, &end);
	if (n == 1)
		load->size_max = load->size_min;
	return n >= 1 && n <= 2 && load->size_min >= 1 && load->size_min <= load->size_max;
}

static bool read_numbers(int letter, const char *text, struct workload *load)
{
	switch (letter) {
	case SCOPES:
		return read_u32(text, &load->n_scopes) && load->n_scopes >= 2;
	case PREFIXES:
		return read_u32(text, &load->n_prefixes) && load->n_prefixes <= WORKLOAD_NETS;
	case REGEXES:
		return read_u32(text, &load->n_regexes);
	case COUNT:
		return read_u32(text, &load->count);
	case IPV6:
		return read_percent(text, &load->ipv6);
	case WILDCARDS:
		return read_percent(text, &load->wildcards);
	case MISSES:
		return read_percent(text, &load->misses);
	case SPOOFED:
		return read_percent(text, &load->spoofed_syns);
	case EDNS:
		return read_percent(text, &load->edns);
	case ECS:
		return read_percent(text, &load->ecs);
	case COOKIES:
		return read_percent(text, &load->dns_cookies);
	case AAAA:
		return read_percent(text, &load->aaaa);
	default:
		return false;
	}
}

static bool read_option(int letter, const char *text, struct workload *load)
{
	unsigned long number = 0;
	switch (letter) {
	case SEED:
		if (!read_number(text, UINT32_MAX, &number))
			return false;
		load->draw.state = 2 * (uint64_t)number + 1;
		return true;
	case ZIPF:
		return load->zipf = true;
	case BROWSERS:
		return load->browsers = true;
	case MAC:
		return read_octets(text, load->mac, 6);
	case ADDRESS:
		return inet_pton(AF_INET, text, load->address4) == 1;
	case ADDRESS6:
		return inet_pton(AF_INET6, text, load->address6) == 1;
	case KEY:
		load->keys.n = 1;
		return read_octets(text, load->keys.key[0], 16);
	case TIME:
		return read_number(text, UINT32_MAX, &number) && ((load->now = number), true);
	case SIZE:
		return read_size(text, load);
	default:
		return read_numbers(letter, text, load);
	}
}

static bool read_options(int argc, char **argv, struct workload *load)
{
	int letter, index = 0;
	while ((letter = getopt_long(argc, argv, "", options, &index)) != -1) {
		if (letter == HELP) {
			fputs(usage, stdout);
			exit(0);
		}
		if (letter == '?')
			return false;
		if (!read_option(letter, optarg, load)) {
			fprintf(stderr,
				"make_requests: --%s cannot be '%s', see make_requests --help\n",
				options[index].name, optarg);
			return false;
		}
	}
	load->n_hosts = (load->n_scopes + 1) / 2;
	if (load->browsers && !load->size_max)
		load->size_min = 300, load->size_max = 1400;
	return true;
}

/* --- files -------------------------------------------------------------------------------------------------------- */

static int write_requests(FILE *out, enum workload_frame kind, struct workload *load)
{
	static const uint32_t pcap_head[6] = {0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1};
	struct draw_zipf zipf = {0};
	if (load->zipf && !draw_zipf_init(&zipf, load->n_hosts)) {
		fputs("make_requests: not enough memory for so many hosts\n", stderr);
		return 1;
	}
	fwrite(pcap_head, sizeof(pcap_head), 1, out);
	size_t len = 1;
	for (uint32_t i = 0; i < load->count && len; i++) {
		uint8_t frame[WORKLOAD_FRAME_MAX];
		uint32_t host = load->zipf ? draw_zipf(&load->draw, &zipf)
					   : draw_below(&load->draw, load->n_hosts);
		len = workload_frame(frame, kind, load, host);
		uint32_t head[4] = {0, 0, (uint32_t)len, (uint32_t)len};
		fwrite(head, sizeof(head), 1, out);
		fwrite(frame, len, 1, out);
	}
	free(zipf.up_to);
	if (!len)
		fprintf(stderr,
			"make_requests: no GET can have %u octets: give --size another number\n",
			load->size_min);
	return !len;
}

int main(int argc, char **argv)
{
	static const char *const kinds[] = {"dns", "http", "syn"};
	struct workload load = {
		.n_scopes = 1000,
		.count = 32768,
		.edns = PERCENT_MAX,
		.ecs = PERCENT_MAX,
		.now = (uint64_t)time(NULL),
		.draw = {3},
		.mac = {0x02, 0x70, 0x63, 0x61, 0x70, 0x00},
		.address4 = {192, 0, 2, 1},
		.address6 = {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
	};
	int status = 2;
	if (!read_options(argc, argv, &load))
		return 2;
	const char *what = argc == optind + 1 ? argv[optind] : "";
	for (int kind = 0; kind < 3; kind++) {
		if (strcmp(what, kinds[kind]) == 0 && kind == WORKLOAD_HTTP && !load.keys.n)
			return fputs("make_requests: http needs --key, that of tcp.cookie-keys\n",
				     stderr),
			       2;
		if (strcmp(what, kinds[kind]) == 0)
			status = write_requests(stdout, (enum workload_frame)kind, &load);
	}
	if (strcmp(what, "table") == 0)
		workload_table(stdout, &load), status = 0;
	if (status == 2)
		fputs(usage, stderr);
	return fflush(stdout) || ferror(stdout) ? 1 : status;
}
