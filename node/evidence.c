#include "node/evidence.h"

#include <string.h>

#include "attest/checkpoint.h"
#include "attest/leaf.h"
#include "attest/note.h"
#include "base/arena.h"
#include "ledger/checkpoints.h"
#include "ledger/evidence.h"
#include "ledger/log.h"
#include "ledger/mirror.h"
#include "ledger/opinions.h"
#include "ledger/store.h"

#define SHOWN_LATE_MS 120000 /* protocol 9.2 */

/* How many other witnesses of the agreement have cosigned the note. */
static enum weir_err count_cosigners(struct weir_scope *scope,
                                     const struct weir_agreement *agreement,
                                     uint8_t owner,
                                     struct weir_slice bytes,
                                     unsigned *count)
{
    struct weir_note note;
    enum weir_err err = weir_note_parse(scope, bytes, &note);
    *count = 0;
    for (size_t w = 0; err == WEIR_OK && w < agreement->witness_count; w++) {
        const struct weir_witness *witness = &agreement->witnesses[w];
        const struct weir_note_line *line = NULL;
        if (w == owner || witness->keys == NULL)
            continue;
        err = weir_note_verify(scope, &note, &witness->cosign_key, 1, &line);
        if (err == WEIR_E_SIGNATURE) {
            weir_scope_recover(scope); /* not signed by this one */
            err = WEIR_OK;
        }
        *count += line != NULL;
    }
    return err;
}

/* NOT_FOUND is an answer here, not a failure. */
static enum weir_err found_or_not(struct weir_scope *scope, enum weir_err err, bool *is_found)
{
    *is_found = err == WEIR_OK;
    if (err != WEIR_E_NOT_FOUND)
        return err;
    weir_scope_recover(scope);
    return WEIR_OK;
}

enum weir_err weir_evidence_is_usable(const struct weir_evidence_check *check,
                                      uint8_t witness,
                                      const struct weir_opinion *opinion,
                                      bool *is_usable)
{
    struct weir_store *store = check->store;
    struct weir_scope *scope = check->scope;
    const struct weir_agreement *agreement = check->agreement;
    struct weir_log log;
    struct weir_slice note;
    bool is_known;
    bool is_found = false;
    unsigned cosigners = 0;
    *is_usable = false;
    enum weir_err err = weir_equivocator_is_known(
        store, scope, agreement->terms.witnesses[witness].node, &is_known);
    if (err != WEIR_OK || is_known || agreement->witnesses[witness].keys == NULL)
        return err;
    err = found_or_not(scope, weir_log_find_hash(store, scope, &opinion->origin, &log), &is_found);
    if (err != WEIR_OK || !is_found || log.head.size < opinion->tree_size)
        return err;
    enum weir_err loaded =
        (int)witness == agreement->own
            ? weir_checkpoint_note(store, scope, log.log_id, opinion->tree_size, &note)
            : weir_head_note_load(store, scope, &opinion->origin, opinion->tree_size, &note);
    err = found_or_not(scope, loaded, &is_found);
    if (err == WEIR_OK && is_found)
        err = count_cosigners(scope, agreement, witness, note, &cosigners);
    if (err == WEIR_OK)
        *is_usable = is_found && cosigners + 1U >= agreement->terms.m;
    return err;
}

/* Whether the later of two opinions of one maker may follow the earlier one. */
static bool may_follow(const struct weir_opinion *earlier, const struct weir_opinion *later)
{
    return earlier->phase != WEIR_PHASE_FINAL && later->tier >= earlier->tier;
}

/* The signed bytes of an opinion: its fields, then the signature. */
static struct weir_slice signed_bytes(struct weir_scope *scope, const struct weir_opinion_row *row)
{
    size_t length = WEIR_OPINION_BYTES + sizeof(row->signature.bytes);
    uint8_t *bytes = weir_take(scope, length, 1);
    if (bytes == NULL)
        return (struct weir_slice){NULL, 0};
    weir_opinion_write(&row->opinion, bytes);
    memcpy(bytes + WEIR_OPINION_BYTES, row->signature.bytes, sizeof(row->signature.bytes));
    return (struct weir_slice){bytes, length};
}

static enum weir_err keep_contradiction(const struct weir_evidence_check *check,
                                        const struct weir_opinion_row *known,
                                        const struct weir_opinion_row *given)
{
    struct weir_equivocation_row row = {
        .kind = "phase",
        .subject = given->opinion.terms,
        .first = signed_bytes(check->scope, known),
        .second = signed_bytes(check->scope, given),
        .found_ms = given->stored_ms,
    };
    memcpy(row.node, given->node, sizeof(row.node));
    if (row.first.data == NULL || row.second.data == NULL)
        return check->scope->err;
    return weir_equivocation_put(check->store, check->scope, &row);
}

