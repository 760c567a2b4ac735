#include "config/read.h"

#include <string.h>

#include "base/arena.h"
#include "base/slice.h"
#include "base/text.h"
#include "config/config.h"
#include "config/value.h"
#include "metrics/calendar.h"

enum weir_err weir_config_time_parse(struct weir_scope *scope, const char *text, int64_t *unix_ms)
{
    struct weir_scope inner = {0};
    if (weir_time_parse(&inner, weir_slice_text(text), unix_ms) != WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' is not a time such as 2026-01-05T10:00:00Z: %s", text, inner.fault);
    return WEIR_OK;
}

enum weir_err weir_option_read_choice(struct weir_scope *scope,
                                      const struct weir_option *option,
                                      const char *text,
                                      void *target)
{
    size_t count = 0;
    for (; option->choices[count] != NULL; count++) {
        if (strcmp(option->choices[count], text) != 0)
            continue;
        if (option->at[0].bytes == sizeof(const char *))
            *(const char **)weir_place_of(target, option->at[0]) = option->choices[count];
        else
            weir_option_store(target, option->at[0], option->min + count);
        return WEIR_OK;
    }
    const char *nearest = weir_nearest(text, option->choices, count);
    if (nearest != NULL)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' is not known here; did you mean '%s'?", text,
                         nearest);
    const char *list = option->choices[0];
    for (size_t i = 1; i < count && list != NULL; i++)
        list = weir_take_printf(scope, "%s, %s", list, option->choices[i]);
    return weir_fail(scope, WEIR_E_CONFIG, "'%s' is not known here; it must be one of %s", text,
                     list);
}

enum weir_err weir_option_read_bool(struct weir_scope *scope,
                                    const struct weir_option *option,
                                    const char *text,
                                    void *target)
{
    bool is_true = strcmp(text, "true") == 0;
    if (!is_true && strcmp(text, "false") != 0)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' is neither true nor false", text);
    *(bool *)weir_place_of(target, option->at[0]) = is_true;
    return WEIR_OK;
}

/* Printable UTF-8 within the option's length. */
static enum weir_err
text_check(struct weir_scope *scope, const struct weir_option *option, const char *text)
{
    size_t length = strlen(text);
    for (size_t i = 0; i < length; i++) {
        if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f)
            return weir_fail(scope, WEIR_E_CONFIG, "the text holds a control character");
    }
    if (length < option->min)
        return weir_fail(scope, WEIR_E_CONFIG, "the text is empty or too short");
    if (option->max != 0 && length > option->max)
        return weir_fail(scope, WEIR_E_CONFIG, "the text has %zu bytes, at most %llu are allowed",
                         length, (unsigned long long)option->max);
    return WEIR_OK;
}

static enum weir_err name_check(struct weir_scope *scope, const char *text)
{
    static const char inner[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t length = strlen(text);
    if (length == 0 || length > WEIR_GAUGE_NAME_MAX)
        return weir_fail(scope, WEIR_E_CONFIG, "a name has 1 to %d characters",
                         WEIR_GAUGE_NAME_MAX);
    if (strspn(text, inner) != length || strchr("._-", text[0]) != NULL)
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' is not a name: letters, digits, '.', '_' and '-', the first one a "
                         "letter or digit",
                         text);
    return WEIR_OK;
}

static enum weir_err url_check(struct weir_scope *scope, const char *text)
{
    size_t scheme = strncmp(text, "https://", 8) == 0 ? 8 : 7;
    if (scheme == 7 && strncmp(text, "http://", 7) != 0)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' does not begin with http:// or https://",
                         text);
    if (strlen(text) > WEIR_GAUGE_URL_MAX)
        return weir_fail(scope, WEIR_E_CONFIG, "the URL is longer than %d bytes",
                         WEIR_GAUGE_URL_MAX);
    if (text[scheme] == '\0' || strchr("/:?#", text[scheme]) != NULL)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' names no host", text);
    for (const char *at = text; *at != '\0'; at++) {
        if ((uint8_t)*at <= 0x20 || (uint8_t)*at >= 0x7f || strchr("\"<>\\^`{|}", *at) != NULL)
            return weir_fail(scope, WEIR_E_CONFIG,
                             "'%s' holds a character that a URL cannot have; write it as %%XX",
                             text);
    }
    return WEIR_OK;
}

