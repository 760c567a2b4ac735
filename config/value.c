#include "config/value.h"

#include <assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/text.h"
#include "config/config.h"
#include "metrics/calendar.h"

enum weir_err weir_value_read(struct weir_scope *scope,
                              const struct weir_option *option,
                              const char *text,
                              struct weir_address_check check,
                              void *target)
{
    switch (option->kind) {
    case WEIR_OPTION_TEXT:
    case WEIR_OPTION_NAME:
    case WEIR_OPTION_PATH:
    case WEIR_OPTION_URL:
    case WEIR_OPTION_AMOUNT:
        return weir_option_read_text(scope, option, text, target);
    case WEIR_OPTION_BOOL:
        return weir_option_read_bool(scope, option, text, target);
    case WEIR_OPTION_COUNT:
    case WEIR_OPTION_DURATION:
    case WEIR_OPTION_SIZE:
    case WEIR_OPTION_FEE:
        return weir_option_read_quantity(scope, option, text, target);
    case WEIR_OPTION_TIME:
        return weir_option_read_time(scope, option, text, target);
    case WEIR_OPTION_ADDRESS:
        return weir_option_read_address(scope, option->at[0], text, check, target);
    case WEIR_OPTION_ASSET:
        return weir_option_read_asset(scope, option, text, check, target);
    case WEIR_OPTION_HASH:
        return weir_option_read_hash(scope, option, text, target);
    case WEIR_OPTION_CHOICE:
        return weir_option_read_choice(scope, option, text, target);
    case WEIR_OPTION_PERCENT:
        return weir_option_read_percent(scope, option, text, target);
    case WEIR_OPTION_LISTEN:
        return weir_option_read_listen(scope, option, text, target);
    case WEIR_OPTION_FINALITY:
        return weir_option_read_finality(scope, option, text, target);
    case WEIR_OPTION_SEPARATOR:
        return weir_option_read_separator(scope, option, text, target);
    case WEIR_OPTION_STATUSES:
        return weir_option_read_statuses(scope, option, text, target);
    case WEIR_OPTION_TEXTS:
    case WEIR_OPTION_TIMES:
    case WEIR_OPTION_SECTION:
    case WEIR_OPTION_CHILD:
    case WEIR_OPTION_LIST:
        break;
    }
    return weir_fail(scope, WEIR_E_CONFIG, "'%s' is not a single value", option->key);
}

/* "https://host" of a URL whose user, path and query may hold a key. */
static const char *url_mask(struct weir_scope *scope, const char *url)
{
    const char *host = strstr(url, "://");
    if (host == NULL)
        return "***";
    host += 3;
    size_t length = strcspn(host, "/?#");
    const char *at = memchr(host, '@', length);
    bool has_user = at != NULL;
    if (has_user) {
        length -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    bool has_more = host[length] != '\0' && strcmp(host + length, "/") != 0;
    return weir_take_printf(scope, "%.*s%s%.*s%s", (int)(strstr(url, "://") + 3 - url), url,
                            has_user ? "***@" : "", (int)length, host,
                            has_more ? "/***" : host + length);
}

static const char *
text_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    const char *text = *(const char *const *)weir_place_in(target, option->at[0]);
    if (text != NULL && option->is_secret)
        return option->kind == WEIR_OPTION_URL ? url_mask(scope, text) : "***";
    return text;
}

static const char *
address_print(struct weir_scope *scope, struct weir_place place, const void *target)
{
    const struct weir_config_address *address = weir_place_in(target, place);
    const char *digits = weir_take_hex(scope, address->bytes, sizeof(address->bytes));
    return digits == NULL ? NULL : weir_take_printf(scope, "0x%s", digits);
}

static const char *choice_print(const struct weir_option *option, const void *target)
{
    if (option->at[0].bytes == sizeof(const char *))
        return *(const char *const *)weir_place_in(target, option->at[0]);
    uint64_t value = weir_option_get(target, option->at[0]);
    assert(value >= option->min);
    return option->choices[value - option->min];
}

