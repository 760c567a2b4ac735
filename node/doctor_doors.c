/* Doors: every way into the node, in plain words. */
#include "node/doctor.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/stat.h>

#include <jansson.h>

#include "base/arena.h"
#include "config/config.h"
#include "node/api.h"
#include "node/control.h"

static void release(json_t **value)
{
    json_decref(*value);
}
#define WEIR_AUTO_JSON __attribute__((cleanup(release))) json_t

static bool is_loopback(const char *host)
{
    struct in_addr v4;
    struct in6_addr v6;
    if (inet_pton(AF_INET, host, &v4) == 1)
        return (ntohl(v4.s_addr) >> 24) == 127;
    return inet_pton(AF_INET6, host, &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

static void say_listener(struct weir_doctor *doctor)
{
    const struct weir_config_api *api = &doctor->config->api;
    if (is_loopback(api->listen_host))
        weir_doctor_say(doctor, WEIR_FINDING_GOOD, "doors",
                        "the API listens on %s port %u: only programs of this machine reach it",
                        api->listen_host, api->listen_port);
    else
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "doors",
                        "the API listens on %s port %u: whoever reaches this address reads the "
                        "status, and what is sent is not encrypted; put a TLS proxy in front",
                        api->listen_host, api->listen_port);
    weir_doctor_say(doctor, WEIR_FINDING_NOTE, "doors",
                    "at most %u connections, %u from one address; %lld s for a request",
                    api->connections_max, api->connections_per_address_max,
                    (long long)(api->timeout_ms / 1000));
}

/* The routes of one door, one after the other. */
static const char *list_routes(struct weir_doctor *doctor, enum weir_api_door door)
{
    struct weir_buffer text = {.capacity_max = 4096};
    size_t count;
    const struct weir_api_route *routes = weir_api_routes(&count);
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < count; i++)
        if (routes[i].door == door)
            err = weir_buffer_printf(doctor->scope, &text, "%s%s %s", text.length == 0 ? "" : ", ",
                                     routes[i].method, routes[i].path);
    const char *list =
        err == WEIR_OK ? weir_take_text(doctor->scope, text.data, text.length) : NULL;
    weir_scope_recover(doctor->scope);
    return list == NULL ? "" : list;
}

static void say_routes(struct weir_doctor *doctor)
{
    static const struct {
        enum weir_api_door door;
        const char *who;
    } doors[] = {
        {WEIR_DOOR_PUBLIC, "whoever reaches the address may ask"},
        {WEIR_DOOR_SOURCE, "a source with its token may send"},
        {WEIR_DOOR_PEER, "a configured peer with its signature may send"},
        {WEIR_DOOR_OPERATOR, "this user and root may, on the control socket"},
    };
    for (size_t i = 0; i < sizeof(doors) / sizeof(doors[0]); i++) {
        const char *list = list_routes(doctor, doors[i].door);
        if (list[0] != '\0')
            weir_doctor_say(doctor, WEIR_FINDING_NOTE, "doors", "%s: %s", doors[i].who, list);
    }
}

static void say_source(struct weir_doctor *doctor, const struct weir_config_source *source)
{
    struct weir_buffer types = {.capacity_max = 4096};
    enum weir_err err = WEIR_OK;
    for (size_t i = 0; err == WEIR_OK && i < source->event_types.count; i++)
        err = weir_buffer_printf(doctor->scope, &types, "%s%s", i == 0 ? "" : ", ",
                                 source->event_types.items[i]);
    weir_scope_recover(doctor->scope); /* a list that was cut is still a list */
    if (source->has_token)
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "doors",
                        "source %s may send with its token: %.*s", source->name, (int)types.length,
                        (const char *)types.data);
    else
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "doors",
                        "source %s has no token: only weir import takes its events", source->name);
}

/* Two sources with one token: the second could never send under its own name. */
static void compare_tokens(struct weir_doctor *doctor)
{
    const struct weir_config *config = doctor->config;
    for (size_t i = 0; i < config->source_count; i++)
        for (size_t k = 0; k < i; k++)
            if (config->sources[i].has_token && config->sources[k].has_token &&
                weir_hash_equal(&config->sources[i].token_sha256, &config->sources[k].token_sha256))
                weir_doctor_say(doctor, WEIR_FINDING_WARN, "doors",
                                "sources %s and %s have the same token", config->sources[k].name,
                                config->sources[i].name);
}

static void say_control(struct weir_doctor *doctor)
{
    struct stat file;
    const char *path = doctor->config->node.control_socket;
    if (lstat(path, &file) != 0) {
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "doors",
                        "the control socket %s is there while the node runs", path);
        return;
    }
    unsigned mode = (unsigned)(file.st_mode & 07777);
    bool is_closed = S_ISSOCK(file.st_mode) && (mode & 077) == 0;
    weir_doctor_say(doctor, is_closed ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN, "doors",
                    "the control socket %s has mode %04o%s", path, mode,
                    is_closed ? ": this user and root only" : "; others can reach it");
}

void weir_doctor_doors(struct weir_doctor *doctor)
{
    const struct weir_config *config = doctor->config;
    say_listener(doctor);
    say_routes(doctor);
    for (size_t i = 0; i < config->source_count; i++)
        say_source(doctor, &config->sources[i]);
    compare_tokens(doctor);
    for (size_t i = 0; i < config->peer_count; i++)
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "doors",
                        "peer %s may send logs, opinions and reports signed by its key",
                        config->peers[i].name);
    say_control(doctor);
}

/* --- the running node ------------------------------------------------------------------------- */

static void take_gas(struct weir_doctor *doctor, struct weir_slice status)
{
    WEIR_AUTO_JSON *root =
        json_loadb((const char *)status.data, status.length, JSON_REJECT_DUPLICATES, NULL);
    const char *gas = json_string_value(json_object_get(json_object_get(root, "keys"), "gas"));
    if (gas == NULL)
        return;
    doctor->has_gas =
        weir_address_parse(doctor->scope, weir_slice_text(gas), &doctor->gas) == WEIR_OK;
    weir_scope_recover(doctor->scope); /* without the address the balance is not looked at */
}

/* The lines of /-/ready?verbose behind the first. */
static void say_parts(struct weir_doctor *doctor, struct weir_slice text)
{
    struct weir_slice line;
    for (size_t number = 0; weir_slice_line(&text, &line); number++) {
        if (number == 0 || line.length < 4)
            continue;
        weir_doctor_say(doctor, line.data[1] == '+' ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN, "node",
                        "%.*s", (int)line.length - 4, (const char *)line.data + 4);
    }
}

void weir_doctor_node(struct weir_doctor *doctor)
{
    struct weir_control_answer answer;
    enum weir_err err =
        weir_control_get(doctor->scope, doctor->config, "/-/ready?verbose", &answer);
    if (err == WEIR_E_UNREACHABLE) {
        weir_scope_recover(doctor->scope);
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "node", "it is not running");
        return;
    }
    if (err != WEIR_OK) {
        weir_doctor_fault(doctor, "node");
        return;
    }
    doctor->is_running = true;
    weir_doctor_say(doctor, answer.status == 200 ? WEIR_FINDING_GOOD : WEIR_FINDING_WARN, "node",
                    answer.status == 200 ? "it runs and is ready" : "it runs and is not ready");
    say_parts(doctor, answer.body);
    if (weir_control_get(doctor->scope, doctor->config, "/v1/status", &answer) == WEIR_OK)
        take_gas(doctor, answer.body);
    else
        weir_doctor_fault(doctor, "node");
}
