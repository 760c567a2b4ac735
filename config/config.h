/* The configuration of one node as plain data: what `weir.yaml` says, with defaults filled in,
 * names resolved and every value in its final unit.  Made by weir_config_load, owned by the arena
 * of the scope it was loaded with, never changed afterwards.  Pure: bytes in, values out; who reads
 * the file and knows Ethereum's address checksum is floor 3.  Relative paths are still as written.
 * Floor 1. */
#ifndef WEIR_CONFIG_CONFIG_H
#define WEIR_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/hash.h"
#include "base/money.h"
#include "base/slice.h"
#include "metrics/gauge.h"

#define WEIR_CONFIG_ADDRESS_BYTES 20
#define WEIR_CONFIG_FILE_BYTES_MAX (4U << 20)
#define WEIR_CONFIG_TIERS_MAX 8
#define WEIR_CONFIG_WITNESSES_MAX 16

struct weir_config_address {
    uint8_t bytes[WEIR_CONFIG_ADDRESS_BYTES];
};

/* How sure a block must be before what it holds counts. */
enum weir_config_finality { WEIR_CONFIG_FINALITY_FINALIZED, WEIR_CONFIG_FINALITY_DEPTH };
enum weir_config_log_format { WEIR_CONFIG_LOG_LOGFMT, WEIR_CONFIG_LOG_JSON };
enum weir_config_log_level {
    WEIR_CONFIG_LOG_DEBUG,
    WEIR_CONFIG_LOG_INFO,
    WEIR_CONFIG_LOG_WARNING,
    WEIR_CONFIG_LOG_ERROR
};

struct weir_config_texts {
    const char **items;
    size_t count;
};

struct weir_config_node {
    const char *name;            /* "w1.example": DNS-like, the same for ever */
    const char *data_dir;        /* ledger.db, signer.db */
    const char *key_file;        /* relative ones lie beside the configuration file */
    const char *passphrase_file; /* NULL: the credential "weir-passphrase" of the service manager */
    const char *control_socket;  /* relative to data_dir */
    enum weir_config_log_format log_format;
    enum weir_config_log_level log_level;
};

struct weir_config_api {
    const char *listen_host; /* a numeric address, without brackets */
    uint16_t listen_port;    /* 0: the kernel chooses */
    bool remote_is_allowed;  /* without it only loopback addresses are accepted */
    uint32_t connections_max;
    uint32_t connections_per_address_max;
    uint64_t body_bytes_max;
    int64_t timeout_ms;
};

struct weir_config_collector {
    struct weir_config_texts references; /* "host:port" that answer when our own network works */
    uint32_t probes_parallel_max;
    const char *user_agent;
};

struct weir_config_chain {
    const char *name;
    uint64_t chain_id;
    const char *rpc_url; /* may hold an access key: masked when shown */
    struct weir_config_address factory;
    struct weir_config_address implementation;
    enum weir_config_finality finality;
    uint32_t finality_depth; /* blocks, when finality is DEPTH */
    int64_t poll_ms;
    int64_t block_ms; /* time between blocks; a sender's slot is twice that */
    int64_t timeout_ms;
    uint64_t fee_per_gas_max_wei;
    uint64_t priority_fee_wei;
    uint64_t answer_bytes_max;
    bool private_is_allowed; /* the URL may lead to a private or loopback address */
};

struct weir_config_asset {
    const char *name;
    uint16_t number; /* its `asset` in struct weir_money: position + 1 */
    const char *chain_name;
    const struct weir_config_chain *chain;
    bool is_native; /* then `address` is zero */
    struct weir_config_address address;
    uint8_t decimals;
};

/* Where one field of an event comes from: a column, a constant, or a prefix before a column. */
struct weir_config_csv_field {
    const char *field;  /* one of weir_config_event_fields */
    const char *column; /* NULL when `value` is a constant */
    const char *value;
    const char *prefix; /* "" when there is none */
};

/* Each line of the file makes one event of `type`, when the condition holds. */
struct weir_config_csv_row {
    const char *type;
    const char *when_column; /* NULL: always */
    const char *when_equals; /* NULL: when the column is not empty */
    struct weir_config_csv_field *fields;
    size_t field_count;
};

struct weir_config_csv {
    char separator;
    const char *date_format; /* as metrics/time_format.h; NULL: RFC 3339 or a bare date */
    const char *zone;        /* "UTC" or "+09:00", for times that name none */
    int64_t zone_offset_ms;  /* the same as a number, east positive */
    struct weir_config_csv_row *rows;
    size_t row_count;
};

struct weir_config_source {
    const char *name;
    bool has_token;
    struct weir_hash token_sha256; /* of the bearer token this source shows */
    struct weir_config_texts event_types;
    struct weir_config_csv *csv; /* NULL: no CSV import from this source */
};

