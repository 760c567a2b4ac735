#include "node/cmd/verify.h"

#include <errno.h>
#include <string.h>

#include "base/arena.h"
#include "base/number.h"
#include "base/text.h"

#define ARENA_BYTES ((size_t)1024 * 1024 * 1024)
#define READ_BYTES 65536

enum exit_code {
#define WEIR_EXIT_CODE(name, number, text) EXIT_##name = (number),
#include "node/exit_codes.def"
#undef WEIR_EXIT_CODE
};

static const struct {
    enum weir_err err;
    enum exit_code code;
} exits[] = {
    {WEIR_E_PARSE, EXIT_MALFORMED},       {WEIR_E_RANGE, EXIT_MALFORMED},
    {WEIR_E_LIMIT, EXIT_MALFORMED},       {WEIR_E_SIGNATURE, EXIT_SIGNATURE},
    {WEIR_E_QUORUM, EXIT_QUORUM},         {WEIR_E_INCLUSION, EXIT_INCLUSION},
    {WEIR_E_CONFLICT, EXIT_COMPLETENESS}, {WEIR_E_COMPLETENESS, EXIT_COMPLETENESS},
    {WEIR_E_RECOMPUTE, EXIT_RECOMPUTE},   {WEIR_E_NO_BREACH, EXIT_NO_BREACH},
    {WEIR_E_EVIDENCE, EXIT_EVIDENCE},     {WEIR_E_PAYMENT, EXIT_PAYMENT},
    {WEIR_E_USAGE, EXIT_CONFIG},
};

int weir_verify_exit(enum weir_err err)
{
    for (size_t i = 0; i < sizeof(exits) / sizeof(exits[0]); i++)
        if (exits[i].err == err)
            return (int)exits[i].code;
    return err == WEIR_OK ? EXIT_OK : EXIT_FAILED;
}

static enum weir_err read_stream(struct weir_scope *scope, FILE *stream, struct weir_buffer *bytes)
{
    uint8_t part[READ_BYTES];
    for (;;) {
        size_t got = fread(part, 1, sizeof(part), stream);
        if (got == 0)
            return ferror(stream) != 0
                       ? weir_fail(scope, WEIR_E_IO, "cannot read: %s", strerror(errno))
                       : WEIR_OK;
        enum weir_err err = weir_buffer_put(scope, bytes, part, got);
        if (err != WEIR_OK)
            return err;
    }
}

static enum weir_err read_file(struct weir_scope *scope, const char *path, struct weir_slice *bytes)
{
    struct weir_buffer buffer = {.capacity_max = WEIR_PROOF_BYTES_MAX};
    FILE *stream = strcmp(path, "-") == 0 ? stdin : fopen(path, "rbe");
    if (stream == NULL)
        return weir_fail(scope, WEIR_E_IO, "cannot open '%s': %s", path, strerror(errno));
    enum weir_err err = read_stream(scope, stream, &buffer);
    if (stream != stdin)
        (void)fclose(stream); /* only read from */
    *bytes = weir_buffer_slice(&buffer);
    return err;
}

/* 64 digits with or without "0x". */
static enum weir_err
read_hash(struct weir_scope *scope, const char *option, const char *text, struct weir_hash *hash)
{
    const char *digits = strncmp(text, "0x", 2) == 0 ? text + 2 : text;
    if (weir_hex_parse(scope, weir_slice_text(digits), hash->bytes, WEIR_HASH_BYTES) == WEIR_OK)
        return WEIR_OK;
    weir_scope_recover(scope);
    return weir_fail(scope, WEIR_E_USAGE, "--%s takes 64 hex digits, not '%.80s'", option, text);
}

/* "0x" and 40 digits, as people write it (capitals are a checksum) or as our own JSON does. */
static enum weir_err
read_contract(struct weir_scope *scope, const char *text, struct weir_address *address)
{
    if (weir_address_parse(scope, weir_slice_text(text), address) == WEIR_OK)
        return WEIR_OK;
    weir_scope_recover(scope);
    if (weir_address_parse_hex(scope, weir_slice_text(text), address) == WEIR_OK)
        return WEIR_OK;
    weir_scope_recover(scope);
    return weir_fail(scope, WEIR_E_USAGE, "--contract takes an address, not '%.80s'", text);
}

static enum weir_err read_chain(struct weir_scope *scope, const char *text, uint64_t *chain_id)
{
    if (weir_u64_parse(scope, weir_slice_text(text), UINT64_MAX, chain_id) == WEIR_OK &&
        *chain_id != 0)
        return WEIR_OK;
    weir_scope_recover(scope);
    return weir_fail(scope, WEIR_E_USAGE, "--chain takes a chain id, not '%.80s'", text);
}

static void tell_failure(const struct weir_scope *scope, bool wants_json, FILE *out)
{
    if (!wants_json) {
        (void)fprintf(out, "NOT PROVED: %s.\n  %s\n", weir_err_text(scope->err), scope->fault);
        return;
    }
    (void)fprintf(out, "{\"proved\":false,\"error\":{\"code\":\"%s\",\"message\":\"",
                  weir_err_name(scope->err));
    for (const char *at = scope->fault; *at != '\0'; at++) {
        bool is_plain = *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20 && *at != 0x7f;
        (void)fputc(is_plain ? *at : '?', out);
    }
    (void)fputs("\"}}\n", out);
}

static enum weir_err check(struct weir_scope *scope,
                           const struct weir_verify_options *options,
                           struct weir_account *account)
{
    struct weir_hash block;
    struct weir_hash terms;
    struct weir_address contract;
    struct weir_slice bytes = {NULL, 0};
    struct weir_proof_rules rules = {.needs_signatures = true};
    enum weir_err err = WEIR_OK;
    if (options->block_hash != NULL) {
        err = read_hash(scope, "block-hash", options->block_hash, &block);
        rules.trusted_block = &block;
    }
    if (err == WEIR_OK && options->terms != NULL) {
        err = read_hash(scope, "terms", options->terms, &terms);
        rules.terms = &terms;
    }
    if (err == WEIR_OK && options->contract != NULL) {
        err = read_contract(scope, options->contract, &contract);
        rules.contract = &contract;
    }
    if (err == WEIR_OK && options->chain != NULL)
        err = read_chain(scope, options->chain, &rules.chain_id);
    if (err == WEIR_OK)
        err = read_file(scope, options->file, &bytes);
    return err != WEIR_OK ? err : weir_proof_verify(scope, bytes, &rules, account);
}

int weir_verify_file(const struct weir_verify_options *options, FILE *out)
{
    struct weir_arena *arena = weir_arena_new(ARENA_BYTES);
    struct weir_scope scope = {.arena = arena};
    if (arena == NULL)
        return EXIT_FAILED;
    struct weir_account *account = weir_take(&scope, 1, sizeof(*account));
    enum weir_err err = account == NULL ? scope.err : check(&scope, options, account);
    if (err != WEIR_OK)
        tell_failure(&scope, options->wants_json, out);
    else if (options->wants_json)
        weir_verify_tell_json(account, out);
    else
        weir_verify_tell(account, options->contract != NULL, out);
    int code = weir_verify_exit(err);
    if (err == WEIR_OK && options->block_hash != NULL && !weir_verify_is_paid(account))
        code = EXIT_PAYMENT;
    weir_arena_free(arena);
    return code;
}
