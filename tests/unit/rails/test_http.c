/* Goal: no server can make a request take longer, hold more memory or reach further than its limits
 * say, and every refusal has its reason.
 * Method: a hostile server in a child process, small deadlines, one test per kind of hostility. */
#include "rails/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/arena.h"
#include "rails/guard.h"
#include "tests/unit/rails/with_server.h"

#define SLOTS 8
#define ARENA_BYTES ((size_t)8 * 1024 * 1024)
#define TEN_GIGABYTES "10737418240"
#define MEMORY_KB_MAX 65536 /* growth of this process while a flood arrives */

struct fixture {
    struct with_server server;
    struct weir_http *http;
    struct weir_scope scope;
};

static void send_flood(int connection)
{
    static const char block[65536];
    for (;;)
        with_write(connection, block, sizeof(block));
}

static void send_slowly(int connection)
{
    with_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
    for (int i = 0; i < 1000; i++) {
        with_text(connection, "x");
        with_pause(1000);
    }
}

static void send_headers(int connection)
{
    with_text(connection, "HTTP/1.1 200 OK\r\n");
    for (;;)
        with_text(connection, "X-More: and more and more and more and more and more\r\n");
}

static void handle(const struct with_request *request)
{
    int connection = request->connection;
    const char *path = request->path;
    if (strcmp(path, "/ok") == 0)
        with_answer(connection, "200 OK", "Content-Type: text/plain\r\nRetry-After: 7\r\n", "fine");
    else if (strcmp(path, "/echo") == 0)
        with_answer(connection, "201 Created", "", request->body);
    else if (strcmp(path, "/missing") == 0)
        with_answer(connection, "404 Not Found", "", "no");
    else if (strcmp(path, "/announced") == 0)
        with_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: " TEN_GIGABYTES "\r\n\r\n");
    else if (strcmp(path, "/flood") == 0) {
        with_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
        send_flood(connection);
    } else if (strcmp(path, "/slow") == 0)
        send_slowly(connection);
    else if (strcmp(path, "/silent") == 0)
        with_pause(30000);
    else if (strcmp(path, "/stuck") == 0) {
        with_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\nsome");
        with_pause(30000);
    } else if (strcmp(path, "/bomb") == 0)
        with_answer(connection, "200 OK", "Content-Encoding: gzip\r\n", "\x1f\x8b");
    else if (strcmp(path, "/loop") == 0)
        with_answer(connection, "302 Found", "Location: /loop\r\n", "");
    else if (strcmp(path, "/moved") == 0)
        with_answer(connection, "301 Moved", "Location: /ok\r\n", "");
    else if (strcmp(path, "/file") == 0)
        with_answer(connection, "302 Found", "Location: file:///etc/passwd\r\n", "");
    else if (strcmp(path, "/headers") == 0)
        send_headers(connection);
    else if (strcmp(path, "/cut") == 0)
        with_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort");
    else if (strcmp(path, "/garbage") == 0)
        with_text(connection, "what is this\r\n\r\n");
}

