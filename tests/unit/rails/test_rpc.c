/* Goal: no node can make a call believe what it was not told: every answer is of the asked shape
 * and to the asked question, or the call says NETWORK; every client's words lead to their class;
 * and all this within the deadlines. Method: bent answers to one batch, the texts of seven clients,
 * and a hostile node on loopback. */
#include "rails/evm/rpc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/arena.h"
#include "rails/evm/client.h"
#include "rails/http.h"
#include "tests/unit/rails/with_server.h"

#define ARENA_BYTES ((size_t)64 * 1024 * 1024)
#define CHAIN_ID 31337

struct fixture {
    struct weir_scope scope;
    struct with_server server;
    struct weir_http *http;
};

/* A batch of two questions, ids 7 and 8. */
struct pair {
    struct weir_rpc_batch batch;
    uint64_t chain_id;
    uint64_t number;
};

static void ask(struct fixture *f, struct pair *pair)
{
    *pair = (struct pair){.batch = {.first_id = 7}};
    assert_non_null(weir_rpc_chain_id(&f->scope, &pair->batch, &pair->chain_id));
    assert_non_null(weir_rpc_block_number(&f->scope, &pair->batch, &pair->number));
}

static void read_text(struct fixture *f, struct weir_rpc_batch *batch, const char *answer)
{
    assert_int_equal(weir_rpc_read(&f->scope, batch, weir_slice_text(answer)), WEIR_OK);
}

#define FIRST "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x7a69\"}"
#define SECOND "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x10\"}"

static void a_batch_is_printed_as_the_standard_says(void **state)
{
    struct fixture *f = *state;
    struct pair pair;
    struct weir_slice body;
    ask(f, &pair);
    assert_int_equal(weir_rpc_print(&f->scope, &pair.batch, &body), WEIR_OK);
    assert_true(weir_slice_equals_text(
        body, "[{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"eth_chainId\",\"params\":[]},"
              "{\"jsonrpc\":\"2.0\",\"id\":8,\"method\":\"eth_blockNumber\",\"params\":[]}]"));
    struct weir_rpc_batch one = {.first_id = 1};
    struct weir_slice out;
    const struct weir_rpc_message message = {.has_from = true,
                                             .to = {{0xab}},
                                             .gas = 100,
                                             .value = (unsigned __int128)1 << 70,
                                             .data = weir_slice_text("\x01\x02")};
    assert_non_null(weir_rpc_eth_call(&f->scope, &one, &message,
                                      (struct weir_rpc_tag){WEIR_RPC_NUMBER, 255}, &out));
    assert_string_equal(
        one.calls[0].params,
        "[{\"data\":\"0x0102\",\"from\":\"0x0000000000000000000000000000000000000000\","
        "\"to\":\"0xab00000000000000000000000000000000000000\",\"gas\":\"0x64\","
        "\"value\":\"0x400000000000000000\"},\"0xff\"]");
}

static void answers_are_matched_by_id_in_any_order(void **state)
{
    struct fixture *f = *state;
    struct pair pair;
    ask(f, &pair);
    read_text(f, &pair.batch, "[" SECOND "," FIRST "]");
    assert_int_equal(pair.batch.calls[0].class, WEIR_RPC_ANSWERED);
    assert_int_equal(pair.chain_id, CHAIN_ID);
    assert_int_equal(pair.number, 16);
}

