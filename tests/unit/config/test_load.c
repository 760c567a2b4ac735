/* Goal: a right configuration gives exactly what it says, with the defaults of the manual; a wrong
 * one is refused with file, line, key and what would be right.
 * Method: the shipped example, whole and piece by piece replaced by something wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "config/schema.h"
#include "tests/unit/config/with_config.h"

static void the_example_loads_as_it_is_shipped(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    struct weir_config *config = NULL;
    enum weir_err err = with_loaded(&scope, with_example(&scope, false), &config);
    assert_string_equal(scope.fault, "");
    assert_int_equal(err, WEIR_OK);
    assert_string_equal(config->node.name, "w1.example");
    assert_int_equal(config->gauge_count, 1);
    assert_int_equal(config->agreement_count, 0);
    without_scope(&scope);
}

static void the_full_example_gives_every_value_in_its_unit(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    struct weir_config *config = NULL;
    enum weir_err err = with_loaded(&scope, with_example(&scope, true), &config);
    assert_string_equal(scope.fault, "");
    assert_int_equal(err, WEIR_OK);

    const struct weir_config_chain *chain = weir_config_find_chain(config, "base");
    assert_non_null(chain);
    assert_int_equal(chain->chain_id, 8453);
    assert_int_equal(chain->finality, WEIR_CONFIG_FINALITY_FINALIZED);
    assert_int_equal(chain->fee_per_gas_max_wei, 100000000000ULL);
    assert_int_equal(chain->factory.bytes[0], 0x5a);

    const struct weir_config_gauge *quick = weir_config_find_gauge(config, "quick");
    assert_non_null(quick);
    assert_int_equal(quick->definition.windows.length_ms, 10000);
    assert_int_equal(quick->definition.availability.probe.interval_ms, 250);
    assert_int_equal(quick->definition.availability.hold_ms, 700);
    assert_int_equal(quick->definition.lateness_ms, 600000);
    assert_true(quick->private_is_allowed);

    const struct weir_config_gauge *seoul = weir_config_find_gauge(config, "pay-seoul");
    assert_non_null(seoul);
    assert_true(seoul->definition.availability.hold_ms == WEIR_UNLIMITED_MS);
    assert_int_equal(seoul->definition.windows.boundary_count, 3);
    assert_int_equal(seoul->definition.windows.boundaries_s[0], 1635692400);
    assert_null(seoul->definition.availability.probe.url);

    const struct weir_config_gauge *deliveries = weir_config_find_gauge(config, "deliveries");
    assert_non_null(deliveries);
    assert_int_equal(deliveries->definition.minimum, 20);
    assert_true(deliveries->definition.otif.early_ms == WEIR_UNLIMITED_MS);
    assert_int_equal(deliveries->definition.otif.kill_rule, WEIR_KILL_A);

    const struct weir_config_agreement *agreement = weir_config_find_agreement(config, "web-2026");
    assert_non_null(agreement);
    assert_ptr_equal(agreement->chain, chain);
    assert_string_equal(agreement->gauge->definition.name, "web");
    assert_int_equal(agreement->start_ms, 1769904000000LL);
    assert_int_equal(agreement->tiers[1].ratio.num, 99);
    assert_int_equal(agreement->tiers[1].ratio.den, 100);
    assert_true(weir_money_units(agreement->tiers[1].payout) == 1000000000);
    assert_int_equal(agreement->witnesses[0].key.bytes[0], 0x27);
    assert_int_equal(agreement->witnesses[2].key.bytes[0], 0xde);
    assert_true(weir_money_units(config->policy.spends[0].payout_max) == 1000000000);

    const struct weir_config_source *erp = weir_config_find_source(config, "erp");
    assert_non_null(erp);
    assert_true(erp->has_token);
    assert_int_equal(erp->csv->row_count, 2);
    assert_string_equal(erp->csv->rows[0].fields[0].prefix, "promised-");
    assert_string_equal(erp->csv->rows[1].when_column, "done_date");
    assert_null(weir_config_find_peer(config, "nobody"));
    without_scope(&scope);
}

static void a_file_with_a_name_alone_has_the_defaults_of_the_manual(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    struct weir_config *config = NULL;
    assert_int_equal(with_loaded(&scope, "node: {name: a}\n", &config), WEIR_OK);
    assert_string_equal(config->node.data_dir, "data");
    assert_null(config->node.passphrase_file);
    assert_string_equal(config->api.listen_host, "127.0.0.1");
    assert_int_equal(config->api.listen_port, 8460);
    assert_false(config->api.remote_is_allowed);
    assert_int_equal(config->api.timeout_ms, 30000);
    assert_int_equal(config->limits.event_bytes_max, 65536);
    assert_int_equal(config->policy.fee_per_gas_max_wei, 200000000000ULL);
    assert_int_equal(config->policy.spend_count, 0);
    without_scope(&scope);
}

/* Every key of a section, below every section. */
static void expect_keys(const struct weir_section *section, const char *text)
{
    for (size_t i = 0; i < section->option_count; i++) {
        char key[64];
        (void)snprintf(key, sizeof(key), "%s:", section->options[i].key);
        if (strstr(text, key) == NULL)
            fail_msg("the example does not show '%s' of '%s'", key, section->name);
        if (section->options[i].section != NULL)
            expect_keys(section->options[i].section, text);
    }
}

