#include "attest/account_section.h"

#include <assert.h>
#include <string.h>

#include "attest/checkpoint.h"
#include "attest/cosign.h"
#include "attest/leaf.h"
#include "attest/note.h"
#include "attest/notice.h"
#include "attest/range.h"
#include "attest/rows.h"
#include "base/arena.h"
#include "metrics/settlement.h"

/* The log's head as its own key and at least `needed` other witnesses signed it. */
struct head_check {
    const struct weir_account *account;
    uint8_t witness;
    unsigned needed;
};

static struct weir_ed25519_key listed_key(const struct weir_key *key)
{
    struct weir_ed25519_key public_key;
    memcpy(public_key.bytes, key->bytes, sizeof(public_key.bytes));
    return public_key;
}

/* Verifies `line` with the key when name and id say that it is this key's.  1: it is and holds. */
static int line_holds(struct weir_scope *scope,
                      const struct weir_note *note,
                      const struct weir_note_line *line,
                      enum weir_key_type type,
                      const struct weir_key *listed,
                      struct weir_cosignature *cosignature)
{
    struct weir_ed25519_key key = listed_key(listed);
    if (weir_key_id(line->name, type, &key) != line->id)
        return 0;
    struct weir_vkey vkey = weir_vkey_make(line->name, type, &key);
    if (type == WEIR_KEY_COSIGNATURE)
        return weir_cosignature_verify(scope, &vkey, note->text, line, cosignature) == WEIR_OK ? 1
                                                                                               : -1;
    struct weir_ed25519_signature signature;
    if (line->signature.length != sizeof(signature.bytes)) {
        (void)weir_fail(scope, WEIR_E_SIGNATURE, "the log's signature has the wrong length");
        return -1;
    }
    memcpy(signature.bytes, line->signature.data, sizeof(signature.bytes));
    if (weir_ed25519_verify(&key, note->text, &signature))
        return 1;
    (void)weir_fail(scope, WEIR_E_SIGNATURE, "the log's own signature does not verify");
    return -1;
}

/* Whether one of the set's keys of that purpose made the line: 1 yes, 0 no, -1 a bad signature. */
static int set_made_line(struct weir_scope *scope,
                         const struct weir_keyset *set,
                         enum weir_key_purpose purpose,
                         const struct weir_note *note,
                         const struct weir_note_line *line,
                         struct weir_cosignature *cosignature)
{
    enum weir_key_type type = purpose == WEIR_PURPOSE_LOG ? WEIR_KEY_ED25519 : WEIR_KEY_COSIGNATURE;
    for (size_t place = 0;; place++) {
        const struct weir_key *key = weir_keyset_find(set, purpose, place);
        if (key == NULL)
            return 0;
        int made = line_holds(scope, note, line, type, key, cosignature);
        if (made != 0)
            return made;
    }
}

/* Counts the other witnesses that cosigned; each counts once. */
static enum weir_err count_cosigners(struct weir_scope *scope,
                                     const struct head_check *check,
                                     const struct weir_note *note,
                                     struct weir_account_opinion *opinion)
{
    uint32_t seen = 0;
    for (size_t i = 0; i < note->line_count; i++)
        for (unsigned w = 0; w < check->account->proof.terms.witness_count; w++) {
            struct weir_cosignature cosignature;
            const struct weir_keyset *set = &check->account->key_sets[w];
            if (w == check->witness || set->key_count == 0)
                continue;
            int made =
                set_made_line(scope, set, WEIR_PURPOSE_COSIGN, note, &note->lines[i], &cosignature);
            if (made < 0)
                return weir_note(scope, "the cosignature of witness %u", w);
            if (made == 0 || (seen & (1U << w)) != 0)
                continue;
            seen |= 1U << w;
            if (opinion->cosigned_s == 0 || cosignature.time_s < opinion->cosigned_s)
                opinion->cosigned_s = cosignature.time_s;
        }
    opinion->cosigner_count = (unsigned)__builtin_popcount(seen);
    if (opinion->cosigner_count < check->needed)
        return weir_fail(scope, WEIR_E_QUORUM,
                         "the checkpoint has %u cosignatures of other witnesses; %u are needed",
                         opinion->cosigner_count, check->needed);
    return WEIR_OK;
}