static void answers_that_do_not_fit_the_questions_are_no_answers(void **state)
{
    static const char *const bad[] = {
        "",
        "[",
        "null",
        "7",
        "[" FIRST "]",
        FIRST,
        "[" FIRST "," FIRST "]",
        "[" FIRST "," SECOND "," SECOND "]",
        "[" FIRST ",{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":\"0x10\"}]",
        "[" FIRST ",{\"jsonrpc\":\"2.0\",\"id\":\"8\",\"result\":\"0x10\"}]",
        "[" FIRST ",{\"jsonrpc\":\"2.0\",\"id\":8.0,\"result\":\"0x10\"}]",
        "[" FIRST ",{\"jsonrpc\":\"2.0\",\"id\":-8,\"result\":\"0x10\"}]",
        "[" FIRST ",{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":\"0x10\"}]",
        "[" FIRST "," SECOND "] trailing",
        "[" FIRST ",{\"jsonrpc\":\"2.0\",\"id\":8,\"id\":8,\"result\":\"0x10\"}]",
        "<html><body>502 Bad Gateway</body></html>",
        "[" FIRST ",[]]",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pair pair;
        ask(f, &pair);
        read_text(f, &pair.batch, bad[i]);
        assert_int_equal(pair.batch.calls[0].class, WEIR_RPC_NETWORK);
        assert_int_equal(pair.batch.calls[1].class, WEIR_RPC_NETWORK);
        assert_int_equal(pair.chain_id, 0);
        assert_int_equal(weir_rpc_require(&f->scope, &pair.batch.calls[1]), WEIR_E_NETWORK);
        weir_scope_recover(&f->scope);
    }
}

static void one_bad_result_leaves_the_other_usable(void **state)
{
    static const char *const bad[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":8}",
        "{\"jsonrpc\":\"1.0\",\"id\":8,\"result\":\"0x10\"}",
        "{\"jsonrpc\":\"2.0\\u0000\",\"id\":8,\"result\":\"0x10\"}",
        "{\"id\":8,\"result\":\"0x10\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":16}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":1e1}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"16\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x010\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0X10\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"-0x10\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x1g\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x1\\u0000\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":\"0x10000000000000000\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":{}}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"error\":\"oops\"}",
        "{\"jsonrpc\":\"2.0\",\"id\":8,\"error\":{\"code\":1.5,\"message\":\"x\"}}",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        struct pair pair;
        char answer[512];
        ask(f, &pair);
        (void)snprintf(answer, sizeof(answer), "[%s,%s]", FIRST, bad[i]);
        read_text(f, &pair.batch, answer);
        assert_int_equal(pair.batch.calls[0].class, WEIR_RPC_ANSWERED);
        assert_int_equal(pair.batch.calls[1].class, WEIR_RPC_NETWORK);
        assert_int_equal(pair.number, 0);
    }
}

static void null_is_an_answer_without_a_thing(void **state)
{
    struct fixture *f = *state;
    struct weir_rpc_batch batch = {.first_id = 1};
    struct weir_rpc_receipt receipt = {.gas_used = 5};
    const struct weir_hash hash = {{1}};
    assert_non_null(weir_rpc_receipt_of(&f->scope, &batch, &hash, &receipt));
    read_text(f, &batch, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":null}");
    assert_int_equal(batch.calls[0].class, WEIR_RPC_ANSWERED);
    assert_true(batch.calls[0].is_null);
    assert_int_equal(receipt.gas_used, 5);
    assert_int_equal(weir_rpc_require(&f->scope, &batch.calls[0]), WEIR_E_NOT_FOUND);
    weir_scope_recover(&f->scope);
}

static void a_refusal_of_the_whole_batch_concerns_every_call(void **state)
{
    struct fixture *f = *state;
    struct pair pair;
    ask(f, &pair);
    read_text(f, &pair.batch,
              "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32005,\"message\":\"slow\"}}");
    assert_int_equal(pair.batch.calls[0].class, WEIR_RPC_LIMIT);
    assert_int_equal(pair.batch.calls[1].class, WEIR_RPC_LIMIT);
}

