/* Goal: no peer can hold this node up, stop it or make it forget, and a kill between two commits is
 * followed by the same step again.
 * Method: the settler's own functions on a real ledger and signer; peers are small servers that
 * hang, lie, or are never content. */
#include "node/settler.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/arena.h"
#include "base/text.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/opinions.h"
#include "node/clock.h"
#include "node/evidence.h"
#include "tests/unit/node/with_signer.h"

#define PEER_MS 4000 /* a peer's own deadline */
#define SOON_MS 2000
#define ANSWER_BYTES 4096

static struct with_witnesses world;
static struct with_signer signer;
static struct weir_settler settler;
static struct weir_duty duty;
static struct weir_book books[1];
static struct weir_contact contacts[WITNESSES - 1];
static uint64_t known_sizes[WITNESSES - 1];
static uint64_t known_serials[WITNESSES - 1];
static struct weir_tracked tracked[4];
static int stop[2];
static pid_t servers[WITNESSES - 1];

/* --- small servers ---------------------------------------------------------------------------- */

/* What a peer answers; NULL: it takes the connection and says nothing. */
struct script {
    const char *to_get;
    const char *to_post;
};

/* Reads one request (its body may be cut: nobody looks at it) and answers. */
static void serve_one(int connection, const struct script *script)
{
    char request[ANSWER_BYTES];
    ssize_t got = recv(connection, request, sizeof(request), 0);
    const char *answer = got > 0 && request[0] == 'G' ? script->to_get : script->to_post;
    while (answer == NULL && got > 0)
        got = recv(connection, request, sizeof(request), 0); /* until the client gives up */
    if (answer != NULL)
        (void)send(connection, answer, strlen(answer), MSG_NOSIGNAL);
    (void)shutdown(connection, SHUT_WR);
    while (recv(connection, request, sizeof(request), 0) > 0)
        ; /* so that no reset overtakes the answer */
    (void)close(connection);
}

static void start_server(size_t place, const struct script *script)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t length = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &length), 0);
    struct weir_config_peer *peer = &world.items[0].config->peers[place];
    peer->url = weir_take_printf(&world.scope, "http://127.0.0.1:%u", ntohs(address.sin_port));
    peer->timeout_ms = PEER_MS;
    servers[place] = fork();
    assert_true(servers[place] >= 0);
    if (servers[place] == 0)
        (void)close(stop[1]); /* the end of file is the settler's to see */
    while (servers[place] == 0) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0)
            _exit(1);
        serve_one(connection, script);
    }
    assert_int_equal(close(listener), 0);
}

static void stop_servers(void)
{
    for (size_t i = 0; i < WITNESSES - 1; i++) {
        if (servers[i] <= 0)
            continue;
        assert_int_equal(kill(servers[i], SIGKILL), 0);
        assert_int_equal(waitpid(servers[i], NULL, 0), servers[i]);
        servers[i] = 0;
    }
}

static const char *answer_of(const char *status, const char *type, const char *body)
{
    return weir_take_printf(&world.scope,
                            "HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
                            "Connection: close\r\n\r\n%s",
                            status, type, strlen(body), body);
}

/* --- the settler under test ------------------------------------------------------------------- */

static int settler_make(void **state)
{
    (void)state;
    with_witnesses_make(&world);
    struct one_witness *own = &world.items[0];
    with_witnesses_tick(&world, 0, (struct with_seconds){-2, 64, 10, 40});
    with_signer_start(&signer, &world, WITNESSES_START_MS + 65000);
    assert_int_equal(pipe2(stop, O_CLOEXEC), 0);
    weir_clock_use_file(
        weir_take_printf(&world.scope, "%s/data/signer/clock", world.items[0].folder));
    duty = (struct weir_duty){.id = WEIR_DUTY_SETTLER,
                              .config = own->config,
                              .stop_in = stop[0],
                              .signer = signer.ask[WEIR_DUTY_SETTLER]};
    settler = (struct weir_settler){.http = weir_http_new(8, NULL),
                                    .books = books,
                                    .book_count = 1,
                                    .contacts = contacts,
                                    .contact_count = WITNESSES - 1};
    settler.worker = (struct weir_worker){.duty = &duty,
                                          .config = own->config,
                                          .scope = world.scope,
                                          .scratch = world.scope.arena,
                                          .store = own->store,
                                          .agreements = own->agreements};
    settler.worker.keys.set = own->set;
    weir_http_stop_on(settler.http, stop[0]);
    memset(tracked, 0, sizeof(tracked));
    books[0] = (struct weir_book){.agreement = &own->agreements.items[0],
                                  .log_id = own->log_id,
                                  .tracked = tracked,
                                  .tracked_count = 1,
                                  .must_exchange = true};
    for (size_t i = 0; i < WITNESSES - 1; i++) {
        known_sizes[i] = known_serials[i] = 0;
        contacts[i] = (struct weir_contact){.peer = &own->config->peers[i],
                                            .keys = &own->agreements.peer_keys[i],
                                            .known_size = &known_sizes[i],
                                            .known_serial = &known_serials[i]};
    }
    return 0;
}