static int set_up(void **state)
{
    static struct fixture fixture;
    fixture.scope = (struct weir_scope){.arena = weir_arena_new(ARENA_BYTES)};
    with_server_start(&fixture.server, handle);
    fixture.http = weir_http_new(SLOTS, NULL);
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

/* Impatient limits, so that the whole program takes seconds. */
static struct weir_http_request request_to(const char *url)
{
    return (struct weir_http_request){
        .url = url,
        .limits = {.connect_ms = 500,
                   .first_byte_ms = 300,
                   .total_ms = 3000,
                   .rate_bytes_s_min = 100,
                   .rate_grace_ms = 300,
                   .header_bytes_max = 4096,
                   .body_bytes_max = 65536},
        .allow_private = true,
    };
}

static struct weir_http_result call(struct fixture *fixture, const char *path)
{
    char url[WITH_SERVER_URL_BYTES];
    struct weir_http_result result;
    with_server_url(&fixture->server, path, url);
    struct weir_http_request request = request_to(url);
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    return result;
}

static int64_t now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void an_answer_has_status_body_type_and_times(void **state)
{
    struct weir_http_result result = call(*state, "/ok");
    assert_int_equal(result.reason, WEIR_HTTP_ANSWERED);
    assert_int_equal(result.status, 200);
    assert_true(weir_slice_equals_text(result.body, "fine"));
    assert_string_equal(result.content_type, "text/plain");
    assert_string_equal(result.remote_ip, "127.0.0.1");
    assert_int_equal(result.retry_after_s, 7);
    assert_true(result.times.connected_us <= result.times.first_byte_us);
    assert_true(result.times.first_byte_us <= result.times.total_us);
    assert_true(result.times.total_us > 0);
}

static void a_body_is_posted_and_any_status_is_an_answer(void **state)
{
    struct fixture *fixture = *state;
    char url[WITH_SERVER_URL_BYTES];
    struct weir_http_result result;
    with_server_url(&fixture->server, "/echo", url);
    struct weir_http_request request = request_to(url);
    request.method = "POST";
    request.body = weir_slice_text("what was sent");
    request.tag = 77;
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_equal(result.status, 201);
    assert_int_equal(result.tag, 77);
    assert_true(weir_slice_equals_text(result.body, "what was sent"));
    assert_int_equal(call(fixture, "/missing").status, 404);
}

static void ten_gigabytes_are_refused_when_announced_and_while_they_come(void **state)
{
    struct rusage before;
    struct rusage after;
    (void)getrusage(RUSAGE_SELF, &before);
    assert_int_equal(call(*state, "/announced").reason, WEIR_HTTP_TOO_LARGE);
    assert_int_equal(call(*state, "/flood").reason, WEIR_HTTP_TOO_LARGE);
    (void)getrusage(RUSAGE_SELF, &after);
    assert_true(after.ru_maxrss - before.ru_maxrss < MEMORY_KB_MAX);
}

static void a_byte_a_second_is_too_slow(void **state)
{
    int64_t start = now_ms();
    assert_int_equal(call(*state, "/slow").reason, WEIR_HTTP_SLOW);
    assert_int_equal(call(*state, "/stuck").reason, WEIR_HTTP_SLOW);
    assert_true(now_ms() - start < 2500);
}

static void a_server_that_says_nothing_is_left_at_the_first_deadline(void **state)
{
    int64_t start = now_ms();
    struct weir_http_result result = call(*state, "/silent");
    assert_int_equal(result.reason, WEIR_HTTP_TIMEOUT);
    assert_int_equal(result.status, 0);
    assert_in_range(now_ms() - start, 250, 1500);
}

static void a_compressed_body_that_nobody_asked_for_is_refused(void **state)
{
    assert_int_equal(call(*state, "/bomb").reason, WEIR_HTTP_ENCODED);
}

static void endless_headers_are_cut(void **state)
{
    assert_int_equal(call(*state, "/headers").reason, WEIR_HTTP_TOO_LARGE);
}

static void what_is_no_whole_answer_is_malformed(void **state)
{
    assert_int_equal(call(*state, "/cut").reason, WEIR_HTTP_MALFORMED);
    assert_int_equal(call(*state, "/garbage").reason, WEIR_HTTP_MALFORMED);
    assert_int_equal(call(*state, "/closed").reason, WEIR_HTTP_REFUSED);
}

static void a_redirect_is_an_answer_until_following_is_allowed(void **state)
{
    struct fixture *fixture = *state;
    struct weir_http_result result = call(fixture, "/moved");
    assert_int_equal(result.reason, WEIR_HTTP_ANSWERED);
    assert_int_equal(result.status, 301);

    char url[WITH_SERVER_URL_BYTES];
    with_server_url(&fixture->server, "/moved", url);
    struct weir_http_request request = request_to(url);
    request.limits.redirects_max = 3;
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_equal(result.status, 200);
    with_server_url(&fixture->server, "/loop", url);
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_equal(result.reason, WEIR_HTTP_REDIRECTS);
    with_server_url(&fixture->server, "/file", url);
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_not_equal(result.reason, WEIR_HTTP_ANSWERED);
}

static void a_private_address_needs_permission_also_on_a_kept_connection(void **state)
{
    struct fixture *fixture = *state;
    char url[WITH_SERVER_URL_BYTES];
    struct weir_http_result result;
    assert_int_equal(call(fixture, "/ok").status, 200);
    with_server_url(&fixture->server, "/ok", url);
    struct weir_http_request request = request_to(url);
    request.allow_private = false;
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_equal(result.reason, WEIR_HTTP_PRIVATE);
    assert_int_equal(weir_http_require_ok(&fixture->scope, &result), WEIR_E_DENIED);
    weir_scope_recover(&fixture->scope);
    (void)snprintf(url, sizeof(url), "http://localhost:%u/ok", fixture->server.port);
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_equal(result.reason, WEIR_HTTP_PRIVATE);
    (void)snprintf(url, sizeof(url), "http://[::ffff:127.0.0.1]:%u/ok", fixture->server.port);
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_equal(result.reason, WEIR_HTTP_PRIVATE);
}

static void a_closed_port_is_refused_and_a_name_that_is_none_is_dns(void **state)
{
    struct fixture *fixture = *state;
    struct weir_http_result result;
    struct weir_http_request request = request_to("http://127.0.0.1:1/");
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_int_equal(result.reason, WEIR_HTTP_REFUSED);
    request.url = "http://no-such-name.invalid/";
    assert_int_equal(weir_http_call(fixture->http, &fixture->scope, &request, &result), WEIR_OK);
    assert_true(result.reason == WEIR_HTTP_DNS || result.reason == WEIR_HTTP_TIMEOUT);
}

static void only_plain_http_urls_are_taken(void **state)
{
    static const char *const bad[] = {"file:///etc/passwd",
                                      "ftp://127.0.0.1/",
                                      "gopher://127.0.0.1/",
                                      "http://user:secret@127.0.0.1/",
                                      "http://",
                                      "127.0.0.1",
                                      "",
                                      "http://127.0.0.1:99999/",
                                      "http://127.0.0.1/ x"};
    struct fixture *fixture = *state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        uint32_t ticket = 0;
        struct weir_http_request request = request_to(bad[i]);
        assert_int_equal(weir_http_submit(fixture->http, &fixture->scope, &request, &ticket),
                         WEIR_E_RANGE);
        weir_scope_recover(&fixture->scope);
    }
    uint32_t ticket = 0;
    struct weir_http_request request = request_to("http://127.0.0.1/");
    request.method = "DELETE";
    assert_int_equal(weir_http_submit(fixture->http, &fixture->scope, &request, &ticket),
                     WEIR_E_RANGE);
    weir_scope_recover(&fixture->scope);
    assert_int_equal(weir_http_pending(fixture->http), 0);
}

