/* The options as one table per section: name, kind, place in the final structs, bounds, default and
 * help.  Reading, defaults, `config show` and docs/configuration.md all walk these tables, so an
 * option exists everywhere or nowhere.  Constant data.  Floor 1: pure. */
#ifndef WEIR_CONFIG_SCHEMA_H
#define WEIR_CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WEIR_OPTIONS_MAX 64 /* of one section */

enum weir_option_kind {
    WEIR_OPTION_TEXT,      /* printable UTF-8, `min` to `max` bytes */
    WEIR_OPTION_NAME,      /* letters, digits and ._- */
    WEIR_OPTION_PATH,      /* of a file or folder */
    WEIR_OPTION_URL,       /* http or https */
    WEIR_OPTION_BOOL,      /* true or false */
    WEIR_OPTION_COUNT,     /* whole number from `min` to `max` */
    WEIR_OPTION_DURATION,  /* "250ms", bounds in ms */
    WEIR_OPTION_SIZE,      /* "64KiB", bounds in bytes */
    WEIR_OPTION_TIME,      /* "2026-01-05T10:00:00Z" */
    WEIR_OPTION_ADDRESS,   /* EIP-55 */
    WEIR_OPTION_ASSET,     /* the same or "native"; at: is_native, address */
    WEIR_OPTION_HASH,      /* 64 digits; 0x is not wanted */
    WEIR_OPTION_CHOICE,    /* `min` + position in `choices`; a pointer gets the word */
    WEIR_OPTION_PERCENT,   /* "99.95"; at: text, ratio */
    WEIR_OPTION_AMOUNT,    /* decimals of an asset; at: text; the money is made by the checks */
    WEIR_OPTION_FEE,       /* "30gwei", in wei */
    WEIR_OPTION_LISTEN,    /* "127.0.0.1:8460"; at: host, port */
    WEIR_OPTION_FINALITY,  /* "finalized" or "depth 12"; at: finality, depth */
    WEIR_OPTION_SEPARATOR, /* one character, or "tab" */
    WEIR_OPTION_STATUSES,  /* "200, 300-399"; at: array, count */
    WEIR_OPTION_TEXTS,     /* list of texts; at: struct weir_config_texts */
    WEIR_OPTION_TIMES,     /* list of times in unix seconds; at: pointer, count */
    WEIR_OPTION_SECTION,   /* keys of its own; absent means all defaults; may share the outer struct
                            */
    WEIR_OPTION_CHILD,     /* keys of its own; absent means a NULL pointer */
    WEIR_OPTION_LIST       /* of sections; at: pointer, count */
};

struct weir_place {
    uint16_t offset;
    uint16_t bytes;
};

struct weir_section;

struct weir_option {
    const char *key;
    enum weir_option_kind kind;
    bool is_required;
    bool is_secret;       /* masked when shown */
    bool is_none_allowed; /* a duration may be "none": without end */
    struct weir_place at[2];
    struct weir_place given; /* a bool that says whether the file has it; bytes 0: nowhere */
    const char *fallback;    /* text of the default; NULL: nothing */
    uint64_t min;
    uint64_t max; /* 0: no bound */
    const char *const *choices;
    const struct weir_section *section;
    const char *help;
};

struct weir_section {
    const char *name; /* as the manual calls one of them */
    const char *help;
    size_t bytes; /* of the struct its values go into */
    size_t option_count;
    const struct weir_option *options;
};

extern const struct weir_section weir_config_schema;
/* Parts of the table that live in files of their own. */
extern const struct weir_section weir_schema_chain;
extern const struct weir_section weir_schema_asset;
extern const struct weir_section weir_schema_source;
extern const struct weir_section weir_schema_gauge;
extern const struct weir_section weir_schema_agreement;
extern const struct weir_section weir_schema_policy;

/* True for the kinds that are one line of text in the file. */
bool weir_option_is_scalar(enum weir_option_kind kind);

#define WEIR_AT(type, member)                                                                      \
    {                                                                                              \
        (uint16_t) offsetof(type, member), (uint16_t)sizeof(((type *)0)->member)                   \
    }
#define WEIR_SECTION(symbol, title, type, table, text)                                             \
    const struct weir_section symbol = {.name = (title),                                           \
                                        .help = (text),                                            \
                                        .bytes = sizeof(type),                                     \
                                        .option_count = sizeof(table) / sizeof((table)[0]),        \
                                        .options = (table)}

#endif /* WEIR_CONFIG_SCHEMA_H */