static enum weir_err check_head(struct weir_scope *scope,
                                const struct head_check *check,
                                const struct weir_proof_section *section,
                                struct weir_account_opinion *opinion)
{
    struct weir_note note;
    struct weir_checkpoint checkpoint;
    enum weir_err err = weir_checkpoint_note_parse(scope, section->checkpoint, &note, &checkpoint);
    if (err != WEIR_OK)
        return weir_note(scope, "the checkpoint");
    struct weir_hash origin = weir_origin_hash(checkpoint.origin);
    if (!weir_hash_equal(&origin, &section->opinion.origin))
        return weir_fail(scope, WEIR_E_EVIDENCE, "the checkpoint is of another log");
    if (checkpoint.head.size != section->opinion.tree_size ||
        !weir_hash_equal(&checkpoint.head.root, &section->opinion.tree_root))
        return weir_fail(scope, WEIR_E_RECOMPUTE,
                         "the checkpoint is not the head that the opinion names");
    const struct weir_keyset *own = &check->account->key_sets[check->witness];
    bool has_log_signature = false;
    for (size_t i = 0; i < note.line_count && !has_log_signature; i++) {
        if (!weir_slice_equal(note.lines[i].name, checkpoint.origin))
            continue;
        int made = set_made_line(scope, own, WEIR_PURPOSE_LOG, &note, &note.lines[i], NULL);
        if (made < 0)
            return scope->err;
        has_log_signature = made > 0;
    }
    if (!has_log_signature)
        return weir_fail(scope, WEIR_E_SIGNATURE,
                         "no log key of the witness signed the checkpoint");
    opinion->origin = checkpoint.origin;
    return count_cosigners(scope, check, &note, opinion);
}

static enum weir_err check_definition(struct weir_scope *scope,
                                      const struct weir_account *account,
                                      const struct weir_proof_section *section)
{
    const struct weir_proof_definition *definition = &section->definition;
    struct weir_leaf leaf = {
        .kind = WEIR_LEAF_DEFINITION,
        .tick_ms = definition->tick_ms,
        .commit = weir_leaf_commit(&definition->salt, account->proof.gauge),
    };
    uint8_t bytes[WEIR_LEAF_BYTES];
    weir_leaf_write(&leaf, bytes);
    struct weir_hash hash = weir_leaf_hash(bytes);
    struct weir_merkle_head head = {section->opinion.tree_size, section->opinion.tree_root};
    enum weir_err err = weir_merkle_inclusion_check(
        scope, &head, 0, &hash, definition->inclusion.hashes, definition->inclusion.count);
    return err == WEIR_OK ? err : weir_note(scope, "leaf 0 is not the gauge of the terms");
}

/* One notice: in the log, and the provider's own word for this agreement. */
static enum weir_err check_notice(struct weir_scope *scope,
                                  const struct weir_account *account,
                                  const struct weir_opinion *opinion,
                                  const struct weir_proof_notice *shown,
                                  struct weir_maintenance *declared)
{
    const struct weir_leaf leaf = {
        .kind = WEIR_LEAF_MAINTENANCE,
        .seq = shown->index,
        .tick_ms = shown->tick_ms,
        .commit = weir_leaf_commit(&shown->salt, shown->payload),
    };
    uint8_t bytes[WEIR_LEAF_BYTES];
    weir_leaf_write(&leaf, bytes);
    struct weir_hash hash = weir_leaf_hash(bytes);
    struct weir_merkle_head head = {opinion->tree_size, opinion->tree_root};
    struct weir_notice notice;
    enum weir_err err = weir_merkle_inclusion_check(
        scope, &head, shown->index, &hash, shown->inclusion.hashes, shown->inclusion.count);
    if (err == WEIR_OK)
        err = weir_notice_read(scope, shown->payload, &notice);
    if (err == WEIR_OK)
        err = weir_notice_verify(scope, &notice, &account->proof.domain, &account->terms_hash,
                                 &account->proof.terms.provider);
    if (err == WEIR_OK)
        *declared = (struct weir_maintenance){
            .logged_ms = shown->tick_ms,
            .planned = {(int64_t)notice.maintenance.from_ms, (int64_t)notice.maintenance.to_ms},
        };
    return err;
}

/* A log keeps a notice no earlier than what it had measured by then; else a notice given after the
 * fact could be dated back before it. */
static enum weir_err check_notice_time(struct weir_scope *scope,
                                       const struct weir_walk *walk,
                                       const struct weir_proof_notice *shown)
{
    for (size_t i = walk->tick_count; i > 0; i--)
        if (walk->range.range.start + walk->places[i - 1] < shown->index)
            return walk->ticks[i - 1].tick_ms <= shown->tick_ms
                       ? WEIR_OK
                       : weir_fail(scope, WEIR_E_COMPLETENESS,
                                   "it is dated before a tick that was logged earlier");
    return WEIR_OK;
}

