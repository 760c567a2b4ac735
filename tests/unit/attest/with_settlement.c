/* The parts of test proofs that come from elsewhere: the events of jobs, and a block that pays. */
#include <stdlib.h>
#include <string.h>

#include "attest/keccak.h"
#include "attest/rlp.h"
#include "base/arena.h"
#include "metrics/calendar.h"
#include "metrics/close.h"
#include "metrics/otif.h"
#include "tests/unit/attest/with_proof.h"

#define must(call) witness_must(&world->scope, call)
#define JOBS 4
#define BLOCK_NUMBER 1234
#define BLOCK_TIME_S (PROOF_START_S + 7200)

static void put_event(struct proof_world *world, const struct weir_event *event)
{
    struct weir_buffer text = {.capacity_max = WEIR_EVENT_TEXT_MAX};
    must(weir_event_print(&world->scope, event, &text));
    world->event_texts[world->event_count++] = weir_buffer_slice(&text);
}

/* Promised for the first day; jobs 2 and 3 came a day late.  Written by source and id. */
static void make_events(struct proof_world *world)
{
    static const char *const jobs[JOBS] = {"job-0", "job-1", "job-2", "job-3"};
    static const char *const delivered[JOBS] = {"a-0", "a-1", "a-2", "a-3"};
    static const char *const promised[JOBS] = {"b-0", "b-1", "b-2", "b-3"};
    for (unsigned i = 0; i < JOBS; i++) {
        const struct weir_event event = {
            .type = WEIR_EVENT_JOB_DELIVERED,
            .source = weir_slice_text("erp"),
            .id = weir_slice_text(delivered[i]),
            .subject = weir_slice_text(jobs[i]),
            .occurred_ms = PROOF_START_MS + (i < 2 ? 0 : WEIR_DAY_MS) + WEIR_HOUR_MS,
        };
        put_event(world, &event);
    }
    for (unsigned i = 0; i < JOBS; i++) {
        const struct weir_event event = {
            .type = WEIR_EVENT_JOB_PROMISED,
            .source = weir_slice_text("erp"),
            .id = weir_slice_text(promised[i]),
            .subject = weir_slice_text(jobs[i]),
            .occurred_ms = PROOF_START_MS - WEIR_DAY_MS,
            .due = {PROOF_START_MS, PROOF_START_MS + WEIR_DAY_MS},
        };
        put_event(world, &event);
    }
}

/* The leaf that closes the first window, as every witness logs it. */
static struct witness_leaf close_leaf(struct proof_world *world)
{
    struct weir_event events[2 * JOBS];
    struct weir_input_set inputs;
    struct weir_tally_rows rows;
    struct weir_close_class classes[4];
    struct weir_buffer text = {.capacity_max = WEIR_CLOSE_TEXT_MAX};
    for (size_t i = 0; i < world->event_count; i++)
        must(weir_event_parse(&world->scope, world->event_texts[i], &events[i]));
    struct weir_close close = {
        .gauge = world->proof.terms.gauge,
        .window = {PROOF_START_MS, PROOF_START_MS + WEIR_DAY_MS},
        .classes = classes,
    };
    must(weir_otif_inputs(&world->scope, &world->gauge, events, world->event_count, close.window,
                          &inputs));
    must(weir_otif_compute(&world->scope, &world->gauge, events, world->event_count, &rows));
    for (size_t i = 0; i < rows.count && i < 4; i++)
        classes[close.class_count++] =
            (struct weir_close_class){rows.items[i].class_name, rows.items[i].tally};
    close.input_count = inputs.count;
    close.inputs = inputs.digest;
    must(weir_close_print(&world->scope, &close, &text));
    return (struct witness_leaf){
        .kind = WEIR_LEAF_CLOSE,
        .tick_ms = close.window.end_ms,
        .payload = weir_buffer_slice(&text),
    };
}

void proof_log_jobs(struct proof_world *world)
{
    make_events(world);
    struct witness_leaf close = close_leaf(world);
    for (unsigned w = 0; w < world->options.witness_count; w++) {
        for (size_t i = 0; i < world->event_count; i++) {
            /* each heard of them in another order */
            size_t place = w % 2 == 0 ? i : world->event_count - 1 - i;
            const struct witness_leaf leaf = {
                .kind = WEIR_LEAF_EVENT,
                .tick_ms = PROOF_START_MS,
                .payload = world->event_texts[place],
            };
            witness_log(&world->scope, &world->witnesses[w], leaf);
        }
        witness_log(&world->scope, &world->witnesses[w], close);
    }
}

struct weir_settled proof_settled(const struct proof_world *world, uint64_t due, uint64_t paid)
{
    const struct weir_breach *breach = &world->proof.report.breach;
    return (struct weir_settled){
        .word = breach->word,
        .fresh = breach->mask,
        .tier = breach->tier,
        .evidence_root = breach->evidence_root,
        .due = due,
        .paid = paid,
    };
}