static void the_example_shows_every_option(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    expect_keys(&weir_config_schema, with_example(&scope, true));
    without_scope(&scope);
}

struct mistake {
    const char *piece;
    const char *by;
    const char *fault; /* after "weir.yaml:" and the line */
};

static const struct mistake mistakes[] = {
    /* keys */
    {"      interval: 30s", "      intervall: 30s",
     "gauges[0].probe: unknown key 'intervall'; did you mean 'interval'?"},
    {"limits:", "limit:", "unknown key 'limit'; did you mean 'limits'?"},
    {"      timeout: 10s\n", "      timeout: 10s\n      timeout: 10s\n",
     "gauges[0].probe: the key 'timeout' is there twice"},
    {"  name: w1.example\n", "", "node: the key 'name' is missing"},
    {"  max_parallel_probes: 256", "  zzz: 1",
     "collector: unknown key 'zzz'; the keys here are "
     "references, max_parallel_probes, user_agent"},
    /* shapes */
    {"  listen: \"127.0.0.1:8460\"", "  listen: [1]", "api.listen: a single value is wanted here"},
    {"  timeout: 30s\n", "  timeout:\n",
     "api.timeout: there is no value; leave the key out, or "
     "write \"\" for an empty text"},
    {"  references: [\"one.one.one.one:443\", \"dns.google:443\"]", "  references: one",
     "collector.references: a list is wanted here, one '- ' for each item"},
    {"    probe:\n", "    probe: 1\n    maintenance:\n",
     "gauges[0].probe: keys of its own are "
     "wanted here, indented below it"},
    {"  log_level: info", "  log_level: &a info",
     "anchors and aliases (&..., *...) are not "
     "understood here: write the value out"},
    {"  log_level: info", "  log_level: !!str info",
     "tags (!...) are not understood here: write the value out"},
    /* values */
    {"interval: 30s", "interval: 5x",
     "gauges[0].probe.interval: '5x' has the unknown unit 'x'; the "
     "units are ms, s, m, h, d or w"},
    {"interval: 30s", "interval: 5",
     "gauges[0].probe.interval: '5' has no unit; the units are ms, "
     "s, m, h, d or w"},
    {"interval: 30s", "interval: 010s",
     "gauges[0].probe.interval: a number and a unit (ms, s, m, "
     "h, d or w) are wanted: '010s'"},
    {"interval: 30s", "interval: 30d", "gauges[0].probe.interval: '30d' is outside 100ms to 1d"},
    {"interval: 30s", "interval: 99999999999999999w",
     "gauges[0].probe.interval: "
     "'99999999999999999w' is too large"},
    {"  body_max: 16MiB", "  body_max: 16MB",
     "api.body_max: '16MB' has the unknown unit 'MB'; the "
     "units are B, KiB, MiB or GiB"},
    {"  max_connections: 256", "  max_connections: 2e2",
     "api.max_connections: '2e2' is not a whole number"},
    {"  max_connections: 256", "  max_connections: 0",
     "api.max_connections: '0' is outside 1 to 65536"},
    {"  allow_remote: false", "  allow_remote: nope",
     "api.allow_remote: 'nope' is neither true nor false"},
    {"  log_level: info", "  log_level: inof",
     "node.log_level: 'inof' is not known here; did you mean 'info'?"},
    {"  listen: \"127.0.0.1:8460\"", "  listen: \"0.0.0.0:8460\"",
     "api.listen: 0.0.0.0 is not a loopback address; to open this door to others say "
     "'allow_remote: true'"},
    {"  listen: \"127.0.0.1:8460\"", "  listen: \"127.0.0.1:70000\"",
     "api.listen: '127.0.0.1:70000' has a wrong port"},
    {"    target_percent: \"99.9\"", "    target_percent: \"100.1\"",
     "gauges[0].target_percent: '100.1' is not a percentage above 0 and up to 100"},
    {"    target_percent: \"99.9\"", "    target_percent: \"1e2\"",
     "gauges[0].target_percent: '1e2' is not a percentage"},
    {"url: https://example.org/", "url: ftp://example.org/",
     "gauges[0].probe.url: 'ftp://example.org/' does not begin with http:// or https://"},
    {"expect_status: \"200\"", "expect_status: \"99\"",
     "gauges[0].probe.expect_status: '99' is not an HTTP status from 100 to 599"},
    {"  - name: web\n", "  - name: we b\n", "gauges[0].name: 'we b' is not a name"},
    /* rules between options */
    {"      timeout: 10s", "      timeout: 40s",
     "gauges[0].probe.timeout: the timeout is longer than the interval"},
    {"    min_due: 20\n    source: erp", "    min_due: 20\n    source: epr",
     "gauges[3].source: "
     "there is no source "
     "named 'epr'; did you "
     "mean 'erp'?"},
    {"      length: 10s\n", "", "gauges[1].window: a fixed window needs a length"},
    {"      length: 10s", "      length: 10500ms",
     "gauges[1].window.length: whole seconds are "
     "wanted"},
    {"      calendar: month #", "      length: 10s\n      calendar: month #",
     "gauges[0].window."
     "length: only a "
     "fixed window has a "
     "length"},
    {"      zone: Asia/Seoul\n", "",
     "gauges[2].window.boundaries: UTC needs no boundaries; name "
     "the zone"},
    {"  - name: quick", "  - name: web", "gauges[1].name: the name 'web' is taken by gauges[0]"},
    {"    kind: otif", "    kind: availability",
     "gauges[3].otif: an availability gauge has no such "
     "rules"},
    {"  - name: w2.example", "  - name: w1.example",
     "peers[0].name: 'w1.example' is this node "
     "itself"},
    {"events: [probe.result]", "events: [probe.results]",
     "sources[1].events: there is no event "
     "type 'probe.results'; did you mean "
     "'probe.result'?"},
    {"events: [probe.result]", "events: [job.started]",
     "sources[1].csv.rows[0]: the type "
     "'probe.result' is not among the events "
     "this source may send"},
    {"{field: latency_ms, column: ms}", "{field: latency, column: ms}",
     "sources[1].csv.rows[0]: an event has no field 'latency'"},
    {"{field: rev, value: \"1\"}", "{field: rev, value: \"1\", column: rev}",
     "sources[0].csv.rows[0]: the field 'rev' needs a column or a value, and only one of them"},
    {"\"dns.google:443\"", "dns.google",
     "collector.references[1]: 'dns.google' is not a host and "
     "port such as example.org:443"},
    {"      zone: UTC\n      rows:", "      zone: +9:00\n      rows:",
     "sources[0].csv.zone: '+9:00' "
     "is neither UTC nor an "
     "offset such as +09:00"},
    {"YYYY-MM-DD\n", "YYYY-MM\n",
     "sources[0].csv.date_format: date format 'YYYY-MM': year, month "
     "or day is missing"},
    {"    chain: base\n    address: native", "    chain: bose\n    address: native",
     "assets[1].chain: there is no chain named 'bose'; did you mean 'base'?"},
    {"    gauge: web\n", "    gauge: wbe\n",
     "agreements[0].gauge: there is no gauge named 'wbe'; "
     "did you mean 'web'?"},
    {"    gauge: web\n", "    gauge: deliveries\n", "agreements[0]"},
    {"    customer: \"0x52908400098527886E0F7030069857D2E4169EE7\"",
     "    customer: \"0xbad08400098527886E0F7030069857D2E4169EE7\"",
     "agreements[0].customer: '0xbad08400098527886E0F7030069857D2E4169EE7' fails the checksum of "
     "EIP-55"},
    {"    customer: \"0x52908400098527886E0F7030069857D2E4169EE7\"",
     "    customer: \"0x52908400098527886E0F7030069857D2E4169EE\"",
     "agreements[0].customer: '0x52908400098527886E0F7030069857D2E4169EE' is not an address: 0x "
     "and 40 digits are wanted"},
    {"    customer: \"0x52908400098527886E0F7030069857D2E4169EE7\"",
     "    customer: \"0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb\"",
     "agreements[0].customer: provider and customer are the same"},
    {"    start: 2026-02-01T00:00:00Z", "    start: 2026-02-02T00:00:00Z", "agreements[0].start: "},
    {"    start: 2026-02-01T00:00:00Z", "    start: 2026-02-30T00:00:00Z",
     "agreements[0].start: '2026-02-30T00:00:00Z' is not a time"},
    {"    early: false", "    early: true", "agreements[0].settle_delay: early payment needs 0s"},
    {"    claim_window: 4w", "    claim_window: 1h",
     "agreements[0].claim_window: not longer than "
     "settle_delay"},
    {"    max_skew: 2s", "    max_skew: 2d",
     "agreements[0].max_skew: more than a twentieth of a "
     "window"},
    {"    threshold: 2", "    threshold: 1",
     "agreements[0].threshold: more than half of the "
     "witnesses must be needed"},
    {"    threshold: 2", "    threshold: 4",
     "agreements[0].threshold: there are fewer witnesses "
     "than that"},
    {"0x27b1fdb04752bbc536007a920d24acb045561c26", "0xde709f2102306220921060314715629080e2fb77",
     "agreements[0].witnesses: two witnesses have the same key"},
    {"      - below_percent: \"99.9\"", "      - below_percent: \"99.8\"",
     "agreements[0].tiers[0]: the first tier is the target of the gauge, 99.9"},
    {"      - below_percent: \"99\"", "      - below_percent: \"99.95\"",
     "agreements[0].tiers[1]: below_percent does not fall from tier to tier"},
    {"        payout: \"1000.00\"", "        payout: \"250\"",
     "agreements[0].tiers[1]: the payout does not rise from tier to tier"},
    {"        payout: \"1000.00\"", "        payout: \"1000.0000001\"",
     "agreements[0].tiers[1].payout: '1000.0000001' is not an amount of USDC, which has 6 "
     "decimals"},
    {"        payout: \"250.00\"", "        payout: \"-1\"",
     "agreements[0].tiers[0].payout: '-1' is not an amount of USDC"},
    {"    cap: \"5000.00\"", "    cap: \"500\"",
     "agreements[0].cap: less than the payout of the "
     "last tier"},
    {"      max_per_payout: \"1000.00\"", "      max_per_payout: \"999\"",
     "policy.spending[0].max_per_payout: the last tier of 'web-2026' pays 1000.00, more than the "
     "signer may sign"},
    {"    - asset: USDC\n", "    - asset: ETH\n",
     "agreements[0].asset: policy.spending has no line "
     "for USDC"},
    {"      max_per_day: \"5000.00\"", "      max_per_day: \"5\"",
     "policy.spending[0].max_per_day: less than max_per_payout"},
    {"    finality: finalized", "    finality: depth 0",
     "chains[0].finality: 'depth 0' is neither 'finalized' nor 'depth N'"},
    {"    priority_fee: 1gwei", "    priority_fee: 1",
     "chains[0].priority_fee: '1' is not a fee such as 30gwei"},
};