static enum weir_err check_notices(struct weir_scope *scope,
                                   const struct weir_account *account,
                                   const struct weir_proof_section *section,
                                   struct weir_walk *walk)
{
    struct weir_maintenance *items = weir_take(scope, section->notice_count, sizeof(*items));
    if (items == NULL)
        return scope->err;
    for (size_t i = 0; i < section->notice_count; i++) {
        const struct weir_proof_notice *shown = &section->notices[i];
        enum weir_err err = check_notice(scope, account, &section->opinion, shown, &items[i]);
        if (err == WEIR_OK)
            err = check_notice_time(scope, walk, shown);
        if (err != WEIR_OK)
            return weir_note(scope, "maintenance notice %zu", i + 1);
    }
    walk->declared = (struct weir_maintenance_list){items, section->notice_count};
    return WEIR_OK;
}

/* Keeps one tick; times rise strictly within a log. */
static enum weir_err
walk_tick(struct weir_scope *scope, struct weir_walk *walk, const struct weir_leaf_row *row)
{
    struct weir_tick *tick = &walk->ticks[walk->tick_count];
    *tick = (struct weir_tick){.tick_ms = row->leaf.tick_ms, .state = (uint8_t)row->leaf.flags};
    if (walk->salts != NULL &&
        weir_tick_read(scope, row->payload, row->leaf.tick_ms, tick->state, tick) != WEIR_OK)
        return weir_note(scope, "leaf %llu", (unsigned long long)row->leaf.seq);
    if (walk->tick_count > 0 && tick->tick_ms <= tick[-1].tick_ms)
        return weir_fail(scope, WEIR_E_COMPLETENESS, "leaf %llu: the ticks are not in order",
                         (unsigned long long)row->leaf.seq);
    walk->places[walk->tick_count++] = (uint32_t)(row->leaf.seq - walk->range.range.start);
    return WEIR_OK;
}

/* Gives one leaf to the range check and keeps what the verdict needs of it. */
static enum weir_err walk_row(struct weir_scope *scope,
                              struct weir_walk *walk,
                              struct weir_leaf_row *row,
                              struct weir_slice gauge)
{
    if (walk->salts != NULL) {
        struct weir_salt salt;
        bool has_salt = weir_salt_stream_next(walk->salts, &salt);
        assert(has_salt); /* the cover is that of the rows */
        bool is_definition = row->leaf.kind == WEIR_LEAF_DEFINITION;
        row->leaf.commit = weir_leaf_commit(&salt, is_definition ? gauge : row->payload);
    }
    uint8_t bytes[1 + WEIR_LEAF_BYTES] = {0x00}; /* as weir_leaf_hash, without another copy */
    weir_leaf_write(&row->leaf, bytes + 1);
    struct weir_hash hash = weir_sha256_of(bytes, sizeof(bytes));
    enum weir_err err = weir_range_push(&walk->range, scope, &hash);
    if (err != WEIR_OK)
        return err;
    if (row->leaf.kind == WEIR_LEAF_CLOSE) {
        walk->close = row->payload;
        walk->close_ms = row->leaf.tick_ms;
    }
    bool is_tick = row->leaf.kind == WEIR_LEAF_TICK || row->leaf.kind == WEIR_LEAF_MISSED;
    return is_tick ? walk_tick(scope, walk, row) : WEIR_OK;
}

/* Room for as many ticks as there are leaves and as the rows can hold: what a file of a few bytes
 * says about its leaves must not cost much memory. */
static enum weir_err walk_begin(struct weir_scope *scope,
                                const struct weir_proof_section *section,
                                struct weir_walk *walk)
{
    const struct weir_proof_leaves *leaves = &section->leaves;
    const struct weir_opinion *opinion = &section->opinion;
    if (leaves->first != opinion->first_leaf ||
        leaves->count != opinion->end_leaf - opinion->first_leaf)
        return weir_fail(scope, WEIR_E_COMPLETENESS,
                         "the leaves shown are not those that the opinion names");
    size_t room = leaves->rows.length / weir_leaf_row_bytes_min(leaves->is_open);
    if (leaves->count < room)
        room = (size_t)leaves->count;
    *walk = (struct weir_walk){
        .ticks = weir_take(scope, room + 1, sizeof(*walk->ticks)),
        .places = weir_take(scope, room + 1, sizeof(*walk->places)),
        .close_ms = -1,
    };
    if (walk->ticks == NULL || walk->places == NULL)
        return scope->err;
    struct weir_range range = {opinion->first_leaf, opinion->end_leaf, opinion->tree_size};
    return weir_range_begin(&walk->range, scope, range, section->range.hashes,
                            section->range.count);
}