static void many_requests_run_at_once_and_the_slots_are_bounded(void **state)
{
    struct fixture *fixture = *state;
    char url[WITH_SERVER_URL_BYTES];
    with_server_url(&fixture->server, "/silent", url);
    struct weir_http_request request = request_to(url);
    uint32_t tickets[SLOTS];
    uint32_t one_more = 0;
    for (size_t i = 0; i < SLOTS; i++) {
        request.tag = i;
        assert_int_equal(weir_http_submit(fixture->http, &fixture->scope, &request, &tickets[i]),
                         WEIR_OK);
    }
    assert_int_equal(weir_http_submit(fixture->http, &fixture->scope, &request, &one_more),
                     WEIR_E_LIMIT);
    weir_scope_recover(&fixture->scope);
    weir_http_release(fixture->http, tickets[0]);
    assert_int_equal(weir_http_pending(fixture->http), SLOTS - 1);
    int64_t start = now_ms();
    size_t completed = 0;
    uint64_t tags = 0;
    while (completed < SLOTS - 1) {
        struct weir_http_result result;
        assert_int_equal(weir_http_wait(fixture->http, &fixture->scope, NULL, 0, 1000), WEIR_OK);
        while (weir_http_next(fixture->http, &result)) {
            assert_int_equal(result.reason, WEIR_HTTP_TIMEOUT);
            tags |= UINT64_C(1) << result.tag;
            weir_http_release(fixture->http, result.ticket);
            completed++;
        }
    }
    assert_true(now_ms() - start < 1500);
    assert_int_equal(tags, (1U << SLOTS) - 2);
    assert_false(weir_http_next(fixture->http, &(struct weir_http_result){0}));
    weir_http_release(fixture->http, tickets[1]); /* an old ticket is nobody's */
}