enum weir_err weir_option_read_text(struct weir_scope *scope,
                                    const struct weir_option *option,
                                    const char *text,
                                    void *target)
{
    enum weir_err err = text_check(scope, option, text);
    if (err == WEIR_OK && option->kind == WEIR_OPTION_NAME)
        err = name_check(scope, text);
    if (err == WEIR_OK && option->kind == WEIR_OPTION_URL)
        err = url_check(scope, text);
    if (err == WEIR_OK && option->kind == WEIR_OPTION_PATH && *text == '\0')
        err = weir_fail(scope, WEIR_E_CONFIG, "the path is empty");
    if (err != WEIR_OK)
        return err;
    const char *copy = weir_take_text(scope, text, strlen(text));
    if (copy == NULL)
        return WEIR_E_MEMORY;
    *(const char **)weir_place_of(target, option->at[0]) = copy;
    return WEIR_OK;
}

enum weir_err weir_option_read_percent(struct weir_scope *scope,
                                       const struct weir_option *option,
                                       const char *text,
                                       void *target)
{
    struct weir_ratio ratio;
    struct weir_scope inner = {0};
    if (weir_percent_parse(&inner, weir_slice_text(text), &ratio) != WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' is not a percentage above 0 and up to 100 such as \"99.95\": %s",
                         text, inner.fault);
    *(struct weir_ratio *)weir_place_of(target, option->at[1]) = ratio;
    return weir_option_read_text(scope, option, text, target);
}

enum weir_err weir_option_read_address(struct weir_scope *scope,
                                       struct weir_place place,
                                       const char *text,
                                       struct weir_address_check check,
                                       void *target)
{
    struct weir_config_address address;
    struct weir_scope inner = {0};
    size_t length = strlen(text);
    if (strncmp(text, "0x", 2) != 0 || length != 2 + 2 * WEIR_CONFIG_ADDRESS_BYTES)
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' is not an address: 0x and %d digits are wanted", text,
                         2 * WEIR_CONFIG_ADDRESS_BYTES);
    struct weir_slice digits = weir_slice_text(text + 2);
    if (weir_hex_parse(&inner, digits, address.bytes, sizeof(address.bytes)) != WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' is not an address: %s", text, inner.fault);
    if (check.is_sound != NULL && !check.is_sound(text))
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' fails the checksum of EIP-55 that is in its upper and lower case: "
                         "a character is wrong, or the case was lost",
                         text);
    *(struct weir_config_address *)weir_place_of(target, place) = address;
    return WEIR_OK;
}

enum weir_err weir_option_read_asset(struct weir_scope *scope,
                                     const struct weir_option *option,
                                     const char *text,
                                     struct weir_address_check check,
                                     void *target)
{
    bool is_native = strcmp(text, "native") == 0;
    *(bool *)weir_place_of(target, option->at[0]) = is_native;
    if (is_native)
        return WEIR_OK;
    if (weir_option_read_address(scope, option->at[1], text, check, target) != WEIR_OK)
        return weir_note(scope, "the contract of a token, or 'native'");
    return WEIR_OK;
}

enum weir_err weir_option_read_hash(struct weir_scope *scope,
                                    const struct weir_option *option,
                                    const char *text,
                                    void *target)
{
    struct weir_hash hash;
    if (strlen(text) != 2 * WEIR_HASH_BYTES || strspn(text, "0123456789abcdef") != strlen(text))
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' is not 64 digits 0-9a-f%s", text,
                         strncmp(text, "0x", 2) == 0 ? "; leave out the 0x" : "");
    if (weir_hex_parse(scope, weir_slice_text(text), hash.bytes, sizeof(hash.bytes)) != WEIR_OK)
        return scope->err;
    *(struct weir_hash *)weir_place_of(target, option->at[0]) = hash;
    return WEIR_OK;
}

enum weir_err weir_option_read_time(struct weir_scope *scope,
                                    const struct weir_option *option,
                                    const char *text,
                                    void *target)
{
    int64_t unix_ms;
    if (weir_config_time_parse(scope, text, &unix_ms) != WEIR_OK)
        return scope->err;
    *(int64_t *)weir_place_of(target, option->at[0]) = unix_ms;
    return WEIR_OK;
}