enum weir_err weir_walk_leaves(struct weir_scope *scope,
                               const struct weir_account *account,
                               const struct weir_proof_section *section,
                               struct weir_walk *walk)
{
    const struct weir_proof_leaves *leaves = &section->leaves;
    const struct weir_gauge *gauge = &account->gauge;
    struct weir_salt_stream salts;
    enum weir_err err = walk_begin(scope, section, walk);
    if (err == WEIR_OK && leaves->is_open) {
        const struct weir_salt_range range = {leaves->first, leaves->first + leaves->count};
        walk->salts = &salts;
        err = weir_salt_stream_open(&salts, scope, weir_salt_domain(), range, section->seeds,
                                    section->seed_count);
    }
    struct weir_leaf_rows rows = weir_leaf_rows_open(
        leaves->rows, leaves->first,
        weir_gauge_is_scheduled(gauge) ? gauge->availability.probe.interval_ms : 0,
        leaves->is_open);
    for (uint64_t i = 0; err == WEIR_OK && i < leaves->count; i++) {
        struct weir_leaf_row row;
        err = weir_leaf_rows_next(scope, &rows, &row);
        if (err == WEIR_OK)
            err = walk_row(scope, walk, &row, account->proof.gauge);
    }
    walk->salts = NULL;
    if (err == WEIR_OK && rows.rest.length != 0)
        err = weir_fail(scope, WEIR_E_PARSE, "something follows the last leaf");
    if (err == WEIR_OK)
        err = weir_range_finish(&walk->range, scope, &section->opinion.tree_root);
    return err;
}

static enum weir_err check_signature(struct weir_scope *scope,
                                     const struct weir_account *account,
                                     const struct weir_proof_section *section,
                                     struct weir_account_opinion *opinion)
{
    const struct weir_terms_witness *witness = &account->proof.terms.witnesses[section->witness];
    enum weir_err err =
        weir_secp_verify(scope, &opinion->digest, &section->signature, &witness->key);
    return err == WEIR_OK ? err : weir_note(scope, "the opinion's signature");
}

/* That the section speaks about this agreement, this window and a witness of the terms. */
static enum weir_err check_claim(struct weir_scope *scope,
                                 const struct weir_account *account,
                                 const struct weir_proof_section *section)
{
    if (section->witness >= account->proof.terms.witness_count)
        return weir_fail(scope, WEIR_E_EVIDENCE, "the terms know no witness %u", section->witness);
    if (account->key_sets[section->witness].key_count == 0)
        return weir_fail(scope, WEIR_E_EVIDENCE, "the witness's key set is not in the file");
    if (!weir_hash_equal(&section->opinion.terms, &account->terms_hash))
        return weir_fail(scope, WEIR_E_EVIDENCE, "the opinion is about another agreement");
    if (section->opinion.window != section->window || section->window >= account->proof.terms.count)
        return weir_fail(scope, WEIR_E_EVIDENCE, "the opinion is about another window");
    return WEIR_OK;
}

enum weir_err weir_account_section(struct weir_scope *scope,
                                   const struct weir_account *account,
                                   const struct weir_proof_rules *rules,
                                   const struct weir_proof_section *section,
                                   struct weir_section_needs needs,
                                   struct weir_account_opinion *opinion)
{
    enum weir_err err = check_claim(scope, account, section);
    *opinion = (struct weir_account_opinion){
        .window = section->window,
        .witness = section->witness,
        .own_tier = section->opinion.tier,
        .num = section->opinion.num,
        .den = section->opinion.den,
        .inputs = section->opinion.inputs,
        .is_open = section->leaves.is_open,
    };
    opinion->digest = weir_opinion_digest(&account->proof.domain, &section->opinion);
    if (err == WEIR_OK && needs.signature)
        err = check_signature(scope, account, section, opinion);
    const struct head_check head = {account, section->witness, needs.cosigners};
    if (err == WEIR_OK)
        err = check_head(scope, &head, section, opinion);
    if (err == WEIR_OK)
        err = check_definition(scope, account, section);
    struct weir_walk walk;
    if (err == WEIR_OK)
        err = weir_walk_leaves(scope, account, section, &walk);
    if (err == WEIR_OK)
        err = check_notices(scope, account, section, &walk);
    if (err == WEIR_OK && weir_gauge_is_scheduled(&account->gauge))
        err = weir_section_ticks(scope, account, rules, section, &walk, opinion);
    else if (err == WEIR_OK)
        err = weir_section_events(scope, account, section, &walk, opinion);
    if (err != WEIR_OK)
        return weir_note(scope, "window %llu, witness %u", (unsigned long long)section->window,
                         section->witness);
    return WEIR_OK;
}
