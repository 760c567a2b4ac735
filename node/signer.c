#include "node/signer.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/clock.h"
#include "node/file.h"
#include "node/frame.h"
#include "node/keyfile.h"
#include "node/log.h"
#include "node/passphrase.h"
#include "node/sandbox.h"

#define START_BYTES ((size_t)16 * 1024 * 1024)
#define QUESTION_BYTES ((size_t)512 * 1024 * 1024) /* a month of evidence from 16 witnesses */

/* Which duty may ask what (design: one role per socket). */
static bool may_ask(enum weir_duty_id who, uint8_t type)
{
    switch ((enum weir_frame_type)type) {
    case WEIR_FRAME_KEYS:
        return true;
    case WEIR_FRAME_COSIGN:
        return who == WEIR_DUTY_API;
    case WEIR_FRAME_REPORT:
        return who == WEIR_DUTY_API || who == WEIR_DUTY_SETTLER;
    case WEIR_FRAME_CHECKPOINT:
    case WEIR_FRAME_OPINION:
    case WEIR_FRAME_STATEMENT:
    case WEIR_FRAME_TX:
        return who == WEIR_DUTY_SETTLER;
    }
    return false;
}

static enum weir_err dispatch(struct weir_signer *signer,
                              struct weir_scope *scope,
                              uint8_t type,
                              struct weir_slice question,
                              struct weir_buffer *answer)
{
    switch ((enum weir_frame_type)type) {
    case WEIR_FRAME_KEYS:
        return weir_signer_keys(signer, scope, answer);
    case WEIR_FRAME_CHECKPOINT:
        return weir_signer_checkpoint(signer, scope, question, answer);
    case WEIR_FRAME_COSIGN:
        return weir_signer_cosign(signer, scope, question, answer);
    case WEIR_FRAME_OPINION:
        return weir_signer_opinion(signer, scope, question, answer);
    case WEIR_FRAME_REPORT:
        return weir_signer_report(signer, scope, question, answer);
    case WEIR_FRAME_STATEMENT:
        return weir_signer_statement(signer, scope, question, answer);
    case WEIR_FRAME_TX:
        return weir_signer_transaction(signer, scope, question, answer);
    }
    return weir_fail(scope, WEIR_E_DENIED, "question type %u is in no table", type);
}

/* A failed write of the signer's own file ends the signer: nothing about it is certain any more. */
static bool is_fatal(enum weir_err err)
{
    return err == WEIR_E_STORE || err == WEIR_E_CORRUPT;
}

/* Takes one question from the duty and answers it.  False when the signer must end. */
static bool
serve(struct weir_signer *signer, struct weir_scope *scope, enum weir_duty_id who, int *socket)
{
    uint8_t type = 0;
    struct weir_slice question;
    struct weir_buffer answer = {.capacity_max = WEIR_FRAME_BODY_MAX};
    enum weir_err err = weir_frame_receive(scope, *socket, &type, &question);
    if (err != WEIR_OK) {
        if (err != WEIR_E_UNREACHABLE)
            weir_log_failure(WEIR_LOG_ERROR, "question_lost", scope);
        weir_scope_recover(scope);
        (void)close(*socket); /* the other side is gone or out of step */
        *socket = -1;
        return true;
    }
    if (!may_ask(who, type))
        err = weir_fail(scope, WEIR_E_DENIED, "this duty may not ask for type %u", type);
    else
        err = dispatch(signer, scope, type, question, &answer);
    struct weir_scope sending = {.arena = NULL};
    if (weir_frame_answer(&sending, *socket, scope, weir_buffer_slice(&answer)) != WEIR_OK) {
        weir_log_failure(WEIR_LOG_ERROR, "answer_lost", &sending);
        (void)close(*socket); /* half an answer may be out: nothing fits together any more */
        *socket = -1;
    }
    if (err == WEIR_OK)
        return true;
    weir_log_failure(is_fatal(err) ? WEIR_LOG_ERROR : WEIR_LOG_WARN, "refused", scope);
    return !is_fatal(err);
}