static void numbers_beyond_128_bits_saturate_and_beyond_256_are_refused(void **state)
{
    struct fixture *f = *state;
    const struct weir_address address = {{1}};
    for (int digits = 31; digits < 68; digits++) {
        struct weir_rpc_batch batch = {0};
        unsigned __int128 balance = 1;
        char answer[256];
        assert_non_null(weir_rpc_balance(&f->scope, &batch, &address,
                                         (struct weir_rpc_tag){.at = WEIR_RPC_LATEST}, &balance));
        (void)snprintf(answer, sizeof(answer),
                       "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"0x%.*s\"}", digits,
                       "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
        read_text(f, &batch, answer);
        assert_int_equal(batch.calls[0].class, digits > 64 ? WEIR_RPC_NETWORK : WEIR_RPC_ANSWERED);
        if (digits >= 32 && digits <= 64)
            assert_true(balance == ~(unsigned __int128)0);
    }
}

static void the_words_of_many_clients_lead_to_their_class(void **state)
{
    static const struct {
        int64_t code;
        const char *message;
        enum weir_rpc_class class;
    } cases[] = {
        {-32000, "already known", WEIR_RPC_KNOWN},
        {-32003, "transaction already imported", WEIR_RPC_KNOWN},
        {-32000, "Known transaction: 0xabc", WEIR_RPC_KNOWN},
        {-32010, "AlreadyKnown", WEIR_RPC_KNOWN},
        {-32000, "unknown transaction", WEIR_RPC_OTHER},
        {-32000, "nonce too low: next nonce 5, tx nonce 4", WEIR_RPC_NONCE_LOW},
        {-32000, "Nonce too low. Expected nonce to be 5 but got 3.", WEIR_RPC_NONCE_LOW},
        {-32010, "OldNonce, Current nonce: 4, nonce of rejected tx: 3", WEIR_RPC_NONCE_LOW},
        {-32006, "Nonce below sender account nonce", WEIR_RPC_NONCE_LOW},
        {-32000, "nonce too high", WEIR_RPC_NONCE_HIGH},
        {-32010, "NonceGap, Future nonce.", WEIR_RPC_NONCE_HIGH},
        {-32000, "replacement transaction underpriced", WEIR_RPC_UNDERPRICED},
        {-32000, "Replacement transaction underpriced. A gasPrice/maxFeePerGas of at least 2",
         WEIR_RPC_UNDERPRICED},
        {-32000, "transaction underpriced: tip needed 1, tip permitted 0", WEIR_RPC_UNDERPRICED},
        {-32010, "FeeTooLow, MaxFeePerGas too low.", WEIR_RPC_UNDERPRICED},
        {-32000, "max fee per gas less than block base fee: address 0x1", WEIR_RPC_UNDERPRICED},
        {-32000, "could not replace existing tx", WEIR_RPC_UNDERPRICED},
        {-32003, "Insufficient funds for gas * price + value", WEIR_RPC_FUNDS},
        {-32000, "Sender doesn't have enough funds to send tx.", WEIR_RPC_FUNDS},
        {-32004, "Upfront cost exceeds account balance", WEIR_RPC_FUNDS},
        {3, "execution reverted", WEIR_RPC_REVERTED},
        {-32000, "execution reverted: insufficient funds", WEIR_RPC_REVERTED},
        {-32603, "Error: VM Exception while processing transaction: reverted", WEIR_RPC_REVERTED},
        {-32005, "daily request count exceeded", WEIR_RPC_LIMIT},
        {429, "Too Many Requests", WEIR_RPC_LIMIT},
        {-32000, "txpool is full", WEIR_RPC_LIMIT},
        {-32601, "the method eth_x does not exist", WEIR_RPC_UNSUPPORTED},
        {-32602, "invalid argument 0", WEIR_RPC_FATAL},
        {-32000, "invalid chain id for signer: have 1 want 2", WEIR_RPC_FATAL},
        {-32000, "intrinsic gas too low: gas 1, minimum needed 21000", WEIR_RPC_FATAL},
        {-32000, "something else entirely", WEIR_RPC_OTHER},
        {0, "", WEIR_RPC_OTHER},
    };
    (void)state;
    const struct weir_slice nothing = {0};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct weir_slice text = weir_slice_text(cases[i].message);
        if (weir_rpc_classify(cases[i].code, text, nothing) != cases[i].class)
            fail_msg("%s: %s", cases[i].message,
                     weir_rpc_class_name(weir_rpc_classify(cases[i].code, text, nothing)));
    }
    assert_int_equal(weir_rpc_classify(-32000, weir_slice_text("rejected"),
                                       weir_slice_text("reason: NONCE TOO LOW")),
                     WEIR_RPC_NONCE_LOW);
}