static int settler_drop(void **state)
{
    (void)state;
    stop_servers();
    weir_http_free(settler.http);
    weir_clock_use_file(NULL);
    (void)close(stop[0]);
    if (stop[1] >= 0)
        (void)close(stop[1]);
    assert_int_equal(with_signer_stop(&signer), 0);
    with_witnesses_drop(&world);
    return 0;
}

static enum weir_err exchange(void)
{
    books[0].must_exchange = true;
    for (size_t i = 0; i < WITNESSES - 1; i++)
        contacts[i].quiet_until_ms = 0;
    return weir_settler_exchange(&settler, &world.scope, &books[0]);
}

static void an_opinion_lost_by_a_kill_is_taken_up_again(void **state)
{
    (void)state;
    struct weir_opinion given;
    struct weir_signature signature;
    struct weir_opinion_row row;
    /* Signed, and then killed before it was stored. */
    struct weir_opinion lost = with_witnesses_opinion(&world, 0, 0, 0, WITNESSES_START_MS + 64000);
    struct weir_proof_section section = with_witnesses_section(&world, 0, &lost);
    struct weir_proof proof = with_witnesses_proof(&world, &section, 1, 1);
    with_witnesses_expect(&world, weir_ask_opinion(&world.scope, duty.signer,
                                                   with_witnesses_bytes(&world, &proof), &given,
                                                   &signature));
    books[0].cosigned_size = lost.tree_size;
    with_witnesses_expect(&world, weir_settler_judge(&settler, &world.scope, &books[0]));
    with_witnesses_expect(
        &world, weir_opinion_last(settler.worker.store, &world.scope, &books[0].agreement->hash,
                                  settler.worker.keys.set.set.node.bytes, 0, &row));
    assert_memory_equal(&row.signature, &signature, sizeof(signature));
    assert_int_equal(row.opinion.made_at_ms, lost.made_at_ms);
    assert_true(tracked[0].has_opinion && tracked[0].is_final);
    assert_int_equal(tracked[0].own_tier, 2);
}

static void a_final_opinion_waits_for_a_cosigned_head(void **state)
{
    (void)state;
    books[0].must_exchange = false;
    with_witnesses_expect(&world, weir_settler_judge(&settler, &world.scope, &books[0]));
    assert_false(tracked[0].has_opinion);
    assert_true(books[0].must_exchange);
}

static void a_peer_that_hangs_is_waited_for_no_longer_than_its_deadline(void **state)
{
    (void)state;
    static const struct script silent = {NULL, NULL};
    start_server(0, &silent);
    start_server(1, &silent);
    int64_t began_ms = weir_clock_monotonic_ms();
    with_witnesses_expect(&world, exchange());
    int64_t took_ms = weir_clock_monotonic_ms() - began_ms;
    assert_in_range(took_ms, PEER_MS / 2, PEER_MS + SOON_MS);
    assert_int_equal(contacts[0].failures, 1);
    assert_true(contacts[0].quiet_until_ms > weir_clock_monotonic_ms());
}

static void a_stop_ends_all_waiting_at_once(void **state)
{
    (void)state;
    static const struct script silent = {NULL, NULL};
    start_server(0, &silent);
    start_server(1, &silent);
    assert_int_equal(close(stop[1]), 0);
    stop[1] = -1;
    int64_t began_ms = weir_clock_monotonic_ms();
    with_witnesses_expect(&world, exchange());
    assert_true(weir_clock_monotonic_ms() - began_ms < SOON_MS);
    assert_true(settler.must_stop);
    assert_int_equal(contacts[0].failures, 0); /* it is not the peer's fault */
}

static void a_claim_of_a_newer_log_needs_our_own_signature(void **state)
{
    (void)state;
    struct script liar = {answer_of("404 Not Found", "text/plain", "no"),
                          answer_of("409 Conflict", "text/x.tlog.size", "1000000\n")};
    start_server(0, &liar);
    start_server(1, &liar);
    with_witnesses_expect(&world, exchange()); /* nobody believes it, and nothing stops */
    assert_int_equal(contacts[0].failures, 1);
    stop_servers();

    /* A true note of the log, but not newer than the ledger. */
    struct weir_slice note = with_witnesses_note(&world, 0, 20, 0);
    const char *text = weir_take_text(&world.scope, note.data, note.length);
    struct script braggart = {answer_of("200 OK", "text/plain", text), liar.to_post};
    start_server(0, &braggart);
    start_server(1, &braggart);
    with_witnesses_expect(&world, exchange());
    assert_int_equal(contacts[0].failures, 2);
    stop_servers();

    /* The ledger really was rolled back: our own signature covers more. */
    struct weir_checkpoint ahead = {
        .origin = weir_slice_text(weir_origin_of(&world.scope, "w1.example", "web")),
        .head = {.size = 1000000, .root = {{1}}}};
    struct weir_slice signed_note;
    with_witnesses_expect(&world,
                          weir_ask_checkpoint(&world.scope, duty.signer, &ahead, &signed_note));
    text = weir_take_text(&world.scope, signed_note.data, signed_note.length);
    struct script witness = {answer_of("200 OK", "text/plain", text), liar.to_post};
    start_server(0, &witness);
    start_server(1, &witness);
    assert_int_equal(exchange(), WEIR_E_AHEAD);
    weir_scope_recover(&world.scope);
}