/* What is in effect for this kind of gauge; while loading: what the file said. */
struct weir_config_gauge_given {
    bool anchor;
    bool probe;
    bool maintenance;
    bool otif;
    bool kill;
    bool hold;
    bool probe_hold;
    bool lateness;
    bool minimum;
};

struct weir_config_gauge {
    struct weir_gauge definition; /* complete and checked; what is hashed and signed */
    const char *description;
    const char *target_percent; /* as written */
    bool private_is_allowed;    /* the probe may go to a private or loopback address */
    struct weir_config_gauge_given given;
};

struct weir_config_peer {
    const char *name;
    const char *url;
    const char *key_set_file;
    int64_t timeout_ms;
    bool private_is_allowed;
};

struct weir_config_witness {
    struct weir_config_address key; /* report key */
    struct weir_hash node;          /* identity public key */
};

struct weir_config_tier {
    const char *below_percent;
    struct weir_ratio ratio; /* as weir_percent_parse makes it: not reduced */
    const char *payout_text;
    struct weir_money payout; /* total for the window */
};

/* One agreement: every term of protocol section 2. */
struct weir_config_agreement {
    const char *name;
    const char *chain_name;
    const struct weir_config_chain *chain;
    const char *gauge_name;
    const struct weir_config_gauge *gauge;
    const char *asset_name;
    const struct weir_config_asset *asset;
    struct weir_config_address provider;
    struct weir_config_address customer;
    struct weir_hash document; /* zero: none */
    int64_t start_ms;
    uint32_t window_count;
    bool pays_early;
    int64_t settle_delay_ms;
    int64_t claim_window_ms;
    int64_t skew_max_ms;
    const char *cap_text;
    struct weir_money cap;
    uint32_t cap_windows;
    uint8_t threshold;                     /* m */
    struct weir_config_witness *witnesses; /* ascending by key, as the terms want them */
    size_t witness_count;
    struct weir_config_tier *tiers;
    size_t tier_count;
    uint64_t nonce;
};

struct weir_config_spend {
    const char *asset_name;
    const struct weir_config_asset *asset;
    const char *payout_max_text;
    struct weir_money payout_max;
    const char *day_max_text;
    struct weir_money day_max;
};

struct weir_config_policy {
    struct weir_config_spend *spends; /* an asset that is not listed is never paid */
    size_t spend_count;
    uint64_t fee_per_gas_max_wei;
    uint64_t gas_max;
    uint32_t transactions_per_day_max;
};

struct weir_config_limits {
    uint64_t event_bytes_max;
    uint32_t batch_events_max;
    uint64_t line_bytes_max;
    int64_t event_ahead_max_ms;
    uint64_t disk_reserve_bytes;
};

struct weir_config {
    struct weir_config_node node;
    struct weir_config_api api;
    struct weir_config_collector collector;
    struct weir_config_chain *chains;
    size_t chain_count;
    struct weir_config_asset *assets;
    size_t asset_count;
    struct weir_config_source *sources;
    size_t source_count;
    struct weir_config_gauge *gauges;
    size_t gauge_count;
    struct weir_config_peer *peers;
    size_t peer_count;
    struct weir_config_agreement *agreements;
    size_t agreement_count;
    struct weir_config_policy policy;
    struct weir_config_limits limits;
};

/* What is to be read.  `file` names it in errors.  `address_is_sound` checks the mixed-case
 * checksum of "0x" and 40 digits (EIP-55); NULL leaves that check out. */
struct weir_config_input {
    const char *file;
    struct weir_slice text;
    bool (*address_is_sound)(const char *text);
};

/* Reads, checks and completes a configuration; everything lives in the scope's arena (at most about
 * 40 times the text).  Errors: CONFIG ("weir.yaml:12: gauges[0].probe.interval: ..."), MEMORY. */
WEIR_CHECKED enum weir_err weir_config_load(struct weir_scope *scope,
                                            const struct weir_config_input *input,
                                            struct weir_config **config);

/* By name; NULL when there is none. */
const struct weir_config_chain *weir_config_find_chain(const struct weir_config *,
                                                       const char *name);
const struct weir_config_asset *weir_config_find_asset(const struct weir_config *,
                                                       const char *name);
const struct weir_config_source *weir_config_find_source(const struct weir_config *,
                                                         const char *name);
const struct weir_config_gauge *weir_config_find_gauge(const struct weir_config *,
                                                       const char *name);
const struct weir_config_peer *weir_config_find_peer(const struct weir_config *, const char *name);
const struct weir_config_agreement *weir_config_find_agreement(const struct weir_config *,
                                                               const char *name);

/* The names the fields of an event have in a CSV mapping; NULL-terminated. */
extern const char *const weir_config_event_fields[];

#endif /* WEIR_CONFIG_CONFIG_H */