static void revert_data_is_found_also_one_level_deeper(void **state)
{
    static const char *const answers[] = {
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":3,\"message\":\"execution reverted: "
        "\\u0000\\u0001\",\"data\":\"0x351050a4\"}}",
        "{\"jsonrpc\":\"2.0\",\"id\":0,\"error\":{\"code\":-32603,\"message\":\"Error: VM "
        "Exception\","
        "\"data\":{\"message\":\"x\",\"data\":\"0x351050a4\"}}}",
    };
    struct fixture *f = *state;
    for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
        struct weir_rpc_batch batch = {0};
        uint64_t number = 0;
        assert_non_null(weir_rpc_block_number(&f->scope, &batch, &number));
        read_text(f, &batch, answers[i]);
        assert_int_equal(batch.calls[0].class, WEIR_RPC_REVERTED);
        assert_int_equal(batch.calls[0].data.length, 4);
        assert_memory_equal(batch.calls[0].data.data, "\x35\x10\x50\xa4", 4);
        assert_int_equal(weir_rpc_require(&f->scope, &batch.calls[0]), WEIR_E_REVERT);
        weir_scope_recover(&f->scope);
    }
}

static void a_batch_is_bounded(void **state)
{
    struct fixture *f = *state;
    struct weir_rpc_batch batch = {0};
    uint64_t number = 0;
    for (int i = 0; i < WEIR_RPC_CALLS_MAX; i++)
        assert_non_null(weir_rpc_block_number(&f->scope, &batch, &number));
    assert_null(weir_rpc_block_number(&f->scope, &batch, &number));
    assert_int_equal(f->scope.err, WEIR_E_LIMIT);
    weir_scope_recover(&f->scope);
}

