#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/text.h"
#include "rails/evm/abi.h"

#define SELECTOR_BYTES 4
#define REASON_BYTES_MAX 256
#define ARGUMENTS_MAX 2

/* What the error says about trying again.  All that is not listed here is fatal: the same call is
 * refused for ever. */
static const struct {
    const char *signature;
    enum weir_revert_meaning meaning;
} meanings[] = {
    {"NothingNew()", WEIR_REVERT_DONE},        {"AlreadyOpen(address)", WEIR_REVERT_DONE},
    {"NothingToPay()", WEIR_REVERT_LATER}, /* the escrow may be funded */
    {"TooEarly()", WEIR_REVERT_LATER},         {"Locked()", WEIR_REVERT_LATER},
    {"LowGas()", WEIR_REVERT_LATER},           {"PushFailed()", WEIR_REVERT_LATER},
    {"FailedDeployment()", WEIR_REVERT_LATER},
};

/* The table of the contracts, and what the language itself reverts with. */
static const struct {
    uint32_t selector;
    const char *signature;
    const char *text;
} rows[] = {
#define WEIR_EVM_ERROR(selector, signature, text) {selector, signature, text},
#include "rails/evm/artifacts/errors.def"
#undef WEIR_EVM_ERROR
    {0x08c379a0u, "Error(string)", "a contract refused, in its own words"},
    {0x4e487b71u, "Panic(uint256)", "a contract met a state that it holds impossible"},
};

static enum weir_revert_meaning meaning_of(const char *signature)
{
    for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
        if (strcmp(meanings[i].signature, signature) == 0)
            return meanings[i].meaning;
    return WEIR_REVERT_FATAL;
}

/* Words behind the selector, counted from the types in the signature. */
static size_t argument_count(const char *signature)
{
    const char *open = strchr(signature, '(');
    if (open[1] == ')')
        return 0;
    size_t count = 1;
    for (const char *at = open; *at != '\0'; at++)
        count += *at == ',';
    return count;
}

static bool has_text(const char *signature)
{
    return strcmp(signature, "Error(string)") == 0;
}

bool weir_abi_revert(struct weir_slice data, struct weir_revert *revert)
{
    if (data.length < SELECTOR_BYTES)
        return false;
    const uint32_t selector = weir_get_u32(data.data);
    for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
        if (rows[i].selector != selector)
            continue;
        const size_t words = argument_count(rows[i].signature);
        if (!has_text(rows[i].signature) && data.length != SELECTOR_BYTES + words * WEIR_WORD_BYTES)
            return false;
        *revert = (struct weir_revert){
            .selector = selector,
            .signature = rows[i].signature,
            .meaning = meaning_of(rows[i].signature),
            .text = rows[i].text,
        };
        return true;
    }
    return false;
}

/* "Error(string)" carries words of a stranger: only printable ASCII is shown. */
static char *own_words(struct weir_scope *scope, struct weir_slice arguments)
{
    struct weir_slice reason;
    struct weir_scope own = {0}; /* unreadable words are no failure of the caller's */
    if (weir_abi_read_bytes(&own, arguments, &reason) != WEIR_OK)
        return weir_take_printf(scope, "a contract refused, in words that cannot be read");
    const size_t length = reason.length < REASON_BYTES_MAX ? reason.length : REASON_BYTES_MAX;
    char *text = weir_take_text(scope, reason.data, length);
    if (text == NULL)
        return NULL;
    for (size_t i = 0; i < length; i++)
        if (text[i] < ' ' || text[i] > '~')
            text[i] = '?';
    return weir_take_printf(scope, "a contract refused: \"%s\"", text);
}

/* "BadWitness(3)": the arguments as numbers, addresses and larger words as digits. */
static char *
with_arguments(struct weir_scope *scope, const struct weir_revert *revert, struct weir_slice data)
{
    const size_t words = argument_count(revert->signature);
    const char *printed[ARGUMENTS_MAX] = {"", ""};
    for (size_t i = 0; i < words && i < ARGUMENTS_MAX; i++) {
        struct weir_word word;
        uint64_t number;
        memcpy(word.bytes, data.data + SELECTOR_BYTES + i * WEIR_WORD_BYTES, WEIR_WORD_BYTES);
        char digits[WEIR_WORD_TEXT_BYTES];
        weir_word_print(word, digits);
        struct weir_address address;
        if (weir_word_get_u64(word, UINT64_MAX, &number))
            printed[i] = weir_take_printf(scope, "%" PRIu64, number);
        else if (weir_word_get_address(word, &address)) {
            weir_address_print(&address, digits);
            printed[i] = weir_take_text(scope, digits, strlen(digits));
        } else {
            printed[i] = weir_take_text(scope, digits, strlen(digits));
        }
        if (printed[i] == NULL)
            return NULL;
    }
    const int name_bytes = (int)strcspn(revert->signature, "(");
    return weir_take_printf(scope, "%.*s(%s%s%s): %s", name_bytes, revert->signature, printed[0],
                            words > 1 ? ", " : "", printed[1], revert->text);
}

char *weir_abi_revert_text(struct weir_scope *scope, struct weir_slice data)
{
    struct weir_revert revert;
    if (data.length == 0)
        return weir_take_printf(scope, "reverted without saying why");
    if (weir_abi_revert(data, &revert)) {
        if (!has_text(revert.signature))
            return with_arguments(scope, &revert, data);
        return own_words(
            scope, (struct weir_slice){data.data + SELECTOR_BYTES, data.length - SELECTOR_BYTES});
    }
    const size_t shown = data.length < WEIR_WORD_BYTES ? data.length : WEIR_WORD_BYTES;
    char *hex = weir_take_hex(scope, data.data, shown);
    if (hex == NULL)
        return NULL;
    return weir_take_printf(scope, "reverted with the unknown data 0x%s%s", hex,
                            data.length > shown ? "..." : "");
}
