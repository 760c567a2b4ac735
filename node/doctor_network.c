/* Chains and peers, asked over the network as the settler would. */
#include "node/doctor.h"

#include <inttypes.h>
#include <string.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/number.h"
#include "config/config.h"
#include "node/agreement.h"
#include "node/clock.h"
#include "rails/evm/client.h"
#include "rails/http.h"

#define SLOTS 4
#define STATUS_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define SKEW_MS_MAX 1000   /* of a peer's clock, when no agreement says it stricter */
#define HEAD_AGE_BLOCKS 30 /* a head older than so many block times is stale */
#define HEAD_AGE_MS_MIN 60000
#define PAYOUT_GAS 300000 /* more than any single payout needs */
#define PAYOUTS_MIN 10    /* the gas key should be able to pay for so many at the ceiling */

static void release(json_t **value)
{
    json_decref(*value);
}
#define WEIR_AUTO_JSON __attribute__((cleanup(release))) json_t

/* One chain being looked at. */
struct look {
    struct weir_doctor *doctor;
    struct weir_http *http;
    const struct weir_config_chain *chain;
    const char *part; /* "chain base" */
    struct weir_client client;
};

/* --- chains ----------------------------------------------------------------------------------- */

static struct weir_address address_of(const struct weir_config_address *configured)
{
    struct weir_address address;
    memcpy(address.bytes, configured->bytes, sizeof(address.bytes));
    return address;
}

/* False when nothing more can be asked. */
static bool look_at_heads(struct look *look)
{
    struct weir_doctor *doctor = look->doctor;
    struct weir_rail_head head;
    struct weir_rail_head final;
    if (weir_client_connect(&look->client, doctor->scope) != WEIR_OK ||
        weir_client_heads(&look->client, doctor->scope, &head, &final) != WEIR_OK) {
        weir_doctor_fault(doctor, look->part);
        return false;
    }
    int64_t age_ms = weir_clock_now() - (int64_t)head.timestamp_s * 1000;
    int64_t old_ms = look->chain->block_ms * HEAD_AGE_BLOCKS;
    if (old_ms < HEAD_AGE_MS_MIN)
        old_ms = HEAD_AGE_MS_MIN;
    bool is_fresh = age_ms <= old_ms && age_ms >= -HEAD_AGE_MS_MIN;
    weir_doctor_say(doctor, is_fresh ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN, look->part,
                    "chain id %" PRIu64 " as configured; head %" PRIu64
                    " is %lld s old, final is %" PRIu64,
                    look->chain->chain_id, head.number, (long long)(age_ms / 1000), final.number);
    return true;
}

static void look_at_factory(struct look *look)
{
    struct weir_doctor *doctor = look->doctor;
    struct weir_address factory = address_of(&look->chain->factory);
    struct weir_address wanted = address_of(&look->chain->implementation);
    struct weir_address found;
    if (weir_client_factory(&look->client, doctor->scope, &factory, &found) != WEIR_OK) {
        weir_doctor_fault(doctor, look->part);
        return;
    }
    if (weir_address_equal(&wanted, &found))
        weir_doctor_say(doctor, WEIR_FINDING_GOOD, look->part,
                        "factory and implementation have the code this program was built with");
    else
        weir_doctor_say(doctor, WEIR_FINDING_WARN, look->part,
                        "the factory clones another implementation than the configured one");
}

static void look_at_gas(struct look *look)
{
    struct weir_doctor *doctor = look->doctor;
    static const struct weir_address native = {{0}};
    unsigned __int128 balance = 0;
    char shown[WEIR_MONEY_TEXT_BYTES];
    if (!doctor->has_gas) {
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, look->part,
                        "the gas balance is looked at while the node runs, or with --keys");
        return;
    }
    if (weir_client_balance(&look->client, doctor->scope, &native, &doctor->gas, WEIR_CLIENT_LATEST,
                            &balance) != WEIR_OK) {
        weir_doctor_fault(doctor, look->part);
        return;
    }
    unsigned __int128 one = (unsigned __int128)look->chain->fee_per_gas_max_wei * PAYOUT_GAS;
    unsigned __int128 payouts = one == 0 ? UINT64_MAX : balance / one;
    weir_money_print(weir_money_make(1, balance), 18, shown);
    weir_doctor_say(doctor, payouts >= PAYOUTS_MIN ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN,
                    look->part,
                    "the gas key holds %s of the native coin: enough for %llu payouts at the "
                    "configured ceiling of fees",
                    shown, (unsigned long long)(payouts > UINT64_MAX ? UINT64_MAX : payouts));
}

/* Whether the contract is there, is about these terms, and can pay its first tier. */
static void look_at_agreement(struct look *look, const struct weir_config_agreement *configured)
{
    struct weir_doctor *doctor = look->doctor;
    struct weir_terms terms;
    struct weir_gauge gauge;
    struct weir_slice text;
    struct weir_agreement_state state;
    char balance[WEIR_MONEY_TEXT_BYTES];
    struct weir_address factory = address_of(&look->chain->factory);
    struct weir_address implementation = address_of(&look->chain->implementation);
    if (weir_agreement_terms(doctor->scope, configured, &terms, &gauge, &text) != WEIR_OK) {
        weir_doctor_fault(doctor, look->part);
        return;
    }
    struct weir_address clone = weir_terms_clone_address(&terms, &factory, &implementation);
    struct weir_hash hash = weir_terms_hash(&terms);
    if (weir_client_agreement(&look->client, doctor->scope, &clone, &terms.asset,
                              WEIR_CLIENT_LATEST, &state) != WEIR_OK) {
        weir_doctor_fault(doctor, look->part);
        return;
    }
    if (!state.has_code) {
        weir_doctor_say(doctor, WEIR_FINDING_WARN, look->part,
                        "agreement %s is not open yet (weir agreement open %s)", configured->name,
                        configured->name);
        return;
    }
    bool is_funded = terms.tier_count > 0 && state.balance >= terms.tiers[0].payout;
    bool is_same = weir_hash_equal(&hash, &state.terms);
    weir_money_print(weir_money_make(1, state.balance), configured->asset->decimals, balance);
    weir_doctor_say(doctor, is_same && is_funded ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN,
                    look->part, "agreement %s is open%s and holds %s %s%s", configured->name,
                    is_same ? "" : " with other terms", balance, configured->asset->name,
                    is_funded ? "" : ": less than its first tier pays");
}