static void a_peer_that_is_never_content_is_left_alone(void **state)
{
    (void)state;
    struct script restless = {NULL, answer_of("409 Conflict", "text/x.tlog.size", "7\n")};
    start_server(0, &restless);
    start_server(1, &restless);
    unsigned rounds = 0;
    do
        with_witnesses_expect(&world, exchange());
    while (contacts[0].failures == 0 && ++rounds < 20);
    assert_in_range(rounds, 1, 10);
    assert_true(contacts[0].quiet_until_ms > weir_clock_monotonic_ms());
}

static void wrong_answers_of_peers_stop_nothing(void **state)
{
    (void)state;
    const char *const bodies[] = {"", "not a cosignature\n",
                                  "\xe2\x80\x94 w2.example/cosign AAAA\n"};
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
        struct script liar = {NULL, answer_of("200 OK", "text/plain", bodies[i])};
        start_server(0, &liar);
        start_server(1, &liar);
        with_witnesses_expect(&world, exchange());
        stop_servers();
        assert_int_equal(contacts[0].failures, 1);
        contacts[0].failures = contacts[1].failures = 0;
    }
    assert_int_equal(books[0].cosigned_size, 0);
}

static void opinions_that_cannot_follow_each_other_are_kept_as_proof(void **state)
{
    (void)state;
    static const struct {
        uint8_t phases[2];
        uint8_t tiers[2];
        bool contradicts;
    } table[] = {
        {{WEIR_PHASE_EARLY, WEIR_PHASE_EARLY}, {1, 2}, false},
        {{WEIR_PHASE_EARLY, WEIR_PHASE_FINAL}, {2, 2}, false},
        {{WEIR_PHASE_EARLY, WEIR_PHASE_EARLY}, {2, 1}, true},
        {{WEIR_PHASE_EARLY, WEIR_PHASE_FINAL}, {2, 1}, true},
        {{WEIR_PHASE_FINAL, WEIR_PHASE_FINAL}, {1, 2}, true},
        {{WEIR_PHASE_FINAL, WEIR_PHASE_EARLY}, {1, 2}, true},
    };
    struct weir_store *store = settler.worker.store;
    const struct weir_evidence_check check = {store, &world.scope, books[0].agreement};
    for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
        for (uint32_t order = 0; order < 2; order++) {
            bool contradicts = false;
            bool is_known = false;
            for (uint32_t k = 0; k < 2; k++) {
                uint32_t revision = order == 0 ? k : 1 - k; /* also in the wrong order */
                struct weir_opinion_row row = {
                    .node = {(uint8_t)(10 + 2 * i + order)},
                    .opinion = with_witnesses_opinion(&world, 0, 0, revision, 1),
                    .stored_ms = 5};
                enum weir_opinion_put outcome;
                row.opinion.phase = table[i].phases[revision];
                row.opinion.tier = table[i].tiers[revision];
                row.digest.bytes[0] = (uint8_t)(i * 4 + order * 2 + k);
                with_witnesses_expect(&world,
                                      weir_opinion_put(store, &world.scope, &row, &outcome));
                with_witnesses_expect(&world, weir_evidence_compare(&check, &row, &contradicts));
                with_witnesses_expect(
                    &world, weir_equivocator_is_known(store, &world.scope, row.node, &is_known));
            }
            assert_int_equal(contradicts, table[i].contradicts);
            assert_int_equal(is_known, table[i].contradicts);
        }
}

#define with_settler(test) cmocka_unit_test_setup_teardown(test, settler_make, settler_drop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_settler(an_opinion_lost_by_a_kill_is_taken_up_again),
        with_settler(a_final_opinion_waits_for_a_cosigned_head),
        with_settler(a_peer_that_hangs_is_waited_for_no_longer_than_its_deadline),
        with_settler(a_stop_ends_all_waiting_at_once),
        with_settler(a_claim_of_a_newer_log_needs_our_own_signature),
        with_settler(a_peer_that_is_never_content_is_left_alone),
        with_settler(wrong_answers_of_peers_stop_nothing),
        with_settler(opinions_that_cannot_follow_each_other_are_kept_as_proof),
    };
    return cmocka_run_group_tests_name("settler", tests, NULL, NULL);
}