static int loop(struct weir_signer *signer, const struct weir_duty *duty)
{
    struct pollfd waiting[WEIR_DUTY_COUNT + 1];
    int clients[WEIR_DUTY_COUNT];
    memcpy(clients, duty->signer_clients, sizeof(clients));
    struct weir_arena *arena = weir_arena_new(QUESTION_BYTES);
    struct weir_scope scope = {.arena = arena};
    bool goes_on = arena != NULL;
    int status = goes_on ? 0 : 1;
    while (goes_on) {
        for (int i = 0; i < WEIR_DUTY_COUNT; i++)
            waiting[i] = (struct pollfd){.fd = clients[i], .events = POLLIN};
        waiting[WEIR_DUTY_COUNT] = (struct pollfd){.fd = duty->stop_in, .events = POLLIN};
        if (poll(waiting, WEIR_DUTY_COUNT + 1, -1) < 0 && errno != EINTR)
            break;
        for (int i = 0; goes_on && i < WEIR_DUTY_COUNT; i++)
            if (waiting[i].revents != 0 && clients[i] >= 0) {
                goes_on = serve(signer, &scope, (enum weir_duty_id)i, &clients[i]);
                weir_arena_clear(arena);
                weir_scope_recover(&scope);
            }
        if (!goes_on)
            status = 1;
        else if (waiting[WEIR_DUTY_COUNT].revents != 0)
            goes_on = false;
    }
    weir_arena_free(arena);
    return status;
}

/* The signer's own folder inside the data directory: Landlock confines it to this. */
static enum weir_err vault_open(struct weir_scope *scope,
                                const struct weir_config *config,
                                const char **folder,
                                struct weir_store **vault)
{
    *folder = weir_take_printf(scope, "%s/" WEIR_VAULT_FOLDER, config->node.data_dir);
    const char *path = weir_take_printf(scope, "%s/" WEIR_VAULT_PATH, config->node.data_dir);
    if (path == NULL)
        return scope->err;
    enum weir_err err = weir_vault_open(scope, path, false, vault);
    if (err == WEIR_E_NOT_FOUND)
        return weir_note(scope,
                         "the keys exist, but the record of what they signed does not; restore "
                         "it, or after making sure that nothing was lost run 'weir key "
                         "new-record'");
    return err;
}

/* What statements name as configuration: the definitions of all gauges. */
static enum weir_err digest_gauges(struct weir_scope *scope, struct weir_signer *signer)
{
    struct weir_sha256 state;
    weir_sha256_init(&state);
    for (size_t i = 0; i < signer->config->gauge_count; i++) {
        struct weir_hash hash;
        enum weir_err err = weir_gauge_hash(scope, &signer->config->gauges[i].definition, &hash);
        if (err != WEIR_OK)
            return err;
        weir_sha256_update(&state, hash.bytes, sizeof(hash.bytes));
    }
    signer->config_digest = weir_sha256_final(&state);
    return WEIR_OK;
}

static enum weir_err start(struct weir_signer *signer, struct weir_scope *scope)
{
    const struct weir_config *config = signer->config;
    struct weir_passphrase *passphrase = NULL;
    int64_t began_ms = weir_clock_monotonic_ms();
    enum weir_err err = weir_passphrase_load(scope, config->node.passphrase_file, &passphrase);
    if (err == WEIR_OK)
        err = weir_keys_open(scope, config->node.key_file, passphrase, &signer->keys);
    weir_passphrase_free(passphrase);
    if (err != WEIR_OK)
        return err;
    weir_log(WEIR_LOG_INFO, "keys_unlocked", "after_ms=%lld",
             (long long)(weir_clock_monotonic_ms() - began_ms));
    err = weir_key_set_make(scope, signer->keys, config->node.name, &signer->set);
    const struct weir_self self = {config->node.name, &signer->set};
    if (err == WEIR_OK)
        err = weir_agreements_load(scope, config, self, &signer->agreements);
    if (err == WEIR_OK)
        err = digest_gauges(scope, signer);
    const char *folder = NULL;
    if (err == WEIR_OK)
        err = vault_open(scope, config, &folder, &signer->vault);
    return err != WEIR_OK ? err : weir_sandbox_enter(scope, WEIR_DUTY_SIGNER, folder);
}

int weir_signer_run(struct weir_duty *duty)
{
    struct weir_arena *arena = weir_arena_new(START_BYTES);
    struct weir_scope scope = {.arena = arena};
    struct weir_signer signer = {.config = duty->config};
    int status = 1;
    if (start(&signer, &scope) == WEIR_OK) {
        weir_duty_ready(duty);
        status = loop(&signer, duty);
    } else {
        weir_log_failure(WEIR_LOG_ERROR, "cannot_start", &scope);
    }
    weir_store_close(signer.vault);
    weir_keys_free(signer.keys);
    weir_arena_free(arena);
    return status;
}
