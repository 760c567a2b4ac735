/* weir version: what runs here. */
#include <stdio.h>

#include <curl/curl.h>
#include <jansson.h>
#include <microhttpd.h>
#include <openssl/crypto.h>
#include <sodium.h>

#include "node/command.h"
#include "node/json_out.h"

struct library {
    const char *name;
    const char *version;
};

int weir_cmd_version(struct weir_command *command)
{
    const struct library libraries[] = {
        {"libsodium", sodium_version_string()},
        {"libcrypto", OpenSSL_version(OPENSSL_VERSION_STRING)},
        {"libcurl", curl_version_info(CURLVERSION_NOW)->version},
        {"libmicrohttpd", MHD_get_version()},
        {"jansson", jansson_version_str()},
    };
    size_t count = sizeof(libraries) / sizeof(libraries[0]);
    if (!command->wants_json) {
        (void)printf("weir %s\n", WEIR_VERSION);
        for (size_t i = 0; i < count; i++)
            (void)printf("  %-14s %s\n", libraries[i].name, libraries[i].version);
        return WEIR_EXIT_OK;
    }
    struct weir_json json;
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "version", WEIR_VERSION);
    weir_json_object(&json, "libraries");
    for (size_t i = 0; i < count; i++)
        weir_json_text(&json, libraries[i].name, libraries[i].version);
    return weir_command_print_json(command, &json);
}
