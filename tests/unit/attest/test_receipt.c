/* Goal: a payment is believed exactly when header, trie, receipt and log lead from the block's hash
 * to it.
 * Method: a real block of a local chain; roots of tries by an independent library, with short and
 * long items and every border of the key format; every bit of header, proof and receipt changed,
 * and every place, node and contract exchanged. */
#include "attest/receipt.h"

#include "attest/keccak.h"
#include "tests/unit/attest/with_block.h"
#include "tests/unit/with_evm.h"

static struct weir_slice receipts[BLOCK_RECEIPTS];
static struct weir_address agreement;

/* The payment of the block, proved by our prover. */
static struct weir_payment payment(void)
{
    struct weir_payment made = {
        .header = evm_unhex(block_header_hex),
        .transaction_index = BLOCK_PAYMENT,
    };
    for (size_t i = 0; i < BLOCK_RECEIPTS; i++)
        receipts[i] = evm_unhex(block_receipt_hex[i]);
    evm_ok(weir_address_parse_hex(&evm.scope, weir_slice_text(block_agreement), &agreement));
    evm_ok(weir_receipt_prove(&evm.scope, receipts, BLOCK_RECEIPTS, &made));
    return made;
}

static void the_payment_of_a_real_block_is_shown(void **state)
{
    (void)state;
    struct weir_payment real = payment();
    struct weir_header header;
    struct weir_settled settled;
    evm_ok(weir_payment_verify(&evm.scope, &real, &agreement, &header, &settled));
    evm_same((struct weir_slice){header.hash.bytes, 32}, block_hash_hex);
    assert_true(header.number == BLOCK_NUMBER && header.time_s == BLOCK_TIME_S);
    assert_true(settled.word == 0 && settled.tier == 1);
    assert_true(weir_word_equal(settled.fresh, weir_word_u64(1)));
    assert_true(settled.due == 25000 && settled.paid == 25000);
    evm_same((struct weir_slice){settled.evidence_root.bytes, 32},
             "97794b46b3afe9245d61058666381907ac8a35b0e3bce564cde9dd0eea648cb6");
}

static void our_proof_is_that_of_an_independent_client(void **state)
{
    (void)state;
    struct weir_payment real = payment();
    assert_int_equal(real.proof.node_count, BLOCK_PROOF_NODES);
    for (size_t i = 0; i < BLOCK_PROOF_NODES; i++)
        evm_same(real.proof.nodes[i], block_proof_hex[i]);
}

/* Whether the payment is refused, with any reason. */
static bool is_refused(const struct weir_payment *bent, const struct weir_address *contract)
{
    struct weir_header header;
    struct weir_settled settled;
    enum weir_err err = weir_payment_verify(&evm.scope, bent, contract, &header, &settled);
    weir_scope_recover(&evm.scope);
    return err != WEIR_OK;
}

