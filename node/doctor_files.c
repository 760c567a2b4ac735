/* Files of the node: who may read them, whether they are there and agree with each other. */
#include "node/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "config/config.h"
#include "ledger/log.h"
#include "ledger/store.h"
#include "ledger/vault.h"
#include "node/agreement.h"
#include "node/key_set.h"
#include "node/keyfile.h"
#include "node/passphrase.h"

#define SAID_BYTES 1024

void weir_doctor_say(struct weir_doctor *doctor,
                     enum weir_finding_level level,
                     const char *part,
                     const char *fmt,
                     ...)
{
    char said[SAID_BYTES];
    va_list values;
    va_start(values, fmt);
    int length = vsnprintf(said, sizeof(said), fmt, values);
    va_end(values);
    if (doctor->count == WEIR_FINDINGS_MAX)
        return;
    const char *text =
        length < 0 ? NULL : weir_take_text(doctor->scope, said, strnlen(said, sizeof(said) - 1));
    weir_scope_recover(doctor->scope); /* without memory the finding is still counted */
    doctor->findings[doctor->count++] =
        (struct weir_finding){level, part, text == NULL ? "no memory to say it" : text};
}

void weir_doctor_fault(struct weir_doctor *doctor, const char *part)
{
    char fault[WEIR_FAULT_BYTES];
    (void)snprintf(fault, sizeof(fault), "%s", doctor->scope->fault);
    weir_scope_recover(doctor->scope);
    weir_doctor_say(doctor, WEIR_FINDING_WARN, part, "%s", fault);
}

const char *weir_finding_level_name(enum weir_finding_level level)
{
    static const char *const names[] = {
        [WEIR_FINDING_GOOD] = "good", [WEIR_FINDING_NOTE] = "note", [WEIR_FINDING_WARN] = "warn"};
    return names[level];
}

/* --- modes ------------------------------------------------------------------------------------ */

/* What a file should be. */
struct wanted {
    const char *path;
    const char *what;
    bool is_folder;
    bool is_needed;
};

static void check_mode(struct weir_doctor *doctor, const struct wanted *wanted)
{
    struct stat file;
    if (lstat(wanted->path, &file) != 0) {
        if (errno != ENOENT || wanted->is_needed)
            weir_doctor_say(doctor, WEIR_FINDING_WARN, "files", "%s %s: %s", wanted->what,
                            wanted->path, strerror(errno));
        return;
    }
    unsigned mode = (unsigned)(file.st_mode & 07777);
    bool is_kind = wanted->is_folder ? S_ISDIR(file.st_mode) : S_ISREG(file.st_mode);
    const char *right = wanted->is_folder ? "0700" : "0600";
    if (!is_kind)
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "files", "%s %s is not a %s", wanted->what,
                        wanted->path, wanted->is_folder ? "folder" : "file");
    else if (file.st_uid != geteuid())
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "files",
                        "%s %s belongs to user %u, not to this one (%u)", wanted->what,
                        wanted->path, file.st_uid, geteuid());
    else if ((mode & 077) != 0)
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "files",
                        "%s %s is open to others (mode %04o); chmod %s", wanted->what, wanted->path,
                        mode, right);
    else
        weir_doctor_say(doctor, WEIR_FINDING_GOOD, "files", "%s %s: mode %04o", wanted->what,
                        wanted->path, mode);
}

static const char *inside(struct weir_doctor *doctor, const char *name)
{
    const char *path =
        weir_take_printf(doctor->scope, "%s/%s", doctor->config->node.data_dir, name);
    return path == NULL ? name : path;
}

void weir_doctor_files(struct weir_doctor *doctor)
{
    const struct weir_config_node *node = &doctor->config->node;
    const struct wanted files[] = {
        {node->key_file, "key file", false, true},
        {node->passphrase_file, "passphrase", false, true},
        {node->data_dir, "data folder", true, true},
        {inside(doctor, "ledger.db"), "ledger", false, false},
        {inside(doctor, WEIR_VAULT_FOLDER), "signer's folder", true, true},
        {inside(doctor, WEIR_VAULT_PATH), "signer's record", false, true},
    };
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        if (files[i].path != NULL)
            check_mode(doctor, &files[i]);
    if (node->passphrase_file == NULL)
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "files",
                        "the passphrase is the service manager's credential %s",
                        WEIR_PASSPHRASE_CREDENTIAL);
}

/* --- keys ------------------------------------------------------------------------------------- */

/* What one agreement says about this node. */
static void compare_witness(struct weir_doctor *doctor,
                            const struct weir_config_agreement *agreement,
                            const uint8_t *identity,
                            const struct weir_address *report)
{
    bool is_witness = false;
    bool is_half = false;
    for (size_t w = 0; w < agreement->witness_count; w++) {
        const struct weir_config_witness *witness = &agreement->witnesses[w];
        bool is_node = memcmp(witness->node.bytes, identity, WEIR_HASH_BYTES) == 0;
        bool is_key = memcmp(witness->key.bytes, report->bytes, WEIR_ADDRESS_BYTES) == 0;
        is_witness = is_witness || (is_node && is_key);
        is_half = is_half || is_node != is_key;
    }
    if (is_half)
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "keys",
                        "agreement %s: a witness has this node's identity or its report key, but "
                        "not both",
                        agreement->name);
    else if (is_witness)
        weir_doctor_say(doctor, WEIR_FINDING_GOOD, "keys",
                        "agreement %s: this node is a witness with this report key",
                        agreement->name);
    else
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "keys",
                        "agreement %s: this node is none of its witnesses, it watches only",
                        agreement->name);
}