static const char *
time_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    char text[WEIR_TIME_TEXT_BYTES];
    weir_time_print(*(const int64_t *)weir_place_in(target, option->at[0]), text);
    return weir_take_text(scope, text, strlen(text));
}

static const char *
listen_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    const char *host = *(const char *const *)weir_place_in(target, option->at[0]);
    unsigned port = (unsigned)weir_option_get(target, option->at[1]);
    bool is_v6 = strchr(host, ':') != NULL;
    return weir_take_printf(scope, is_v6 ? "[%s]:%u" : "%s:%u", host, port);
}

static const char *
finality_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    if (weir_option_get(target, option->at[0]) == WEIR_CONFIG_FINALITY_FINALIZED)
        return "finalized";
    return weir_take_printf(scope, "depth %u", (unsigned)weir_option_get(target, option->at[1]));
}

static const char *
statuses_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    const struct weir_status_range *ranges = weir_place_in(target, option->at[0]);
    size_t count = *(const size_t *)weir_place_in(target, option->at[1]);
    const char *text = "";
    for (size_t i = 0; i < count && text != NULL; i++) {
        const char *comma = i == 0 ? "" : ", ";
        if (ranges[i].first == ranges[i].last)
            text = weir_take_printf(scope, "%s%s%u", text, comma, ranges[i].first);
        else
            text =
                weir_take_printf(scope, "%s%s%u-%u", text, comma, ranges[i].first, ranges[i].last);
    }
    return text;
}

static const char *
hash_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    const struct weir_hash *hash = weir_place_in(target, option->at[0]);
    if (weir_hash_is_zero(hash))
        return NULL;
    if (option->is_secret)
        return weir_take_printf(scope, "%02x%02x...", hash->bytes[0], hash->bytes[1]);
    return weir_take_hex(scope, hash->bytes, sizeof(hash->bytes));
}

static const char *
separator_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    const char *separator = weir_place_in(target, option->at[0]);
    return *separator == '\t' ? "tab" : weir_take_text(scope, separator, 1);
}

static const char *
value_print(struct weir_scope *scope, const struct weir_option *option, const void *target)
{
    switch (option->kind) {
    case WEIR_OPTION_TEXT:
    case WEIR_OPTION_NAME:
    case WEIR_OPTION_PATH:
    case WEIR_OPTION_URL:
    case WEIR_OPTION_AMOUNT:
    case WEIR_OPTION_PERCENT:
        return text_print(scope, option, target);
    case WEIR_OPTION_BOOL:
        return *(const bool *)weir_place_in(target, option->at[0]) ? "true" : "false";
    case WEIR_OPTION_COUNT:
    case WEIR_OPTION_DURATION:
    case WEIR_OPTION_SIZE:
    case WEIR_OPTION_FEE:
        return weir_option_print_quantity(scope, option, weir_option_get(target, option->at[0]));
    case WEIR_OPTION_TIME:
        return time_print(scope, option, target);
    case WEIR_OPTION_ADDRESS:
        return address_print(scope, option->at[0], target);
    case WEIR_OPTION_ASSET:
        if (*(const bool *)weir_place_in(target, option->at[0]))
            return "native";
        return address_print(scope, option->at[1], target);
    case WEIR_OPTION_HASH:
        return hash_print(scope, option, target);
    case WEIR_OPTION_CHOICE:
        return choice_print(option, target);
    case WEIR_OPTION_LISTEN:
        return listen_print(scope, option, target);
    case WEIR_OPTION_FINALITY:
        return finality_print(scope, option, target);
    case WEIR_OPTION_SEPARATOR:
        return separator_print(scope, option, target);
    case WEIR_OPTION_STATUSES:
        return statuses_print(scope, option, target);
    case WEIR_OPTION_TEXTS:
    case WEIR_OPTION_TIMES:
    case WEIR_OPTION_SECTION:
    case WEIR_OPTION_CHILD:
    case WEIR_OPTION_LIST:
        break;
    }
    return NULL;
}

enum weir_err weir_value_print(struct weir_scope *scope,
                               const struct weir_option *option,
                               const void *target,
                               const char **text)
{
    *text = value_print(scope, option, target);
    return scope->err;
}