/* A receipt with a strange log and then the Settled log of `emitter`; without one: an empty one. */
static struct weir_slice make_receipt(struct proof_world *world,
                                      const struct weir_address *emitter,
                                      const struct weir_settled *settled)
{
    struct weir_buffer logs = {.capacity_max = 65536};
    struct weir_buffer bytes = {.capacity_max = 65536};
    struct weir_receipt receipt = {.type = 2, .has_succeeded = true, .cumulative_gas = 90000};
    if (emitter != NULL) {
        const struct weir_word words[] = {
            settled->fresh,
            weir_word_u64(settled->tier),
            weir_word_hash(&settled->evidence_root),
            weir_word_u128(settled->due),
            weir_word_u128(settled->paid),
        };
        struct weir_chain_log log = {.address = world->proof.terms.asset, .topic_count = 1};
        memset(log.topics[0].bytes, 0xdd, WEIR_HASH_BYTES);
        must(weir_receipt_put_log(&world->scope, &log, &logs));
        log = (struct weir_chain_log){
            .address = *emitter,
            .topic_count = 2,
            .topics = {weir_keccak_of(WEIR_SETTLED_EVENT, sizeof(WEIR_SETTLED_EVENT) - 1),
                       weir_word_get_hash(weir_word_u64(settled->word))},
            .data = {(const uint8_t *)words, sizeof(words)},
        };
        must(weir_receipt_put_log(&world->scope, &log, &logs));
        receipt.log_count = 2;
    }
    receipt.logs = weir_buffer_slice(&logs);
    must(weir_receipt_write(&world->scope, &receipt, &bytes));
    return weir_buffer_slice(&bytes);
}

/* The RLP of a header whose receipts root is `root`; all else is zero or made up. */
static struct weir_slice make_header(struct proof_world *world, const struct weir_hash *root)
{
    static const uint8_t zero[WEIR_BLOOM_BYTES];
    static const size_t lengths[] = {32, 32, 20, 32, 32};
    struct weir_buffer items = {.capacity_max = 4096};
    struct weir_buffer header = {.capacity_max = 4096};
    for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++)
        must(weir_rlp_put_bytes(&world->scope, &items, zero, lengths[i]));
    must(weir_rlp_put_bytes(&world->scope, &items, root->bytes, WEIR_HASH_BYTES));
    must(weir_rlp_put_bytes(&world->scope, &items, zero, WEIR_BLOOM_BYTES));
    const uint64_t numbers[] = {0, BLOCK_NUMBER, 30000000, 90000, BLOCK_TIME_S};
    for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        must(weir_rlp_put_u64(&world->scope, &items, numbers[i]));
    must(weir_rlp_put_bytes(&world->scope, &items, zero, 0));
    must(weir_rlp_put_bytes(&world->scope, &items, zero, 32));
    must(weir_rlp_put_bytes(&world->scope, &items, zero, 8));
    must(weir_rlp_put_u64(&world->scope, &items, 7)); /* base fee of a later fork */
    must(weir_rlp_put_list(&world->scope, &header, weir_buffer_slice(&items)));
    return weir_buffer_slice(&header);
}

void proof_pay_with(struct proof_world *world,
                    const struct weir_address *emitter,
                    const struct weir_settled *settled)
{
    const struct weir_slice receipts[] = {
        make_receipt(world, NULL, NULL),
        make_receipt(world, emitter, settled),
        make_receipt(world, NULL, NULL),
    };
    struct weir_trie_proof trie;
    struct weir_hash root;
    must(weir_trie_prove(&world->scope, receipts, 3, 1, &trie, &root));
    struct weir_slice header = make_header(world, &root);
    struct weir_slice *nodes = weir_take(&world->scope, trie.node_count, sizeof(*nodes));
    if (nodes == NULL)
        abort();
    memcpy(nodes, trie.nodes, trie.node_count * sizeof(*nodes));
    world->block = weir_keccak_of(header.data, header.length);
    struct weir_proof_payment *payment = &world->payments[world->proof.payment_count++];
    *payment = (struct weir_proof_payment){
        .block = world->block,
        .block_number = BLOCK_NUMBER,
        .tx_index = 1,
        .log_index = 1,
        .header = header,
        .nodes = nodes,
        .node_count = trie.node_count,
    };
    memset(payment->tx.bytes, 0x70, sizeof(payment->tx.bytes));
    world->proof.payments = world->payments;
}

void proof_pay(struct proof_world *world, uint64_t due, uint64_t paid)
{
    struct weir_settled settled = proof_settled(world, due, paid);
    proof_pay_with(world, &world->proof.domain.contract, &settled);
}