/* That agreements which name this node as a witness name its present report key. */
static void compare_witnesses(struct weir_doctor *doctor, const struct weir_keys *keys)
{
    const uint8_t *identity = weir_keys_ed25519(keys, WEIR_KEY_IDENTITY);
    struct weir_address report = weir_keys_address(keys, WEIR_KEY_REPORT);
    for (size_t i = 0; i < doctor->config->agreement_count; i++)
        compare_witness(doctor, &doctor->config->agreements[i], identity, &report);
}

/* The key set that the running signer wrote for the peers. */
static void compare_key_set(struct weir_doctor *doctor, struct weir_keys *keys)
{
    struct weir_key_set own;
    struct weir_key_set written;
    struct weir_scope *scope = doctor->scope;
    enum weir_err err = weir_key_set_load(scope, inside(doctor, "node.keyset"), &written);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(scope); /* the node never ran */
        return;
    }
    if (err == WEIR_OK)
        err = weir_key_set_make(scope, keys, doctor->config->node.name, &own);
    if (err != WEIR_OK)
        weir_doctor_fault(doctor, "keys");
    else if (weir_slice_equal(own.bytes, written.bytes))
        weir_doctor_say(doctor, WEIR_FINDING_GOOD, "keys", "they are those the node last ran with");
    else
        weir_doctor_say(doctor, WEIR_FINDING_WARN, "keys",
                        "the node last ran with other keys: peers know those");
}

void weir_doctor_keys(struct weir_doctor *doctor)
{
    struct weir_passphrase *passphrase = NULL;
    struct weir_keys *keys = NULL;
    const struct weir_config_node *node = &doctor->config->node;
    enum weir_err err = weir_passphrase_load(doctor->scope, node->passphrase_file, &passphrase);
    if (err == WEIR_OK)
        err = weir_keys_open(doctor->scope, node->key_file, passphrase, &keys);
    weir_passphrase_free(passphrase);
    if (err != WEIR_OK) {
        weir_doctor_fault(doctor, "keys");
        return;
    }
    weir_doctor_say(doctor, WEIR_FINDING_GOOD, "keys", "the passphrase opens the key file");
    doctor->gas = weir_keys_address(keys, WEIR_KEY_GAS);
    doctor->has_gas = true;
    compare_key_set(doctor, keys);
    compare_witnesses(doctor, keys);
    weir_keys_free(keys);
}

/* --- the ledger ------------------------------------------------------------------------------- */

/* A gauge whose definition changed needs a new name: its log would not open. */
static void compare_logs(struct weir_doctor *doctor, struct weir_store *store)
{
    struct weir_scope *scope = doctor->scope;
    uint64_t leaves = 0;
    for (size_t i = 0; i < doctor->config->gauge_count; i++) {
        const struct weir_gauge *gauge = &doctor->config->gauges[i].definition;
        struct weir_log log;
        struct weir_hash hash;
        enum weir_err err = weir_log_find_gauge(store, scope, gauge->name, &log);
        if (err == WEIR_E_NOT_FOUND) {
            weir_scope_recover(scope);
            weir_doctor_say(doctor, WEIR_FINDING_NOTE, "ledger", "gauge %s has no log yet",
                            gauge->name);
            continue;
        }
        if (err == WEIR_OK)
            err = weir_gauge_hash(scope, gauge, &hash);
        if (err != WEIR_OK) {
            weir_doctor_fault(doctor, "ledger");
            continue;
        }
        leaves += log.head.size;
        if (!weir_hash_equal(&hash, &log.definition_hash))
            weir_doctor_say(doctor, WEIR_FINDING_WARN, "ledger",
                            "gauge %s was defined differently when its log began; a changed "
                            "definition needs a new name",
                            gauge->name);
    }
    weir_doctor_say(doctor, WEIR_FINDING_GOOD, "ledger",
                    "quick check passed; %" PRIu64
                    " leaves in the logs of %zu gauges (weir ledger check recomputes them)",
                    leaves, doctor->config->gauge_count);
}

void weir_doctor_ledger(struct weir_doctor *doctor)
{
    struct weir_store *store = NULL;
    const struct weir_store_options options = {.mode = WEIR_STORE_READ};
    enum weir_err err =
        weir_store_open(doctor->scope, inside(doctor, "ledger.db"), &options, &store);
    if (err == WEIR_E_NOT_FOUND) {
        weir_scope_recover(doctor->scope);
        weir_doctor_say(doctor, WEIR_FINDING_NOTE, "ledger",
                        "there is none yet; the first weir run makes it");
        return;
    }
    if (err != WEIR_OK) {
        weir_doctor_fault(doctor, "ledger");
        return;
    }
    compare_logs(doctor, store);
    weir_store_close(store);
}
