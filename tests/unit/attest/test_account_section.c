/* Goal: the leaves of a section are those that the witness logged, all of them, from before the
 * window to behind it, under a head that enough others have cosigned (protocol sections 4, 5, 11).
 * Method: each part of a good section spoilt alone and signed again by its witness. */
#include "attest/account.h"

#include "attest/checkpoint.h"
#include "attest/cosign.h"
#include "base/arena.h"
#include "tests/unit/attest/with_account.h"

static void an_opinion_is_signed_by_its_witness(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_signature good = world.sections[0].signature;
    world.sections[0].signature = world.sections[1].signature;
    expect(&world, WEIR_E_SIGNATURE, "witness 0: the opinion's signature");
    world.sections[0].signature = good;
    world.sections[0].signature.bytes[40] ^= 1;
    expect(&world, WEIR_E_SIGNATURE, "witness 0: the opinion's signature");
    world.sections[0].signature = good;
    world.sections[0].opinion.made_at_ms++;
    expect(&world, WEIR_E_SIGNATURE, "witness 0: the opinion's signature");
    proof_free(&world);
}

static void an_opinion_about_something_else_is_refused(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_opinion good = world.sections[1].opinion;
    world.sections[1].opinion.terms.bytes[0] ^= 1;
    lie(&world, 1);
    expect(&world, WEIR_E_EVIDENCE, "witness 1: the opinion is about another agreement");
    world.sections[1].opinion = good;
    world.sections[1].opinion.window = 1;
    lie(&world, 1);
    expect(&world, WEIR_E_EVIDENCE, "witness 1: the opinion is about another window");
    world.sections[1].opinion = good;
    world.sections[1].opinion.origin.bytes[0] ^= 1;
    lie(&world, 1);
    expect(&world, WEIR_E_EVIDENCE, "the checkpoint is of another log");
    proof_free(&world);
}

static void a_section_of_another_window_proves_nothing_about_this_one(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    log_outage(&world, 0, 11000, 19000); /* down in the second window only */
    for (unsigned w = 1; w < 3; w++)
        log_outage(&world, w, 11000, 19000);
    for (unsigned w = 0; w < 3; w++)
        witness_log_ticks(&world.scope, &world.witnesses[w],
                          (struct weir_interval){PROOF_START_MS + 12000, PROOF_START_MS + 24000},
                          1000,
                          (struct weir_interval){PROOF_START_MS + 11000, PROOF_START_MS + 19000});
    proof_make_sections(&world, 2);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_OK, "");
    world.proof.report.breach.mask = weir_word_u64(1);
    for (size_t i = 0; i < 3; i++) {
        world.sections[i].window = 0;
        world.sections[i].opinion.window = 0;
        proof_sign_opinion(&world, &world.sections[i]);
    }
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_COMPLETENESS, "window 0, witness 0: the neighbour before the window");
    proof_free(&world);
}

static void the_checkpoint_is_the_head_of_the_opinion(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_section *section = &world.sections[1];
    section->opinion.tree_size--;
    proof_checkpoint(&world, section, ALL_THREE & ~2U);
    section->opinion.tree_size++;
    expect(&world, WEIR_E_RECOMPUTE, "not the head that the opinion names");
    section->opinion.tree_root.bytes[0] ^= 1;
    proof_checkpoint(&world, section, ALL_THREE & ~2U);
    section->opinion.tree_root.bytes[0] ^= 1;
    expect(&world, WEIR_E_RECOMPUTE, "not the head that the opinion names");
    section->checkpoint = weir_slice_text("no note\n");
    expect(&world, WEIR_E_PARSE, "the checkpoint");
    proof_free(&world);
}

static void the_witness_itself_signed_its_log(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_section *section = &world.sections[1];
    struct proof_witness own = world.witnesses[1];
    memcpy(world.witnesses[1].log_key, world.witnesses[0].log_key, sizeof(own.log_key));
    proof_checkpoint(&world, section, ALL_THREE & ~2U);
    expect(&world, WEIR_E_SIGNATURE, "no log key of the witness signed");
    /* its cosign key is no log key either */
    memcpy(world.witnesses[1].log_key, own.cosign, sizeof(own.cosign));
    proof_checkpoint(&world, section, ALL_THREE & ~2U);
    expect(&world, WEIR_E_SIGNATURE, "no log key of the witness signed");
    proof_free(&world);
}