static void any_changed_bit_of_the_proof_is_refused(void **state)
{
    (void)state;
    struct weir_payment bent = payment();
    for (size_t n = 0; n < bent.proof.node_count; n++) {
        struct weir_slice node = bent.proof.nodes[n];
        uint8_t *copy = weir_take(&evm.scope, node.length, 1);
        memcpy(copy, node.data, node.length);
        bent.proof.nodes[n].data = copy;
        for (size_t bit = 0; bit < 8 * node.length; bit++) {
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
            assert_true(is_refused(&bent, &agreement));
            copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        assert_false(is_refused(&bent, &agreement));
    }
}

/* The hash of a changed header is another one; its receipts root may stay. */
static void a_changed_header_never_has_the_hash_of_the_block(void **state)
{
    (void)state;
    struct weir_payment bent = payment();
    struct weir_header good;
    evm_ok(weir_header_read(&evm.scope, bent.header, &good));
    uint8_t *copy = weir_take(&evm.scope, bent.header.length, 1);
    memcpy(copy, bent.header.data, bent.header.length);
    bent.header.data = copy;
    for (size_t bit = 0; bit < 8 * bent.header.length; bit++) {
        struct weir_header header;
        struct weir_settled settled;
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
        if (weir_payment_verify(&evm.scope, &bent, &agreement, &header, &settled) == WEIR_OK)
            assert_false(weir_hash_equal(&header.hash, &good.hash));
        weir_scope_recover(&evm.scope);
        copy[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    for (size_t cut = 0; cut < bent.header.length; cut++) {
        struct weir_header header;
        evm_refused(weir_header_read(&evm.scope, (struct weir_slice){copy, cut}, &header),
                    WEIR_E_PARSE);
    }
}

static void nodes_that_are_missing_doubled_or_exchanged_are_refused(void **state)
{
    (void)state;
    const struct weir_payment real = payment();
    struct weir_payment bent = real;
    for (size_t n = 0; n < real.proof.node_count; n++) { /* one left out */
        bent = real;
        memmove(&bent.proof.nodes[n], &bent.proof.nodes[n + 1],
                (real.proof.node_count - n - 1) * sizeof(bent.proof.nodes[0]));
        bent.proof.node_count--;
        assert_true(is_refused(&bent, &agreement));
    }
    bent = real;
    bent.proof.nodes[bent.proof.node_count++] = real.proof.nodes[0];
    assert_true(is_refused(&bent, &agreement));
    bent = real;
    bent.proof.nodes[0] = real.proof.nodes[1];
    bent.proof.nodes[1] = real.proof.nodes[0];
    assert_true(is_refused(&bent, &agreement));
    bent.proof.node_count = 0;
    assert_true(is_refused(&bent, &agreement));
}

static void another_place_log_or_contract_is_refused(void **state)
{
    (void)state;
    const struct weir_payment real = payment();
    for (uint64_t index = 0; index < 300; index++) {
        struct weir_payment bent = real;
        bent.transaction_index = index;
        assert_int_equal(is_refused(&bent, &agreement), index != BLOCK_PAYMENT);
    }
    struct weir_payment bent = real;
    bent.log_index = 1;
    assert_true(is_refused(&bent, &agreement));
    struct weir_address other = agreement;
    other.bytes[0] ^= 1;
    struct weir_header header;
    struct weir_settled settled;
    evm_refused(weir_payment_verify(&evm.scope, &real, &other, &header, &settled), WEIR_E_PAYMENT);
    bent = real;
    bent.transaction_index = BLOCK_FAILED;
    evm_ok(weir_receipt_prove(&evm.scope, receipts, BLOCK_RECEIPTS, &bent));
    evm_refused(weir_payment_verify(&evm.scope, &bent, &agreement, &header, &settled),
                WEIR_E_PAYMENT);
}

static void receipts_that_are_not_those_of_the_block_prove_nothing(void **state)
{
    (void)state;
    struct weir_payment real = payment();
    evm_refused(weir_receipt_prove(&evm.scope, receipts, BLOCK_RECEIPTS - 1, &real),
                WEIR_E_INCLUSION);
    struct weir_slice first = receipts[0];
    receipts[0] = receipts[3];
    evm_refused(weir_receipt_prove(&evm.scope, receipts, BLOCK_RECEIPTS, &real), WEIR_E_INCLUSION);
    receipts[0] = first;
    real.transaction_index = BLOCK_RECEIPTS;
    evm_refused(weir_receipt_prove(&evm.scope, receipts, BLOCK_RECEIPTS, &real), WEIR_E_RANGE);
}

static void receipts_are_written_as_they_were_read(void **state)
{
    (void)state;
    (void)payment();
    for (size_t i = 0; i < BLOCK_RECEIPTS; i++) {
        struct weir_receipt receipt;
        struct weir_buffer logs = {.capacity_max = 0};
        struct weir_buffer again = {.capacity_max = 0};
        evm_ok(weir_receipt_read(&evm.scope, receipts[i], &receipt));
        assert_int_equal(receipt.has_succeeded, i != BLOCK_FAILED);
        for (uint64_t k = 0; k < receipt.log_count; k++) {
            struct weir_chain_log log;
            evm_ok(weir_receipt_log(&evm.scope, &receipt, k, &log));
            evm_ok(weir_receipt_put_log(&evm.scope, &log, &logs));
        }
        receipt.logs = weir_buffer_slice(&logs);
        evm_ok(weir_receipt_write(&evm.scope, &receipt, &again));
        assert_true(weir_slice_equal(weir_buffer_slice(&again), receipts[i]));
        for (size_t cut = 0; cut < receipts[i].length; cut++)
            evm_refused(
                weir_receipt_read(&evm.scope, (struct weir_slice){receipts[i].data, cut}, &receipt),
                WEIR_E_PARSE);
    }
}

/* Items of the independent library's tries: one byte each, or 1 to 120 bytes. */
static struct weir_slice trie_item(size_t i, unsigned kind)
{
    size_t length = kind == 0 ? 1 : 1 + i * 37 % 120;
    uint8_t *bytes = weir_take(&evm.scope, length, 1);
    for (size_t k = 0; k < length; k++) {
        bytes[k] = (uint8_t)(kind == 0 ? 1 + i % 255 : i + k);
        if (bytes[k] == 0)
            bytes[k] = 1;
    }
    return (struct weir_slice){bytes, length};
}

/* Every place is proved and verified; with a changed byte in any node it is not. */
static void check_trie(unsigned kind, size_t count, const char *root_hex)
{
    struct weir_slice items[300];
    for (size_t i = 0; i < count; i++)
        items[i] = trie_item(i, kind);
    for (size_t i = 0; i < count; i++) {
        struct weir_trie_proof proof;
        struct weir_hash root;
        struct weir_slice value;
        evm_ok(weir_trie_prove(&evm.scope, items, count, i, &proof, &root));
        evm_same((struct weir_slice){root.bytes, 32}, root_hex);
        evm_ok(weir_trie_verify(&evm.scope, &root, i, &proof, &value));
        assert_true(weir_slice_equal(value, items[i]));
        enum weir_err absent = weir_trie_verify(&evm.scope, &root, count, &proof, &value);
        assert_int_equal(absent, WEIR_E_INCLUSION);
        weir_scope_recover(&evm.scope);
        for (size_t n = 0; n < proof.node_count; n++) {
            uint8_t *byte = (uint8_t *)(uintptr_t)&proof.nodes[n].data[i % proof.nodes[n].length];
            *byte ^= 1;
            evm_refused(weir_trie_verify(&evm.scope, &root, i, &proof, &value), WEIR_E_INCLUSION);
            *byte ^= 1;
        }
    }
}

static void tries_have_the_roots_of_an_independent_library(void **state)
{
    (void)state;
    static const struct {
        unsigned kind;
        size_t count;
        const char *root;
    } cases[] = {
        {0, 1, "ac92bc8d02906a87a573c32c72bb427036f0e43d7a7375c5c491ebba064add15"},
        {0, 2, "08693bf7194a9e5481f518cc27be677512d038ddfb72263e13f0663e299ce2d8"},
        {0, 3, "7212ba90919b517ec43266a4223e445fdb0c0bd5cb45187e7698f771cee150ba"},
        {0, 16, "46031e66d23a0c21d8a05875f782f1960085ac368e401fb9946565ece929b262"},
        {0, 17, "a87383e5770cdf013b6e22804b06ef4598148f60ce269820130310470c20a0be"},
        {0, 127, "19f04690e34240656ac4e46fb05891a3a0ac81e1925bf48fb872f5d481be0ae9"},
        {0, 128, "f86b2ea03840bb50924fd06d47a3c6b1ad69bbc592c88ec4f988a5940223e677"},
        {0, 129, "0fa21c70b7b79d5586ecbfcdf89aa5bb4c5d89f3c6ce6472ada730c8fa2119b6"},
        {0, 130, "56fcb830f9b6882886afaa77311bf5d8a4b8dd1be209682c6aac35cc5aed8763"},
        {0, 255, "ecac236c81ebb19efd6821c8a152fc563f8709abc16422cdcecf5f261c81e919"},
        {0, 256, "58627b9645c0a82a2fbfeadf98389b4b761f9da8ed4e3e3974c52aa12d060a92"},
        {0, 257, "5caa124546d8106a2040a6e5132490e64636b16d2f70dc2a31ca4f428e1b3948"},
        {0, 300, "929ad7d8ae5ce89f0f00264b1792261eafa9fb12e8a95754ebd7f4d58696cd68"},
        {1, 1, "ac92bc8d02906a87a573c32c72bb427036f0e43d7a7375c5c491ebba064add15"},
        {1, 2, "a8ea9d6ac4b5fa151bd1ca6f07a077f7c38d2ed4d5adb4b18463db12fd359aeb"},
        {1, 3, "0294e3575f3d99764ea7fba5e6be8a4c761850159a371ee390f4cd3829685817"},
        {1, 16, "b1925bbe2b0ff30a1b97507e7b7a723a22da81f3e5c0777a540534fb9313a5f5"},
        {1, 17, "7fddf0133dea5939e967e56d2ac44f95073eb0322398bddfe3321421963e8178"},
        {1, 127, "d5a5120cb8da94ffe34079b73f2f8ec89a83f2e61826dd481408d077ee9bb9f5"},
        {1, 128, "0be5782628e87dc5d2bcee515c3273ed31086e46bbfe5f7bf2afdd6e1a30862e"},
        {1, 129, "504d30ee6f7cbe0f574fe69f6bbe88d5ee242cd4ead15075d98b368433746747"},
        {1, 130, "9b2913055e264d6f0ad6174cb746a2d58f3844555730a20ecc99a51d82b2f694"},
        {1, 255, "07ce6fdd0669aa71bd49173f0377b65efae765d3d07e5285a5589683243f2d3d"},
        {1, 256, "b132353f351f98eb6f71980aba46cd615bf055a60ab89a51e7329b69353956df"},
        {1, 257, "d084892850c0eb7e884489c8a27e2fe906ce4bf4f25484def31044d12e13d7f6"},
        {1, 300, "eed35b97b6cf3e80982d77e29495701b596de59221021aad052d414a65d847d3"},

    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        weir_arena_clear(evm.scope.arena);
        check_trie(cases[i].kind, cases[i].count, cases[i].root);
    }
}

/* A trie that is only its root, made by hand: what is not canonical is refused although it hashes
 * right. */
static void check_root(const char *node_hex, enum weir_err expected)
{
    struct weir_trie_proof proof = {.node_count = 1};
    struct weir_slice value;
    proof.nodes[0] = evm_unhex(node_hex);
    struct weir_hash root = weir_keccak_of(proof.nodes[0].data, proof.nodes[0].length);
    evm_refused(weir_trie_verify(&evm.scope, &root, 0, &proof, &value), expected);
}

static void nodes_that_hash_right_but_are_not_nodes_are_refused(void **state)
{
    (void)state;
    check_root("c582208081aa", WEIR_OK);        /* the one leaf: path 80, item aa */
    check_root("c582218081aa", WEIR_E_PARSE);   /* filled padding */
    check_root("c582408081aa", WEIR_E_PARSE);   /* flags beyond the table */
    check_root("c3808000", WEIR_E_PARSE);       /* three items */
    check_root("c0", WEIR_E_PARSE);             /* none */
    check_root("c480820102", WEIR_E_PARSE);     /* an empty path */
    check_root("c482208080", WEIR_E_INCLUSION); /* no item */
    check_root("c4822080c0", WEIR_E_PARSE);     /* a list as item */
    check_root("c582208181aa", WEIR_E_INCLUSION);
    check_root("c220c0", WEIR_E_INCLUSION); /* ends before the path does */
    check_root("c200c0", WEIR_E_PARSE);     /* an extension by nothing */
    check_root("00", WEIR_E_PARSE);
    check_root("c582208081aa00", WEIR_E_PARSE); /* a byte behind it */
    /* short children inside each other: extension 8, branch, leaf; then without the leaf */
    check_root("d518d3c220018080808080808080808080808080"
               "8080",
               WEIR_OK);
    check_root("d318d18080808080808080808080808080808080", WEIR_E_INCLUSION);
}

static void a_short_node_that_is_hashed_is_refused(void **state)
{
    (void)state;
    struct weir_trie_proof proof = {.node_count = 2};
    struct weir_slice value;
    proof.nodes[1] = evm_unhex("d3c2200180808080808080808080808080808080");
    struct weir_hash child = weir_keccak_of(proof.nodes[1].data, proof.nodes[1].length);
    struct weir_buffer root = {.capacity_max = 0};
    evm_ok(weir_buffer_put(&evm.scope, &root, "\xe2\x18\xa0", 3));
    evm_ok(weir_buffer_put(&evm.scope, &root, child.bytes, sizeof(child.bytes)));
    proof.nodes[0] = weir_buffer_slice(&root);
    struct weir_hash hash = weir_keccak_of(root.data, root.length);
    evm_refused(weir_trie_verify(&evm.scope, &hash, 0, &proof, &value), WEIR_E_PARSE);
}

static void events_that_are_not_settled_are_refused(void **state)
{
    (void)state;
    const struct weir_payment real = payment();
    (void)real;
    struct weir_receipt receipt;
    struct weir_chain_log good;
    struct weir_settled settled;
    evm_ok(weir_receipt_read(&evm.scope, receipts[BLOCK_PAYMENT], &receipt));
    evm_ok(weir_receipt_log(&evm.scope, &receipt, 0, &good));
    evm_ok(weir_settled_read(&evm.scope, &good, &settled));
    struct weir_chain_log bent = good;
    bent.topics[0].bytes[0] ^= 1;
    evm_refused(weir_settled_read(&evm.scope, &bent, &settled), WEIR_E_PARSE);
    bent = good;
    bent.topic_count = 1;
    evm_refused(weir_settled_read(&evm.scope, &bent, &settled), WEIR_E_PARSE);
    bent = good;
    bent.topics[1].bytes[0] = 1;
    evm_refused(weir_settled_read(&evm.scope, &bent, &settled), WEIR_E_PARSE);
    bent = good;
    bent.data.length--;
    evm_refused(weir_settled_read(&evm.scope, &bent, &settled), WEIR_E_PARSE);
    uint8_t data[160];
    memcpy(data, good.data.data, sizeof(data));
    bent.data = (struct weir_slice){data, sizeof(data)};
    data[63] = 0;
    evm_refused(weir_settled_read(&evm.scope, &bent, &settled), WEIR_E_PARSE);
    data[63] = 9;
    evm_refused(weir_settled_read(&evm.scope, &bent, &settled), WEIR_E_PARSE);
    data[63] = 8;
    evm_ok(weir_settled_read(&evm.scope, &bent, &settled));
    data[159]++; /* paid more than due */
    evm_refused(weir_settled_read(&evm.scope, &bent, &settled), WEIR_E_PARSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(the_payment_of_a_real_block_is_shown),
        evm_test(our_proof_is_that_of_an_independent_client),
        evm_test(any_changed_bit_of_the_proof_is_refused),
        evm_test(a_changed_header_never_has_the_hash_of_the_block),
        evm_test(nodes_that_are_missing_doubled_or_exchanged_are_refused),
        evm_test(another_place_log_or_contract_is_refused),
        evm_test(receipts_that_are_not_those_of_the_block_prove_nothing),
        evm_test(receipts_are_written_as_they_were_read),
        evm_test(tries_have_the_roots_of_an_independent_library),
        evm_test(nodes_that_hash_right_but_are_not_nodes_are_refused),
        evm_test(a_short_node_that_is_hashed_is_refused),
        evm_test(events_that_are_not_settled_are_refused),
    };
    return evm_finish(cmocka_run_group_tests_name("receipt", tests, NULL, NULL));
}