/* The line on which the first difference between two texts stands. */
static unsigned line_of_difference(const char *a, const char *b)
{
    unsigned line = 1;
    for (size_t i = 0; a[i] == b[i] && a[i] != '\0'; i++)
        line += a[i] == '\n';
    return line;
}

static void every_mistake_is_named_with_its_place_and_what_would_be_right(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    for (size_t i = 0; i < sizeof(mistakes) / sizeof(mistakes[0]); i++) {
        weir_arena_clear(scope.arena);
        weir_scope_recover(&scope);
        const char *right = with_example(&scope, true);
        const char *wrong = with_replaced(&scope, right, mistakes[i].piece, mistakes[i].by);
        struct weir_config *config = NULL;
        if (with_loaded(&scope, wrong, &config) != WEIR_E_CONFIG)
            fail_msg("'%s' is accepted", mistakes[i].by);
        if (strncmp(scope.fault, "weir.yaml:", 10) != 0 ||
            strstr(scope.fault, mistakes[i].fault) == NULL)
            fail_msg("expected '%s', got '%s'", mistakes[i].fault, scope.fault);
    }
    without_scope(&scope);
}

static void the_line_of_a_wrong_value_is_named(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    const char *right = with_example(&scope, true);
    const char *wrong = with_replaced(&scope, right, "settle_delay: 1h", "settle_delay: 1x");
    char expected[64];
    (void)snprintf(expected, sizeof(expected),
                   "weir.yaml:%u: agreements[0].settle_delay: ", line_of_difference(right, wrong));
    struct weir_config *config = NULL;
    assert_int_equal(with_loaded(&scope, wrong, &config), WEIR_E_CONFIG);
    assert_memory_equal(scope.fault, expected, strlen(expected));
    without_scope(&scope);
}