/* A copy of the note in which the signature of line `line` (0: the log's) has one bit changed. */
static void spoil_line(struct proof_world *world, struct weir_proof_section *section, size_t line)
{
    struct weir_slice note = section->checkpoint;
    uint8_t *copy = weir_take(&world->scope, note.length, 1);
    memcpy(copy, note.data, note.length);
    size_t ends = 0;
    for (size_t at = 0; at < note.length; at++) {
        ends += copy[at] == '\n';
        if (ends == 5 + line && copy[at] == '\n')
            copy[at - 20] = copy[at - 20] == 'A' ? 'B' : 'A';
    }
    section->checkpoint.data = copy;
}

static void a_known_key_that_signed_wrongly_spoils_the_head(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_slice good = world.sections[1].checkpoint;
    spoil_line(&world, &world.sections[1], 0);
    expect(&world, WEIR_E_SIGNATURE, "the log's own signature");
    world.sections[1].checkpoint = good;
    spoil_line(&world, &world.sections[1], 1);
    expect(&world, WEIR_E_SIGNATURE, "the cosignature of witness");
    world.sections[1].checkpoint = good;
    expect(&world, WEIR_OK, "");
    proof_free(&world);
}

static void a_signature_of_the_log_has_the_right_length(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_section *section = &world.sections[1];
    struct weir_note note;
    struct weir_buffer printed = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    assert_int_equal(weir_note_parse(&world.scope, section->checkpoint, &note), WEIR_OK);
    note.lines[0].signature.length--;
    assert_int_equal(weir_note_print(&world.scope, &note, &printed), WEIR_OK);
    section->checkpoint = weir_buffer_slice(&printed);
    expect(&world, WEIR_E_SIGNATURE, "the wrong length");
    proof_free(&world);
}

/* Three of five: two others must cosign. */
static void enough_other_witnesses_cosigned(void **state)
{
    (void)state;
    struct proof_options options = proof_defaults();
    options.witness_count = 5;
    options.m = 3;
    struct proof_world world;
    proof_make(&world, options);
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.opinions[2].cosigner_count, 4);
    struct weir_proof_section *section = &world.sections[2];
    const struct {
        unsigned cosigners;
        enum weir_err err;
    } heads[] = {
        {0x03, WEIR_OK},       {0x18, WEIR_OK},       {0x00, WEIR_E_QUORUM}, {0x01, WEIR_E_QUORUM},
        {0x04, WEIR_E_QUORUM}, {0x05, WEIR_E_QUORUM}, /* itself does not count */
    };
    for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++) {
        proof_checkpoint(&world, section, heads[i].cosigners);
        expect(&world, heads[i].err, heads[i].err == WEIR_OK ? "" : "2 are needed");
    }
    proof_free(&world);
}

/* Appends the cosignature of `secret` under a name once more. */
static void cosign_again(struct proof_world *world,
                         struct weir_proof_section *section,
                         const char *name,
                         const uint8_t *secret)
{
    struct weir_buffer note = {.capacity_max = WEIR_NOTE_BYTES_MAX};
    struct weir_note parsed;
    const struct weir_cosigner cosigner = {weir_slice_text(name), secret};
    assert_int_equal(weir_note_parse(&world->scope, section->checkpoint, &parsed), WEIR_OK);
    assert_int_equal(
        weir_buffer_put(&world->scope, &note, section->checkpoint.data, section->checkpoint.length),
        WEIR_OK);
    assert_int_equal(
        weir_cosignature_sign(&world->scope, &cosigner, parsed.text, PROOF_START_S, &note),
        WEIR_OK);
    section->checkpoint = weir_buffer_slice(&note);
}