static void the_median_of_nonzero_rewards_is_the_tip(void **state)
{
    struct fixture *f = *state;
    struct weir_rpc_batch batch = {0};
    unsigned __int128 tip = 9;
    assert_non_null(weir_rpc_tip(&f->scope, &batch, &tip));
    read_text(f, &batch,
              "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"gasUsedRatio\":[0.5],\"reward\":"
              "[[\"0x0\"],[\"0x9\"],[\"0x3\"],[\"0x0\"],[\"0x5\"]]}}");
    assert_true(tip == 5);
    read_text(f, &batch, "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"reward\":null}}");
    assert_true(tip == 0);
    read_text(f, &batch, "{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":{\"reward\":[[5]]}}");
    assert_int_equal(batch.calls[0].class, WEIR_RPC_NETWORK);
}

/* A node in every bad mood, chosen by path; the request is the client's `eth_blockNumber` and
 * `eth_chainId`, whose first id is the client's serial, 0. */
static void misbehave(const struct with_request *request)
{
    int connection = request->connection;
    const char *path = request->path;
    if (strcmp(path, "/good") == 0)
        with_answer(connection, "200 OK", "",
                    "[{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"0x10\"},"
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x7a69\"}]");
    else if (strcmp(path, "/chain") == 0)
        with_answer(connection, "200 OK", "",
                    "[{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"0x10\"},"
                    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"0x1\"}]");
    else if (strcmp(path, "/id") == 0)
        with_answer(connection, "200 OK", "",
                    "[{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":\"0x10\"},"
                    "{\"jsonrpc\":\"2.0\",\"id\":6,\"result\":\"0x7a69\"}]");
    else if (strcmp(path, "/truncated") == 0)
        with_answer(connection, "200 OK", "", "[{\"jsonrpc\":\"2.0\",\"id\":0,\"result\":\"0x1");
    else if (strcmp(path, "/429") == 0)
        with_answer(connection, "429 Too Many Requests", "Retry-After: 12\r\n", "later");
    else if (strcmp(path, "/502") == 0)
        with_answer(connection, "502 Bad Gateway", "", "<html>bad gateway</html>");
    else if (strcmp(path, "/html") == 0)
        with_answer(connection, "200 OK", "Content-Type: text/html\r\n", "<html>login</html>");
    else if (strcmp(path, "/deep") == 0) {
        with_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        for (int i = 0; i < 100000; i++)
            with_text(connection, "[");
    } else if (strcmp(path, "/huge") == 0) {
        with_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n[");
        for (;;)
            with_text(connection, "                                                        ");
    } else if (strcmp(path, "/silent") == 0)
        with_pause(30000);
}

static void a_node_in_a_bad_mood_is_noticed_in_time(void **state)
{
    static const struct {
        const char *path;
        enum weir_err err;
    } cases[] = {
        {"/good", WEIR_OK},          {"/chain", WEIR_E_CHAIN},
        {"/id", WEIR_E_NETWORK},     {"/truncated", WEIR_E_NETWORK},
        {"/429", WEIR_E_RPC},        {"/502", WEIR_E_NETWORK},
        {"/html", WEIR_E_NETWORK},   {"/deep", WEIR_E_NETWORK},
        {"/huge", WEIR_E_NETWORK},   {"/silent", WEIR_E_NETWORK},
        {"/closed", WEIR_E_NETWORK},
    };
    struct fixture *f = *state;
    struct timespec start;
    struct timespec end;
    (void)clock_gettime(CLOCK_MONOTONIC, &start);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char url[WITH_SERVER_URL_BYTES];
        with_server_url(&f->server, cases[i].path, url);
        struct weir_client client = {.http = f->http,
                                     .endpoint = {.url = url,
                                                  .allow_private = true,
                                                  .timeout_ms = 500,
                                                  .body_bytes_max = 262144},
                                     .chain_id = CHAIN_ID};
        enum weir_err err = weir_client_connect(&client, &f->scope);
        if (err != cases[i].err)
            fail_msg("%s: %s %s", cases[i].path, weir_err_name(err), f->scope.fault);
        weir_scope_recover(&f->scope);
    }
    (void)clock_gettime(CLOCK_MONOTONIC, &end);
    assert_true(end.tv_sec - start.tv_sec < 5);
}

static void a_busy_node_says_when_to_come_back(void **state)
{
    struct fixture *f = *state;
    char url[WITH_SERVER_URL_BYTES];
    with_server_url(&f->server, "/429", url);
    const struct weir_rpc_endpoint endpoint = {.url = url, .allow_private = true};
    struct pair pair;
    ask(f, &pair);
    assert_int_equal(weir_rpc_exchange(f->http, &f->scope, &endpoint, &pair.batch), WEIR_OK);
    assert_int_equal(pair.batch.calls[0].class, WEIR_RPC_LIMIT);
    assert_int_equal(pair.batch.retry_after_s, 12);
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.scope = (struct weir_scope){.arena = weir_arena_new(ARENA_BYTES)};
    with_server_start(&fixture.server, misbehave);
    fixture.http = weir_http_new(2, NULL);
    *state = &fixture;
    return fixture.http == NULL ? -1 : 0;
}

static int tear_down(void **state)
{
    struct fixture *fixture = *state;
    weir_http_free(fixture->http);
    with_server_stop(&fixture->server);
    weir_arena_free(fixture->scope.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_batch_is_printed_as_the_standard_says),
        cmocka_unit_test(answers_are_matched_by_id_in_any_order),
        cmocka_unit_test(answers_that_do_not_fit_the_questions_are_no_answers),
        cmocka_unit_test(one_bad_result_leaves_the_other_usable),
        cmocka_unit_test(null_is_an_answer_without_a_thing),
        cmocka_unit_test(a_refusal_of_the_whole_batch_concerns_every_call),
        cmocka_unit_test(numbers_beyond_128_bits_saturate_and_beyond_256_are_refused),
        cmocka_unit_test(the_words_of_many_clients_lead_to_their_class),
        cmocka_unit_test(revert_data_is_found_also_one_level_deeper),
        cmocka_unit_test(a_batch_is_bounded),
        cmocka_unit_test(the_median_of_nonzero_rewards_is_the_tip),
        cmocka_unit_test(a_node_in_a_bad_mood_is_noticed_in_time),
        cmocka_unit_test(a_busy_node_says_when_to_come_back),
    };
    return cmocka_run_group_tests_name("rpc", tests, set_up, tear_down);
}
