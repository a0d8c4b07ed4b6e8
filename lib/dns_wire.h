/* dns_wire - the numbers of DNS messages: header, flags, types, return codes, EDNS. */
/* SPDX-License-Identifier: BSD-3-Clause */
#pragma once

/* The header (RFC 1035 §4.1.1; AD and CD: RFC 4035 §3). Six 16-bit numbers in network order.
 *
 *    0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 *  |                      ID                       |  0
 *  |QR|   Opcode  |AA|TC|RD|RA| Z|AD|CD|   RCODE   |  2
 *  |                    QDCOUNT                    |  4  questions
 *  |                    ANCOUNT                    |  6  answer records
 *  |                    NSCOUNT                    |  8  authority records
 *  |                    ARCOUNT                    | 10  additional records
 *  +--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+--+
 */
enum { DNS_HEADER_LEN = 12 };

/* Over TCP a message stands behind its length (RFC 1035 §4.2.2). */
enum { DNS_LENGTH = 2 };

enum dns_flag {
	DNS_QR = 0x8000,
	DNS_OPCODE = 0x7800, /* mask; 0 is QUERY */
	DNS_AA = 0x0400,
	DNS_TC = 0x0200,
	DNS_RD = 0x0100,
	DNS_RA = 0x0080,
	DNS_Z = 0x0040,
	DNS_AD = 0x0020,
	DNS_CD = 0x0010,
	DNS_RCODE = 0x000f, /* mask */
};

enum dns_type {
	DNS_A = 1,
	DNS_NS = 2,
	DNS_CNAME = 5,
	DNS_SOA = 6,
	DNS_PTR = 12,
	DNS_MX = 15,
	DNS_TXT = 16,
	DNS_AAAA = 28,
	DNS_DNAME = 39,
	DNS_OPT = 41,
	DNS_DS = 43,
	DNS_IXFR = 251,
	DNS_AXFR = 252,
	DNS_ANY = 255, /* as a type and as a class */
};

enum { DNS_CLASS_IN = 1, DNS_CLASS_CH = 3 };

enum dns_rcode {
	DNS_NOERROR = 0,
	DNS_FORMERR = 1,
	DNS_SERVFAIL = 2,
	DNS_NXDOMAIN = 3,
	DNS_NOTIMP = 4,
	DNS_REFUSED = 5,
	DNS_YXDOMAIN = 6,
	DNS_BADVERS = 16, /* its upper eight bits stand in the OPT record (RFC 6891 §6.1.3) */
	DNS_BADCOOKIE = 23,
};

/* Names (RFC 1035 §2.3.4, §4.1.4). The two upper bits of a label's first octet tell a pointer (11)
 * from a label (00); 01 and 10 are reserved. */
enum {
	DNS_LABEL_MAX = 63,
	DNS_POINTER = 0xc0,
};

/* EDNS (RFC 6891 §6.1.2, §6.1.3). An OPT record is the root name, its type, the sender's UDP size
 * in place of the class, and in place of the TTL: upper rcode bits (8), version (8), DO (1), zero
 * (15). Its data are options: code (16), length (16), value. */
enum {
	DNS_OPT_LEN = 11, /* without options */
	DNS_EDNS_DO = 0x8000,
	DNS_UDP_SIZE_MIN = 512, /* without EDNS, or when less is said (RFC 6891 §6.2.3) */
	DNS_UDP_SIZE = 1232,    /* said in our OPT records: no IPv6 path fragments it */
};

/* Options: NSID (RFC 5001 §2.3), COOKIE (RFC 7873 §4), extended error (RFC 8914 §2). */
enum {
	DNS_OPTION_NSID = 3,
	DNS_OPTION_COOKIE = 10,
	DNS_OPTION_EDE = 15,
	DNS_OPTION_LEN = 4, /* code and length */
};

/* INFO-CODE of an extended error (RFC 8914 §4). */
enum dns_ede {
	DNS_EDE_OTHER = 0,
	DNS_EDE_STALE = 3,
	DNS_EDE_PROHIBITED = 18,
	DNS_EDE_NOT_AUTHORITATIVE = 20,
	DNS_EDE_NOT_SUPPORTED = 21,
};

/* Client subnet option (RFC 7871 §6): family (16), SOURCE and SCOPE PREFIX-LENGTH (8 each),
 * address. */
enum {
	DNS_OPTION_ECS = 8,
	DNS_ECS_LEN = 4, /* without the address */
	DNS_ECS_IPV4 = 1,
	DNS_ECS_IPV6 = 2,
};
