/* Which network addresses a request may connect to without explicit permission: everything that is
 * not loopback, private, link-local, shared, documentation, multicast, or a form of IPv6 that
 * smuggles such an IPv4 address (mapped, 6to4, NAT64, Teredo).  Floor 2, pure. */
#ifndef WEIR_RAILS_GUARD_H
#define WEIR_RAILS_GUARD_H

#include <stdbool.h>
#include <stdint.h>

struct sockaddr;

/* True for a global unicast address of AF_INET or AF_INET6; false for all else. */
bool weir_sockaddr_is_public(const struct sockaddr *address);

/* Of four bytes as on the wire. */
bool weir_ipv4_is_public(const uint8_t bytes[4]);
bool weir_ipv6_is_public(const uint8_t bytes[16]);

/* Of a numeric text as libcurl gives it; false when it is none. */
bool weir_ip_text_is_public(const char *text);

#endif /* WEIR_RAILS_GUARD_H */