static void the_waiting_place_wakes_for_other_descriptors_and_their_hang_up(void **state)
{
    struct fixture *fixture = *state;
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct pollfd extra = {.fd = pair[0], .events = POLLIN};
    assert_int_equal(weir_http_wait(fixture->http, &fixture->scope, &extra, 1, 0), WEIR_OK);
    assert_int_equal(extra.revents, 0);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(weir_http_wait(fixture->http, &fixture->scope, &extra, 1, 1000), WEIR_OK);
    assert_true(extra.revents & POLLIN);
    (void)close(pair[1]);
    extra.events = 0;
    assert_int_equal(weir_http_wait(fixture->http, &fixture->scope, &extra, 1, 1000), WEIR_OK);
    assert_true(extra.revents & POLLHUP);
    (void)close(pair[0]);
}

static void private_and_smuggling_addresses_are_known(void **state)
{
    (void)state;
    static const char *const private[] = {"0.0.0.0",
                                          "10.1.2.3",
                                          "100.64.0.1",
                                          "127.0.0.1",
                                          "169.254.169.254",
                                          "172.16.0.1",
                                          "172.31.255.255",
                                          "192.0.0.8",
                                          "192.168.1.1",
                                          "198.18.0.1",
                                          "224.0.0.1",
                                          "255.255.255.255",
                                          "::",
                                          "::1",
                                          "::ffff:8.8.8.8",
                                          "::8.8.8.8",
                                          "64:ff9b::7f00:1",
                                          "fc00::1",
                                          "fd12::1",
                                          "fe80::1",
                                          "fec0::1",
                                          "ff02::1",
                                          "2002:7f00:1::",
                                          "2001:0:1::1",
                                          "2001:db8::1",
                                          "no address",
                                          ""};
    static const char *const public[] = {
        "8.8.8.8",     "1.1.1.1",   "172.15.0.1",    "172.32.0.1",   "100.63.0.1",
        "100.128.0.1", "192.0.1.1", "223.255.255.1", "2606:4700::1", "2001:4860:4860::8888"};
    for (size_t i = 0; i < sizeof(private) / sizeof(private[0]); i++)
        assert_false(weir_ip_text_is_public(private[i]));
    for (size_t i = 0; i < sizeof(public) / sizeof(public[0]); i++)
        assert_true(weir_ip_text_is_public(public[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_has_status_body_type_and_times),
        cmocka_unit_test(a_body_is_posted_and_any_status_is_an_answer),
        cmocka_unit_test(ten_gigabytes_are_refused_when_announced_and_while_they_come),
        cmocka_unit_test(a_byte_a_second_is_too_slow),
        cmocka_unit_test(a_server_that_says_nothing_is_left_at_the_first_deadline),
        cmocka_unit_test(a_compressed_body_that_nobody_asked_for_is_refused),
        cmocka_unit_test(endless_headers_are_cut),
        cmocka_unit_test(what_is_no_whole_answer_is_malformed),
        cmocka_unit_test(a_redirect_is_an_answer_until_following_is_allowed),
        cmocka_unit_test(a_private_address_needs_permission_also_on_a_kept_connection),
        cmocka_unit_test(a_closed_port_is_refused_and_a_name_that_is_none_is_dns),
        cmocka_unit_test(only_plain_http_urls_are_taken),
        cmocka_unit_test(many_requests_run_at_once_and_the_slots_are_bounded),
        cmocka_unit_test(the_waiting_place_wakes_for_other_descriptors_and_their_hang_up),
        cmocka_unit_test(private_and_smuggling_addresses_are_known),
    };
    return cmocka_run_group_tests_name("http", tests, set_up, tear_down);
}