static void what_is_no_single_document_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *fault;
    } files[] = {
        {"", "weir.yaml:1: the file is empty"},
        {"# nothing\n", "weir.yaml:1: the file is empty"},
        {"node: {name: a}\n---\nnode: {name: b}\n", "weir.yaml:2: a second document begins here"},
        {"- a\n", "weir.yaml:1: keys of its own are wanted here"},
        {"node: {name: a\n", "weir.yaml:2: not well-formed YAML: "},
        {"\xff\xfe\x6e", "weir.yaml: the file is not UTF-8 text"},
        {"node:\n  name: \"a\\0b\"\n", "weir.yaml:2: node.name: the value holds a NUL byte"},
        {"node:\n  name: a\n  data_dir: \"a\\tb\"\n", "weir.yaml:3: node.data_dir: the text holds "
                                                      "a control character"},
        {"node: {name: ~}\n", "weir.yaml:1: node.name: there is no value"},
        {"node: {name: a}\nagreements: []\ngauges:\n",
         "weir.yaml:3: gauges: a list is wanted here; "
         "write [] for an empty one"},
    };
    struct weir_scope scope = with_scope();
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        struct weir_config *config = NULL;
        weir_scope_recover(&scope);
        assert_int_equal(with_loaded(&scope, files[i].text, &config), WEIR_E_CONFIG);
        if (strncmp(scope.fault, files[i].fault, strlen(files[i].fault)) != 0)
            fail_msg("expected '%s', got '%s'", files[i].fault, scope.fault);
    }
    without_scope(&scope);
}