enum weir_err weir_evidence_compare(const struct weir_evidence_check *check,
                                    const struct weir_opinion_row *given,
                                    bool *contradicts)
{
    struct weir_opinion_row *rows;
    size_t count;
    *contradicts = false;
    if (!check->agreement->terms.early)
        return WEIR_OK;
    enum weir_err err = weir_opinion_list(check->store, check->scope, &given->opinion.terms,
                                          given->opinion.window, &rows, &count);
    for (size_t i = 0; err == WEIR_OK && i < count && !*contradicts; i++) {
        const struct weir_opinion *known = &rows[i].opinion;
        if (memcmp(rows[i].node, given->node, sizeof(given->node)) != 0 ||
            known->revision == given->opinion.revision)
            continue;
        bool is_earlier = known->revision < given->opinion.revision;
        const struct weir_opinion *earlier = is_earlier ? known : &given->opinion;
        const struct weir_opinion *later = is_earlier ? &given->opinion : known;
        *contradicts = !may_follow(earlier, later);
        if (*contradicts)
            err = keep_contradiction(check, &rows[i], given);
    }
    return err;
}

/* The runs found so far. */
struct stale_runs {
    int64_t started_ms;
    struct weir_stale_leaves *runs;
    size_t count;
};

static void add_leaf(struct stale_runs *found, const struct weir_hash *origin, uint64_t seq)
{
    struct weir_stale_leaves *last = found->count == 0 ? NULL : &found->runs[found->count - 1];
    if (last != NULL && last->end == seq && weir_hash_equal(&last->origin, origin))
        last->end++;
    else
        found->runs[found->count++] = (struct weir_stale_leaves){*origin, seq, seq + 1};
}

/* Appends runs of late leaves of one part. */
static enum weir_err stale_of_part(const struct weir_evidence_check *check,
                                   const struct weir_proof_part *part,
                                   struct stale_runs *found)
{
    const struct weir_opinion *opinion = part->opinion;
    struct weir_salt_range range = {opinion->first_leaf, opinion->end_leaf};
    int64_t late_ms = SHOWN_LATE_MS + (int64_t)check->agreement->terms.max_skew_ms;
    struct weir_mirror_cover *covers = NULL;
    size_t cover_count = 0;
    struct weir_log log;
    struct weir_slice leaves = {NULL, 0};
    enum weir_err err = weir_log_find_hash(check->store, check->scope, &opinion->origin, &log);
    if (err == WEIR_OK)
        err = weir_mirror_covers(check->store, check->scope, log.origin, range, &covers,
                                 &cover_count);
    if (err == WEIR_OK)
        err = weir_log_leaves(check->store, check->scope, log.log_id, range, &leaves);
    size_t c = 0;
    int64_t shown_ms = INT64_MIN; /* when the last head without the leaf at hand came */
    if (err == WEIR_OK)
        err =
            weir_head_shown_before(check->store, check->scope, log.origin, range.start, &shown_ms);
    for (uint64_t seq = range.start; err == WEIR_OK && seq < range.end; seq++) {
        struct weir_leaf leaf;
        const uint8_t *bytes = leaves.data + (seq - range.start) * WEIR_LEAF_BYTES;
        err = weir_leaf_read(check->scope, (struct weir_slice){bytes, WEIR_LEAF_BYTES}, &leaf);
        while (c < cover_count && covers[c].size <= seq)
            shown_ms = covers[c++].cosigned_ms;
        /* Never cosigned, or we may not have been up: then nothing is known about its lateness.  We
         * were up when this process had begun, or when a head without the leaf came after its tick:
         * a restart forgives nobody. */
        bool was_up = leaf.tick_ms >= found->started_ms || shown_ms > leaf.tick_ms;
        if (err != WEIR_OK || c == cover_count || !was_up)
            continue;
        if (covers[c].cosigned_ms - leaf.tick_ms > late_ms)
            add_leaf(found, &opinion->origin, seq);
    }
    return err;
}

enum weir_err weir_evidence_stale(const struct weir_evidence_check *check,
                                  const struct weir_proof_part *parts,
                                  size_t part_count,
                                  int64_t started_ms,
                                  struct weir_stale_leaves **stale,
                                  size_t *stale_count)
{
    size_t room = 0;
    for (size_t i = 0; i < part_count; i++)
        room += (size_t)(parts[i].opinion->end_leaf - parts[i].opinion->first_leaf);
    struct stale_runs found = {.started_ms = started_ms};
    found.runs = weir_take(check->scope, room, sizeof(*found.runs));
    if (found.runs == NULL)
        return check->scope->err;
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < part_count; i++)
        if ((int)parts[i].witness != check->agreement->own)
            err = stale_of_part(check, &parts[i], &found);
    *stale = found.runs;
    *stale_count = found.count;
    return err;
}
