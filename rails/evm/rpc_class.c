#include "rails/evm/rpc.h"

#include <assert.h>
#include <string.h>

#define CODE_REVERTED 3
#define CODE_LIMIT (-32005)
#define CODE_NO_METHOD (-32601)
#define CODE_BAD_PARAMS (-32602)
#define SEARCHED_BYTES_MAX 2048 /* of a text; the rest is never looked at */

struct rule {
    const char *text; /* in lowercase, found anywhere */
    enum weir_rpc_class class;
};

/* What clients say, the first match wins.  geth, erigon, nethermind, besu, reth, anvil, hardhat and
 * the rollups share most of it.  "unknown transaction" stands first because it contains another. */
static const struct rule rules[] = {
    {"unknown transaction", WEIR_RPC_OTHER},
    {"already known", WEIR_RPC_KNOWN},
    {"alreadyknown", WEIR_RPC_KNOWN},
    {"already imported", WEIR_RPC_KNOWN},
    {"known transaction", WEIR_RPC_KNOWN},
    {"already in mempool", WEIR_RPC_KNOWN},
    {"already in the pool", WEIR_RPC_KNOWN},
    {"transaction already exists", WEIR_RPC_KNOWN},
    {"nonce too low", WEIR_RPC_NONCE_LOW},
    {"nonce is too low", WEIR_RPC_NONCE_LOW},
    {"oldnonce", WEIR_RPC_NONCE_LOW},
    {"nonce has already been used", WEIR_RPC_NONCE_LOW},
    {"nonce below", WEIR_RPC_NONCE_LOW},
    {"nonce too high", WEIR_RPC_NONCE_HIGH},
    {"nonce is too high", WEIR_RPC_NONCE_HIGH},
    {"noncegap", WEIR_RPC_NONCE_HIGH},
    {"nonce gap", WEIR_RPC_NONCE_HIGH},
    {"nonce too distant", WEIR_RPC_NONCE_HIGH},
    {"nonce too far", WEIR_RPC_NONCE_HIGH},
    {"underpriced", WEIR_RPC_UNDERPRICED},
    {"feetoolow", WEIR_RPC_UNDERPRICED},
    {"fee too low", WEIR_RPC_UNDERPRICED},
    {"fee is too low", WEIR_RPC_UNDERPRICED},
    {"gas price too low", WEIR_RPC_UNDERPRICED},
    {"gas price below", WEIR_RPC_UNDERPRICED},
    {"is too low for the next block", WEIR_RPC_UNDERPRICED},
    {"less than block base fee", WEIR_RPC_UNDERPRICED},
    {"less than the block's base fee", WEIR_RPC_UNDERPRICED},
    {"could not replace existing tx", WEIR_RPC_UNDERPRICED},
    {"insufficient funds", WEIR_RPC_FUNDS},
    {"insufficientfunds", WEIR_RPC_FUNDS},
    {"doesn't have enough funds", WEIR_RPC_FUNDS},
    {"not enough funds", WEIR_RPC_FUNDS},
    {"upfront cost exceeds", WEIR_RPC_FUNDS},
    {"insufficient balance", WEIR_RPC_FUNDS},
    {"rate limit", WEIR_RPC_LIMIT},
    {"too many requests", WEIR_RPC_LIMIT},
    {"limit exceeded", WEIR_RPC_LIMIT},
    {"capacity exceeded", WEIR_RPC_LIMIT},
    {"pool is full", WEIR_RPC_LIMIT},
    {"batch too large", WEIR_RPC_LIMIT},
    {"method not found", WEIR_RPC_UNSUPPORTED},
    {"is not available", WEIR_RPC_UNSUPPORTED},
    {"not supported", WEIR_RPC_UNSUPPORTED},
    {"invalid sender", WEIR_RPC_FATAL},
    {"chain id", WEIR_RPC_FATAL},
    {"chainid", WEIR_RPC_FATAL},
    {"intrinsic gas too low", WEIR_RPC_FATAL},
    {"intrinsic gas", WEIR_RPC_FATAL},
    {"exceeds block gas limit", WEIR_RPC_FATAL},
    {"invalid signature", WEIR_RPC_FATAL},
    {"higher than max fee per gas", WEIR_RPC_FATAL},
    {"oversized data", WEIR_RPC_FATAL},
    {"rlp: ", WEIR_RPC_FATAL},
};

static const char *const class_names[] = {
    [WEIR_RPC_ANSWERED] = "answered",
    [WEIR_RPC_NONCE_LOW] = "nonce_low",
    [WEIR_RPC_NONCE_HIGH] = "nonce_high",
    [WEIR_RPC_UNDERPRICED] = "underpriced",
    [WEIR_RPC_KNOWN] = "known",
    [WEIR_RPC_FUNDS] = "funds",
    [WEIR_RPC_REVERTED] = "reverted",
    [WEIR_RPC_LIMIT] = "limit",
    [WEIR_RPC_UNSUPPORTED] = "unsupported",
    [WEIR_RPC_FATAL] = "fatal",
    [WEIR_RPC_NETWORK] = "network",
    [WEIR_RPC_OTHER] = "other",
};

const char *weir_rpc_class_name(enum weir_rpc_class class)
{
    assert((size_t) class < sizeof(class_names) / sizeof(class_names[0]));
    return class_names[class];
}

static uint8_t lower(uint8_t letter)
{
    return letter >= 'A' && letter <= 'Z' ? (uint8_t)(letter - 'A' + 'a') : letter;
}

/* `needle` is in lowercase. */
static bool contains(struct weir_slice text, const char *needle)
{
    size_t needle_length = strlen(needle);
    size_t length = text.length < SEARCHED_BYTES_MAX ? text.length : SEARCHED_BYTES_MAX;
    for (size_t start = 0; start + needle_length <= length; start++) {
        size_t same = 0;
        while (same < needle_length && lower(text.data[start + same]) == (uint8_t)needle[same])
            same++;
        if (same == needle_length)
            return true;
    }
    return false;
}

enum weir_rpc_class
weir_rpc_classify(int64_t code, struct weir_slice message, struct weir_slice data)
{
    if (code == CODE_REVERTED || contains(message, "execution reverted") ||
        contains(message, "vm exception") || contains(message, "transaction reverted"))
        return WEIR_RPC_REVERTED;
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (contains(message, rules[i].text) || contains(data, rules[i].text))
            return rules[i].class;
    switch (code) {
    case CODE_LIMIT:
        return WEIR_RPC_LIMIT;
    case CODE_NO_METHOD:
        return WEIR_RPC_UNSUPPORTED;
    case CODE_BAD_PARAMS:
        return WEIR_RPC_FATAL;
    default: /* of an integer from outside, not of an enum of ours */
        return WEIR_RPC_OTHER;
    }
}
