/* Goal: a value has one meaning and one text: what is printed reads back to the same.
 * Method: tables of texts, the edges of every kind on both sides. */
#include "config/value.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "tests/unit/config/with_config.h"

struct target {
    uint64_t number;
    uint8_t narrow;
    const char *text;
    uint16_t port;
    uint32_t depth;
    struct weir_status_range statuses[WEIR_GAUGE_STATUS_MAX];
    size_t status_count;
    char separator;
};

#define AT(member) WEIR_AT(struct target, member)

static const struct weir_option duration = {.key = "duration",
                                            .kind = WEIR_OPTION_DURATION,
                                            .at = {AT(number)},
                                            .is_none_allowed = true};
static const struct weir_option size = {.key = "size",
                                        .kind = WEIR_OPTION_SIZE,
                                        .at = {AT(number)}};
static const struct weir_option fee = {.key = "fee", .kind = WEIR_OPTION_FEE, .at = {AT(number)}};
static const struct weir_option count = {.key = "count",
                                         .kind = WEIR_OPTION_COUNT,
                                         .at = {AT(narrow)},
                                         .max = UINT8_MAX};
static const struct weir_option name = {.key = "name", .kind = WEIR_OPTION_NAME, .at = {AT(text)}};
static const struct weir_option url = {.key = "url", .kind = WEIR_OPTION_URL, .at = {AT(text)}};
static const struct weir_option listening = {.key = "listen",
                                             .kind = WEIR_OPTION_LISTEN,
                                             .at = {AT(text), AT(port)}};
static const struct weir_option finality = {.key = "finality",
                                            .kind = WEIR_OPTION_FINALITY,
                                            .at = {AT(narrow), AT(depth)}};
static const struct weir_option statuses = {.key = "statuses",
                                            .kind = WEIR_OPTION_STATUSES,
                                            .at = {AT(statuses), AT(status_count)}};
static const struct weir_option separator = {.key = "separator",
                                             .kind = WEIR_OPTION_SEPARATOR,
                                             .at = {AT(separator)}};

static void values_read_and_print_the_same(void **state)
{
    (void)state;
    static const struct {
        const struct weir_option *option;
        const char *text;
        const char *printed;
    } rows[] = {
        {&duration, "0s", "0s"},
        {&duration, "0ms", "0s"},
        {&duration, "250ms", "250ms"},
        {&duration, "1000ms", "1s"},
        {&duration, "90s", "90s"},
        {&duration, "60m", "1h"},
        {&duration, "7d", "1w"},
        {&duration, "none", "none"},
        {&duration, "15250284452w", "15250284452w"},
        {&size, "0B", "0B"},
        {&size, "1024B", "1KiB"},
        {&size, "1025B", "1025B"},
        {&size, "64MiB", "64MiB"},
        {&fee, "30gwei", "30gwei"},
        {&fee, "0.5gwei", "500000000wei"},
        {&fee, "1000000000wei", "1gwei"},
        {&fee, "0wei", "0gwei"},
        {&count, "0", "0"},
        {&count, "255", "255"},
        {&name, "w1.example", "w1.example"},
        {&url, "http://[::1]:80/a?b=c#d", "http://[::1]:80/a?b=c#d"},
        {&listening, "127.0.0.1:0", "127.0.0.1:0"},
        {&listening, "[::1]:65535", "[::1]:65535"},
        {&finality, "finalized", "finalized"},
        {&finality, "depth 12", "depth 12"},
        {&statuses, "200", "200"},
        {&statuses, "200,204,300-399", "200, 204, 300-399"},
        {&separator, "tab", "tab"},
        {&separator, ";", ";"},
    };
    struct weir_scope scope = with_scope();
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        struct target target = {0};
        struct target again = {0};
        const struct weir_address_check none = {NULL};
        const char *printed = NULL;
        if (weir_value_read(&scope, rows[i].option, rows[i].text, none, &target) != WEIR_OK)
            fail_msg("'%s': %s", rows[i].text, scope.fault);
        assert_int_equal(weir_value_print(&scope, rows[i].option, &target, &printed), WEIR_OK);
        assert_string_equal(printed, rows[i].printed);
        assert_int_equal(weir_value_read(&scope, rows[i].option, printed, none, &again), WEIR_OK);
        assert_int_equal(target.number, again.number);
    }
    without_scope(&scope);
}

static const struct {
    const struct weir_option *option;
    const char *text;
} refused[] = {
    {&duration, ""},
    {&duration, "5"},
    {&duration, "s"},
    {&duration, "5 s"},
    {&duration, "5S"},
    {&duration, "1h30m"},
    {&duration, "05s"},
    {&duration, "-5s"},
    {&duration, "1.5s"},
    {&duration, "5sec"},
    {&duration, "15250284453w"},
    {&duration, "None"},
    {&size, "5K"},
    {&size, "5kib"},
    {&size, "5"},
    {&fee, "5"},
    {&fee, "5eth"},
    {&fee, "1.5wei"},
    {&fee, "0.0000000001gwei"},
    {&fee, "99999999999999gwei"},
    {&count, "256"},
    {&count, "0x10"},
    {&count, "+1"},
    {&count, "1e1"},
    {&count, ""},
    {&name, ""},
    {&name, "-a"},
    {&name, "a b"},
    {&name, "\xc3\xa4"},
    {&url, "http://"},
    {&url, "http:///a"},
    {&url, "https://a b/"},
    {&url, "HTTP://a/"},
    {&url, "http://a/\x01"},
    {&listening, "localhost:80"},
    {&listening, "127.0.0.1"},
    {&listening, "::1:80"},
    {&listening, "[::1]80"},
    {&listening, "127.0.0.1:65536"},
    {&finality, "depth"},
    {&finality, "depth 0"},
    {&finality, "depth 01"},
    {&finality, "latest"},
    {&finality, "depth 100001"},
    {&statuses, ""},
    {&statuses, "99"},
    {&statuses, "600"},
    {&statuses, "300-200"},
    {&statuses, "200,200"},
    {&statuses, "200;300"},
    {&statuses, "200-"},
    {&separator, ""},
    {&separator, "ab"},
    {&separator, "\""},
    {&separator, "\xc3"},
};

static void what_has_two_readings_or_none_is_refused(void **state)
{
    (void)state;
    struct weir_scope scope = with_scope();
    for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
        struct target target = {0};
        const struct weir_address_check none = {NULL};
        weir_scope_recover(&scope);
        if (weir_value_read(&scope, refused[i].option, refused[i].text, none, &target) !=
            WEIR_E_CONFIG)
            fail_msg("%s '%s' is accepted", refused[i].option->key, refused[i].text);
        assert_true(scope.fault[0] != '\0');
    }
    without_scope(&scope);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_read_and_print_the_same),
        cmocka_unit_test(what_has_two_readings_or_none_is_refused),
    };
    return cmocka_run_group_tests_name("value", tests, NULL, NULL);
}
