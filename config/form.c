#include "config/read.h"

#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/slice.h"
#include "config/config.h"
#include "config/value.h"

/* "127.0.0.1:8460" or "[::1]:8460": numeric, because a name would be looked up at start-up. */
enum weir_err weir_option_read_listen(struct weir_scope *scope,
                                      const struct weir_option *option,
                                      const char *text,
                                      void *target)
{
    bool is_bracketed = text[0] == '[';
    const char *host = is_bracketed ? text + 1 : text;
    size_t length = strspn(host, is_bracketed ? "0123456789abcdefABCDEF:." : "0123456789.");
    const char *rest = host + length;
    if (is_bracketed && *rest++ != ']')
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' has no closing bracket", text);
    if (length == 0 || *rest != ':')
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' is not an address and port such as 127.0.0.1:8460 or [::1]:8460",
                         text);
    uint64_t port;
    struct weir_scope inner = {0};
    if (weir_u64_parse(&inner, weir_slice_text(rest + 1), UINT16_MAX, &port) != WEIR_OK)
        return weir_fail(scope, WEIR_E_CONFIG, "'%s' has a wrong port: %s", text, inner.fault);
    const char *copy = weir_take_text(scope, host, length);
    if (copy == NULL)
        return WEIR_E_MEMORY;
    *(const char **)weir_place_of(target, option->at[0]) = copy;
    weir_option_store(target, option->at[1], port);
    return WEIR_OK;
}

enum weir_err weir_option_read_finality(struct weir_scope *scope,
                                        const struct weir_option *option,
                                        const char *text,
                                        void *target)
{
    static const char depth_word[] = "depth ";
    uint64_t depth = 0;
    bool is_depth = strncmp(text, depth_word, sizeof(depth_word) - 1) == 0;
    struct weir_scope inner = {0};
    struct weir_slice number = weir_slice_text(is_depth ? text + sizeof(depth_word) - 1 : "0");
    bool is_number = weir_u64_parse(&inner, number, 100000, &depth) == WEIR_OK;
    if (!is_number || (is_depth && depth == 0) || (!is_depth && strcmp(text, "finalized") != 0))
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' is neither 'finalized' nor 'depth N' with N from 1 to 100000", text);
    weir_option_store(target, option->at[0],
                      is_depth ? WEIR_CONFIG_FINALITY_DEPTH : WEIR_CONFIG_FINALITY_FINALIZED);
    weir_option_store(target, option->at[1], depth);
    return WEIR_OK;
}

enum weir_err weir_option_read_separator(struct weir_scope *scope,
                                         const struct weir_option *option,
                                         const char *text,
                                         void *target)
{
    char separator = strcmp(text, "tab") == 0 ? '\t' : text[0];
    bool is_one = separator == '\t' || strlen(text) == 1;
    if (!is_one || strchr("\"\r\n", separator) != NULL || (uint8_t)separator >= 0x7f)
        return weir_fail(scope, WEIR_E_CONFIG,
                         "'%s' is not a separator: one character such as ',' or ';', or 'tab'",
                         text);
    *(char *)weir_place_of(target, option->at[0]) = separator;
    return WEIR_OK;
}

/* "200" or "300-399". */
static enum weir_err status_range_parse(struct weir_scope *scope,
                                        struct weir_slice item,
                                        struct weir_status_range *range)
{
    struct weir_slice last_text = item;
    struct weir_slice first_text = item;
    if (weir_slice_cut(&last_text, '-', &first_text) == false)
        last_text = first_text = item;
    struct weir_scope inner = {0};
    uint64_t first = 0;
    uint64_t last = 0;
    if (weir_u64_parse(&inner, first_text, 599, &first) != WEIR_OK ||
        weir_u64_parse(&inner, last_text, 599, &last) != WEIR_OK || first < 100 || last < first)
        return weir_fail(
            scope, WEIR_E_CONFIG,
            "'%.*s' is not an HTTP status from 100 to 599, nor a range such as 300-399",
            (int)item.length, (const char *)item.data);
    *range = (struct weir_status_range){.first = (uint16_t)first, .last = (uint16_t)last};
    return WEIR_OK;
}

enum weir_err weir_option_read_statuses(struct weir_scope *scope,
                                        const struct weir_option *option,
                                        const char *text,
                                        void *target)
{
    struct weir_status_range *ranges = weir_place_of(target, option->at[0]);
    size_t count = 0;
    struct weir_slice rest = weir_slice_text(text);
    for (bool has_more = true; has_more; count++) {
        struct weir_slice item = rest;
        has_more = weir_slice_cut(&rest, ',', &item);
        while (item.length > 0 && item.data[0] == ' ') {
            item.data++;
            item.length--;
        }
        if (count == WEIR_GAUGE_STATUS_MAX)
            return weir_fail(scope, WEIR_E_CONFIG, "more than %d status ranges",
                             WEIR_GAUGE_STATUS_MAX);
        if (status_range_parse(scope, item, &ranges[count]) != WEIR_OK)
            return scope->err;
        if (count > 0 && ranges[count].first <= ranges[count - 1].last)
            return weir_fail(scope, WEIR_E_CONFIG, "'%s': the ranges must rise", text);
    }
    *(size_t *)weir_place_of(target, option->at[1]) = count;
    return WEIR_OK;
}