static void a_witness_cosigns_once_however_often_it_signs(void **state)
{
    (void)state;
    struct proof_options options = proof_defaults();
    options.witness_count = 5;
    options.m = 3;
    struct proof_world world;
    proof_make(&world, options);
    struct weir_proof_section *section = &world.sections[2];
    proof_checkpoint(&world, section, 0x02);
    cosign_again(&world, section, world.witnesses[1].cosigner, world.witnesses[1].cosign);
    cosign_again(&world, section, "other.example/cosign", world.witnesses[1].cosign);
    expect(&world, WEIR_E_QUORUM, "has 1 cosignatures of other witnesses; 2 are needed");
    /* a stranger's does not count */
    struct proof_witness stranger;
    witness_make(&world.scope, world.secp, 99, &stranger);
    cosign_again(&world, section, stranger.cosigner, stranger.cosign);
    expect(&world, WEIR_E_QUORUM, "has 1 cosignatures");
    /* nor does a key that is listed for something else */
    cosign_again(&world, section, world.witnesses[0].cosigner, world.witnesses[0].statement);
    expect(&world, WEIR_E_QUORUM, "has 1 cosignatures");
    cosign_again(&world, section, world.witnesses[0].cosigner, world.witnesses[0].cosign);
    expect(&world, WEIR_OK, "");
    assert_int_equal(account.opinions[2].cosigner_count, 2);
    assert_true(account.opinions[2].cosigned_s == PROOF_START_S); /* the earliest */
    /* without its key set it is a stranger too */
    world.proof.keys[0] = (struct weir_proof_keys){0};
    world.proof.section_count = 4;
    memmove(&world.sections[0], &world.sections[1], 4 * sizeof(world.sections[0]));
    proof_report(&world, 2, 0x0e);
    expect(&world, WEIR_E_QUORUM, "has 1 cosignatures");
    proof_free(&world);
}

static void leaf_0_is_the_gauge_of_the_terms(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_definition good = world.sections[1].definition;
    world.sections[1].definition.tick_ms++;
    expect(&world, WEIR_E_INCLUSION, "leaf 0 is not the gauge");
    world.sections[1].definition = good;
    world.sections[1].definition.salt.bytes[0] ^= 1;
    expect(&world, WEIR_E_INCLUSION, "leaf 0 is not the gauge");
    world.sections[1].definition = good;
    world.sections[1].definition.inclusion.count--;
    expect(&world, WEIR_E_INCLUSION, "leaf 0 is not the gauge");
    proof_free(&world);
    /* a log of another gauge, shown for this agreement */
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    world.witnesses[2].leaves[0].payload = weir_slice_text("another gauge");
    proof_log_outages(&world);
    proof_make_sections(&world, 1);
    proof_report(&world, 2, 3);
    expect(&world, WEIR_E_INCLUSION, "witness 2: leaf 0 is not the gauge");
    proof_free(&world);
}

static void the_range_proof_fits_its_leaves(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_section *section = &world.sections[1];
    struct weir_proof_path good = section->range;
    assert_true(good.count >= 2);
    struct weir_hash *hashes = weir_take(&world.scope, good.count + 1, sizeof(*hashes));
    memcpy(hashes, good.hashes, good.count * sizeof(*hashes));
    section->range = (struct weir_proof_path){hashes, good.count - 1};
    expect(&world, WEIR_E_INCLUSION, "hashes where the proof");
    section->range.count = good.count + 1;
    expect(&world, WEIR_E_INCLUSION, "hashes where the proof");
    section->range = (struct weir_proof_path){hashes, good.count};
    for (size_t i = 0; i < good.count; i++) {
        hashes[i].bytes[7] ^= 1;
        expect(&world, WEIR_E_INCLUSION, "do not lead to the root");
        hashes[i].bytes[7] ^= 1;
    }
    struct weir_hash first = hashes[0];
    hashes[0] = hashes[1];
    hashes[1] = first;
    expect(&world, WEIR_E_INCLUSION, "do not lead to the root");
    proof_free(&world);
}