static void look_at_chain(struct weir_doctor *doctor,
                          struct weir_http *http,
                          const struct weir_config_chain *chain)
{
    const char *part = weir_take_printf(doctor->scope, "chain %s", chain->name);
    struct look look = {
        .doctor = doctor,
        .http = http,
        .chain = chain,
        .part = part == NULL ? "chain" : part,
        .client = {.http = http,
                   .endpoint = {.url = chain->rpc_url,
                                .allow_private = chain->private_is_allowed,
                                .timeout_ms = (uint32_t)chain->timeout_ms,
                                .body_bytes_max = (size_t)chain->answer_bytes_max},
                   .chain_id = chain->chain_id,
                   .depth =
                       chain->finality == WEIR_CONFIG_FINALITY_DEPTH ? chain->finality_depth : 0},
    };
    if (!look_at_heads(&look))
        return;
    look_at_factory(&look);
    look_at_gas(&look);
    for (size_t i = 0; i < doctor->config->agreement_count; i++)
        if (doctor->config->agreements[i].chain == chain)
            look_at_agreement(&look, &doctor->config->agreements[i]);
}

/* --- peers ------------------------------------------------------------------------------------ */

/* The strictest bound of the agreements. */
static int64_t skew_max_ms(const struct weir_config *config)
{
    int64_t most_ms = SKEW_MS_MAX;
    for (size_t i = 0; i < config->agreement_count; i++)
        if (config->agreements[i].skew_max_ms < most_ms)
            most_ms = config->agreements[i].skew_max_ms;
    return most_ms;
}

static void judge_peer(struct weir_doctor *doctor,
                       const struct weir_config_peer *peer,
                       struct weir_slice status,
                       int64_t middle_ms)
{
    int64_t theirs_ms;
    WEIR_AUTO_JSON *root =
        json_loadb((const char *)status.data, status.length, JSON_REJECT_DUPLICATES, NULL);
    const char *now = json_string_value(json_object_get(root, "now_ms"));
    const char *name = json_string_value(json_object_get(root, "node"));
    if (now == NULL || name == NULL ||
        weir_i64_parse(doctor->scope, weir_slice_text(now), 0, INT64_MAX, &theirs_ms) != WEIR_OK) {
        weir_scope_recover(doctor->scope);
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "peers", "%s answers, but not as a weir node",
                        peer->name);
        return;
    }
    if (strcmp(name, peer->name) != 0) {
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "peers", "at the address of %s answers %.64s",
                        peer->name, name);
        return;
    }
    int64_t skew_ms = theirs_ms - middle_ms;
    bool is_near =
        skew_ms <= skew_max_ms(doctor->config) && skew_ms >= -skew_max_ms(doctor->config);
    weir_doctor_say(doctor, is_near ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN, "peers",
                    "%s answers; its clock is %lld ms %s ours", peer->name,
                    (long long)(skew_ms < 0 ? -skew_ms : skew_ms),
                    skew_ms < 0 ? "behind" : "ahead of");
}

static void look_at_peer(struct weir_doctor *doctor,
                         struct weir_http *http,
                         const struct weir_config_peer *peer)
{
    size_t length = strlen(peer->url);
    bool has_slash = length > 0 && peer->url[length - 1] == '/';
    const char *url =
        weir_take_printf(doctor->scope, "%s%sv1/status", peer->url, has_slash ? "" : "/");
    struct weir_http_limits limits = weir_http_limits_default();
    struct weir_http_result result;
    limits.total_ms = (uint32_t)peer->timeout_ms;
    limits.body_bytes_max = STATUS_BYTES_MAX;
    const struct weir_http_request request = {
        .url = url, .limits = limits, .allow_private = peer->private_is_allowed};
    int64_t before_ms = weir_clock_now();
    if (url == NULL || weir_http_call(http, doctor->scope, &request, &result) != WEIR_OK ||
        weir_http_require_ok(doctor->scope, &result) != WEIR_OK) {
        (void)weir_note(doctor->scope, "%s", peer->name); /* the finding shows it */
        weir_doctor_fault(doctor, "peers");
        return;
    }
    judge_peer(doctor, peer, result.body, before_ms + (weir_clock_now() - before_ms) / 2);
}

void weir_doctor_network(struct weir_doctor *doctor)
{
    const struct weir_config *config = doctor->config;
    struct weir_http *http = weir_http_new(SLOTS, NULL);
    if (http == NULL) {
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "network", "no HTTP client");
        return;
    }
    for (size_t i = 0; i < config->chain_count; i++)
        look_at_chain(doctor, http, &config->chains[i]);
    for (size_t i = 0; i < config->peer_count; i++)
        look_at_peer(doctor, http, &config->peers[i]);
    weir_http_free(http);
}