static void a_file_that_is_too_large_is_refused(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    const struct weir_config_input input = {.file = "weir.yaml",
                                            .text = {NULL, WEIR_CONFIG_FILE_BYTES_MAX + 1}};
    struct weir_config *config = NULL;
    assert_int_equal(weir_config_load(&scope, &input, &config), WEIR_E_CONFIG);
    without_scope(&scope);
}

static void a_thousand_gauges_load_within_the_memory_of_a_command(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    struct weir_buffer text = {0};
    assert_int_equal(weir_buffer_text(&scope, &text, "node: {name: a}\ngauges:\n"), WEIR_OK);
    for (unsigned i = 0; i < 1000; i++)
        assert_int_equal(weir_buffer_printf(&scope, &text,
                                            "  - name: g%u\n    kind: availability\n    window: "
                                            "{calendar: month}\n    target_percent: \"99.9\"\n    "
                                            "probe: {url: \"https://example.org/%u\"}\n",
                                            i, i),
                         WEIR_OK);
    assert_int_equal(weir_buffer_put(&scope, &text, "", 1), WEIR_OK);
    struct weir_config *config = NULL;
    assert_int_equal(with_loaded(&scope, (const char *)text.data, &config), WEIR_OK);
    assert_int_equal(config->gauge_count, 1000);
    assert_string_equal(config->gauges[999].definition.name, "g999");
    without_scope(&scope);
}

static void too_little_memory_is_an_error_and_no_crash(void **state)
{
    (void)state;
    struct weir_scope big = with_scope();
    const char *text = with_example(&big, true);
    for (size_t bytes = 1024; bytes < 400000; bytes += 997) {
        struct weir_scope scope = {.arena = weir_arena_new(bytes)};
        struct weir_config *config = NULL;
        enum weir_err err = with_loaded(&scope, text, &config);
        assert_true(err == WEIR_OK || err == WEIR_E_MEMORY);
        assert_true(err == WEIR_OK || config == NULL);
        weir_arena_free(scope.arena);
    }
    without_scope(&big);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_example_loads_as_it_is_shipped),
        cmocka_unit_test(the_full_example_gives_every_value_in_its_unit),
        cmocka_unit_test(a_file_with_a_name_alone_has_the_defaults_of_the_manual),
        cmocka_unit_test(the_example_shows_every_option),
        cmocka_unit_test(every_mistake_is_named_with_its_place_and_what_would_be_right),
        cmocka_unit_test(the_line_of_a_wrong_value_is_named),
        cmocka_unit_test(what_is_no_single_document_is_refused),
        cmocka_unit_test(a_file_that_is_too_large_is_refused),
        cmocka_unit_test(a_thousand_gauges_load_within_the_memory_of_a_command),
        cmocka_unit_test(too_little_memory_is_an_error_and_no_crash),
    };
    return cmocka_run_group_tests_name("load", tests, NULL, NULL);
}