static void the_leaves_shown_are_those_of_the_opinion(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_section *section = &world.sections[1];
    section->leaves.first++;
    expect(&world, WEIR_E_COMPLETENESS, "not those that the opinion names");
    section->leaves.first--;
    section->leaves.count--;
    expect(&world, WEIR_E_COMPLETENESS, "not those that the opinion names");
    section->leaves.count++;
    struct weir_slice rows = section->leaves.rows;
    section->leaves.rows.length -= 1;
    expect(&world, WEIR_E_PARSE, "the row is cut off");
    section->leaves.rows = rows;
    uint8_t *longer = weir_take(&world.scope, rows.length + 1, 1);
    memcpy(longer, rows.data, rows.length);
    section->leaves.rows = (struct weir_slice){longer, rows.length + 1};
    expect(&world, WEIR_E_PARSE, "something follows the last leaf");
    /* any byte of the rows: kind, time, commitment */
    section->leaves.rows.length = rows.length;
    for (size_t at = 0; at < rows.length; at++) {
        longer[at] ^= 1;
        assert_int_not_equal(proof_verify(&world, &signed_rules, &account), WEIR_OK);
        longer[at] ^= 1;
    }
    expect(&world, WEIR_OK, "");
    proof_free(&world);
}

static void no_leaf_between_can_be_left_out(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct proof_witness *witness = &world.witnesses[1];
    struct weir_proof_section *section = &world.sections[1];
    /* shows a run without one leaf, as if the next had stood in its place */
    for (uint64_t gone = section->opinion.first_leaf + 1; gone < section->opinion.end_leaf - 1;
         gone++) {
        struct witness_leaf kept = witness->leaves[gone];
        size_t behind = (size_t)(section->opinion.end_leaf - gone - 1);
        memmove(&witness->leaves[gone], &witness->leaves[gone + 1],
                behind * sizeof(witness->leaves[0]));
        section->opinion.end_leaf--;
        witness_show(&world.scope, witness, world.options.interval_ms, false, section);
        section->range = witness_range(&world.scope, witness,
                                       (struct weir_range){section->opinion.first_leaf,
                                                           section->opinion.end_leaf,
                                                           section->opinion.tree_size});
        lie(&world, 1);
        expect(&world, WEIR_E_INCLUSION, "do not lead to the root");
        memmove(&witness->leaves[gone + 1], &witness->leaves[gone],
                behind * sizeof(witness->leaves[0]));
        witness->leaves[gone] = kept;
        section->opinion.end_leaf++;
    }
    proof_free(&world);
}

static void open_leaves_need_exactly_their_salts(void **state)
{
    (void)state;
    struct proof_world world;
    proof_make(&world, proof_defaults());
    struct weir_proof_section *section = &world.sections[0];
    struct weir_salt_seed *seeds = weir_take(&world.scope, section->seed_count, sizeof(*seeds));
    memcpy(seeds, section->seeds, section->seed_count * sizeof(*seeds));
    section->seeds = seeds;
    seeds[0].bytes[0] ^= 1;
    expect(&world, WEIR_E_INCLUSION, "do not lead to the root");
    seeds[0].bytes[0] ^= 1;
    seeds[1].level++;
    expect(&world, WEIR_E_PARSE, "salt seed 1");
    seeds[1].level--;
    section->seed_count--;
    expect(&world, WEIR_E_PARSE, "salt seeds where");
    proof_free(&world);
}

static void ticks_rise_strictly(void **state)
{
    (void)state;
    struct proof_world world;
    for (int64_t step_ms = -500; step_ms <= 0; step_ms += 500) {
        proof_begin(&world, proof_defaults(), WORLD_BYTES);
        proof_log_outages(&world);
        witness_seal(&world.scope, &world.witnesses[1]);
        world.witnesses[1].leaves[8].tick_ms = world.witnesses[1].leaves[7].tick_ms + step_ms;
        /* judged from a good log, shown from this one */
        struct proof_witness bent = world.witnesses[1];
        world.proof.sections = world.sections;
        world.witnesses[1].leaves[8].tick_ms = bent.leaves[7].tick_ms + 1000;
        proof_make_sections(&world, 1);
        world.witnesses[1].leaves[8].tick_ms = bent.leaves[7].tick_ms + step_ms;
        witness_seal(&world.scope, &world.witnesses[1]);
        proof_show(&world, &world.sections[1]);
        proof_report(&world, 2, 3);
        lie(&world, 1);
        expect(&world, WEIR_E_COMPLETENESS, "leaf 8: the ticks are not in order");
        proof_free(&world);
    }
}

