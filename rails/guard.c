#include "rails/guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

struct block4 {
    uint8_t bytes[4];
    unsigned bits;
};

struct block6 {
    uint8_t bytes[16];
    unsigned bits;
};

/* IANA special-purpose address registry (RFC 6890 and later), what is not globally reachable, and
 * multicast, reserved and benchmark space. */
static const struct block4 blocks4[] = {
    {{0, 0, 0, 0}, 8},      {{10, 0, 0, 0}, 8},     {{100, 64, 0, 0}, 10}, {{127, 0, 0, 0}, 8},
    {{169, 254, 0, 0}, 16}, {{172, 16, 0, 0}, 12},  {{192, 0, 0, 0}, 24},  {{192, 0, 2, 0}, 24},
    {{192, 88, 99, 0}, 24}, {{192, 168, 0, 0}, 16}, {{198, 18, 0, 0}, 15}, {{198, 51, 100, 0}, 24},
    {{203, 0, 113, 0}, 24}, {{224, 0, 0, 0}, 4},    {{240, 0, 0, 0}, 4},
};

/* Within 2000::/3, which alone is global unicast. */
static const struct block6 blocks6[] = {
    {{0x20, 0x01, 0x00}, 23},       /* Teredo, ORCHID, benchmarks and other protocols */
    {{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation */
    {{0x20, 0x02}, 16},             /* 6to4 carries an IPv4 address */
    {{0x3f, 0xff, 0x00}, 20},       /* documentation */
};

static bool has_prefix(const uint8_t *bytes, const uint8_t *prefix, unsigned bits)
{
    unsigned whole = bits / 8;
    if (memcmp(bytes, prefix, whole) != 0)
        return false;
    unsigned rest = bits % 8;
    return rest == 0 || (bytes[whole] ^ prefix[whole]) >> (8 - rest) == 0;
}

bool weir_ipv4_is_public(const uint8_t bytes[4])
{
    for (size_t i = 0; i < sizeof(blocks4) / sizeof(blocks4[0]); i++)
        if (has_prefix(bytes, blocks4[i].bytes, blocks4[i].bits))
            return false;
    return true;
}

bool weir_ipv6_is_public(const uint8_t bytes[16])
{
    if (bytes[0] >> 5 != 1) /* outside 2000::/3: loopback, mapped, NAT64, ULA, link-local, ... */
        return false;
    for (size_t i = 0; i < sizeof(blocks6) / sizeof(blocks6[0]); i++)
        if (has_prefix(bytes, blocks6[i].bytes, blocks6[i].bits))
            return false;
    return true;
}

bool weir_sockaddr_is_public(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        struct sockaddr_in in;
        memcpy(&in, address, sizeof(in));
        uint8_t bytes[4];
        memcpy(bytes, &in.sin_addr, sizeof(bytes));
        return weir_ipv4_is_public(bytes);
    }
    if (address->sa_family == AF_INET6) {
        struct sockaddr_in6 in6;
        memcpy(&in6, address, sizeof(in6));
        return weir_ipv6_is_public(in6.sin6_addr.s6_addr);
    }
    return false;
}

bool weir_ip_text_is_public(const char *text)
{
    uint8_t bytes[16];
    if (inet_pton(AF_INET, text, bytes) == 1)
        return weir_ipv4_is_public(bytes);
    if (inet_pton(AF_INET6, text, bytes) == 1)
        return weir_ipv6_is_public(bytes);
    return false;
}