static void an_open_tick_has_the_state_of_its_reason(void **state)
{
    (void)state;
    struct proof_world world;
    proof_begin(&world, proof_defaults(), WORLD_BYTES);
    proof_log_outages(&world);
    proof_make_sections(&world, 1);
    world.witnesses[0].leaves[7].flags = WEIR_LEAF_UP; /* the payload says timeout */
    witness_seal(&world.scope, &world.witnesses[0]);
    proof_show(&world, &world.sections[0]);
    proof_report(&world, 2, 3);
    lie(&world, 0);
    expect(&world, WEIR_E_PARSE, "leaf 7");
    proof_free(&world);
}

/* The signer checks its own opinion before it signs it, without cosignatures. */
static void a_section_can_be_checked_alone(void **state)
{
    (void)state;
    const struct weir_proof_rules rules = {.needs_signatures = false};
    const struct weir_section_needs unsigned_needs = {.signature = false, .cosigners = 0};
    const struct weir_section_needs all = {.signature = true, .cosigners = 1};
    struct proof_world world;
    struct weir_account_opinion opinion;
    proof_make(&world, proof_defaults());
    proof_checkpoint(&world, &world.sections[1], 0);
    memset(world.sections[1].signature.bytes, 0, sizeof(world.sections[1].signature.bytes));
    account = (struct weir_account){.proof = world.proof};
    assert_int_equal(weir_account_prepare(&world.scope, &rules, &account), WEIR_OK);
    assert_int_equal(weir_account_section(&world.scope, &account, &rules, &world.sections[1],
                                          unsigned_needs, &opinion),
                     WEIR_OK);
    assert_int_equal(opinion.tier_counted, 2);
    assert_int_equal(
        weir_account_section(&world.scope, &account, &rules, &world.sections[1], all, &opinion),
        WEIR_E_SIGNATURE);
    weir_scope_recover(&world.scope);
    world.sections[1].witness = 3;
    assert_int_equal(weir_account_section(&world.scope, &account, &rules, &world.sections[1],
                                          unsigned_needs, &opinion),
                     WEIR_E_EVIDENCE);
    assert_non_null(strstr(world.scope.fault, "the terms know no witness 3"));
    weir_scope_recover(&world.scope);
    world.sections[1].witness = 1;
    world.sections[1].window = world.options.window_count;
    world.sections[1].opinion.window = world.options.window_count;
    assert_int_equal(weir_account_section(&world.scope, &account, &rules, &world.sections[1],
                                          unsigned_needs, &opinion),
                     WEIR_E_EVIDENCE);
    proof_free(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_opinion_is_signed_by_its_witness),
        cmocka_unit_test(an_opinion_about_something_else_is_refused),
        cmocka_unit_test(a_section_of_another_window_proves_nothing_about_this_one),
        cmocka_unit_test(the_checkpoint_is_the_head_of_the_opinion),
        cmocka_unit_test(the_witness_itself_signed_its_log),
        cmocka_unit_test(a_known_key_that_signed_wrongly_spoils_the_head),
        cmocka_unit_test(a_signature_of_the_log_has_the_right_length),
        cmocka_unit_test(enough_other_witnesses_cosigned),
        cmocka_unit_test(a_witness_cosigns_once_however_often_it_signs),
        cmocka_unit_test(leaf_0_is_the_gauge_of_the_terms),
        cmocka_unit_test(the_range_proof_fits_its_leaves),
        cmocka_unit_test(the_leaves_shown_are_those_of_the_opinion),
        cmocka_unit_test(no_leaf_between_can_be_left_out),
        cmocka_unit_test(open_leaves_need_exactly_their_salts),
        cmocka_unit_test(ticks_rise_strictly),
        cmocka_unit_test(an_open_tick_has_the_state_of_its_reason),
        cmocka_unit_test(a_section_can_be_checked_alone),
    };
    return cmocka_run_group_tests_name("account_section", tests, NULL, NULL);
}
