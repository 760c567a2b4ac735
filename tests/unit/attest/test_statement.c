/* Goal: a statement has one payload, which says what it is, and prints as serde prints it.
 * Method: a payload put together by hand, every byte changed, texts that JSON must escape, and the
 * laws of the table. */
#include "attest/statement.h"

#include "attest/bcs.h"
#include "tests/unit/with_evm.h"

static const uint8_t definition[32] = {0xdd, 0x01};
static const uint8_t event[32] = {0xee, 0x02};

static struct weir_statement sample(void)
{
    return (struct weir_statement){
        .purpose = WEIR_STATEMENT_WORK_COMPLETED,
        .node = {7},
        .sequence = 3,
        .previous = {{8}},
        .config = {{9}},
        .values =
            {
                {.bytes = weir_slice_text("deliveries")},
                {.bytes = {definition, 32}},
                {.bytes = weir_slice_text("erp")},
                {.bytes = weir_slice_text("job-1/2")},
                {.number = 40},
                {.number = 1767225600000},
                {.number = 1767225500000},
                {.bytes = {event, 32}},
            },
    };
}

static void put_fixed(struct weir_buffer *buffer, const uint8_t *bytes)
{
    evm_ok(weir_bcs_put_bytes(&evm.scope, buffer, (struct weir_slice){bytes, 32}));
}

static void a_payload_begins_with_its_tag_and_holds_its_fields(void **state)
{
    (void)state;
    struct weir_statement statement = sample();
    struct weir_buffer expected = {.capacity_max = 0};
    evm_ok(weir_bcs_put_text(&evm.scope, &expected, weir_slice_text("weir/work-completed/v1")));
    put_fixed(&expected, statement.node);
    evm_ok(weir_bcs_put_u64(&evm.scope, &expected, 3));
    put_fixed(&expected, statement.previous.bytes);
    put_fixed(&expected, statement.config.bytes);
    evm_ok(weir_bcs_put_text(&evm.scope, &expected, weir_slice_text("deliveries")));
    put_fixed(&expected, definition);
    evm_ok(weir_bcs_put_text(&evm.scope, &expected, weir_slice_text("erp")));
    evm_ok(weir_bcs_put_text(&evm.scope, &expected, weir_slice_text("job-1/2")));
    evm_ok(weir_bcs_put_u64(&evm.scope, &expected, 40));
    evm_ok(weir_bcs_put_u64(&evm.scope, &expected, 1767225600000));
    evm_ok(weir_bcs_put_u64(&evm.scope, &expected, 1767225500000));
    put_fixed(&expected, event);

    struct weir_buffer payload = {.capacity_max = 0};
    evm_ok(weir_statement_write(&evm.scope, &statement, &payload));
    assert_true(weir_slice_equal(weir_buffer_slice(&payload), weir_buffer_slice(&expected)));
}

static void a_payload_reads_back_and_bent_ones_do_not_read_as_the_same(void **state)
{
    (void)state;
    struct weir_statement statement = sample();
    struct weir_statement read;
    struct weir_buffer payload = {.capacity_max = 0};
    evm_ok(weir_statement_write(&evm.scope, &statement, &payload));
    struct weir_slice bytes = weir_buffer_slice(&payload);
    evm_refused(weir_statement_read(&evm.scope, WEIR_STATEMENT_PEER_REQUEST, bytes, &read),
                WEIR_E_PARSE);
    evm_refused(weir_statement_read(&evm.scope, 200, bytes, &read), WEIR_E_PARSE);
    for (size_t cut = 0; cut < bytes.length; cut++)
        evm_refused(weir_statement_read(&evm.scope, WEIR_STATEMENT_WORK_COMPLETED,
                                        (struct weir_slice){bytes.data, cut}, &read),
                    WEIR_E_PARSE);
    for (size_t i = 0; i < 8 * bytes.length; i++) {
        payload.data[i / 8] ^= (uint8_t)(1u << i % 8);
        if (weir_statement_read(&evm.scope, WEIR_STATEMENT_WORK_COMPLETED, bytes, &read) ==
            WEIR_OK) {
            struct weir_buffer again = {.capacity_max = 0};
            evm_ok(weir_statement_write(&evm.scope, &read, &again));
            assert_true(weir_slice_equal(weir_buffer_slice(&again), bytes));
        }
        weir_scope_recover(&evm.scope);
        payload.data[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    evm_ok(weir_statement_read(&evm.scope, WEIR_STATEMENT_WORK_COMPLETED, bytes, &read));
    assert_true(read.sequence == 3 && read.values[4].number == 40);
    assert_true(weir_slice_equals_text(read.values[3].bytes, "job-1/2"));
}

static void a_request_stands_in_no_chain(void **state)
{
    (void)state;
    struct weir_statement request = {
        .purpose = WEIR_STATEMENT_PEER_REQUEST,
        .values = {{.bytes = {definition, 32}},
                   {.bytes = weir_slice_text("POST")},
                   {.bytes = weir_slice_text("/peer/v1/log")},
                   {.bytes = {event, 32}}},
    };
    struct weir_statement read;
    struct weir_buffer payload = {.capacity_max = 0};
    evm_ok(weir_statement_write(&evm.scope, &request, &payload));
    evm_ok(weir_statement_read(&evm.scope, WEIR_STATEMENT_PEER_REQUEST, weir_buffer_slice(&payload),
                               &read));
    payload.data[1 + strlen("weir/peer-request/v1") + 33] = 1; /* first byte of the sequence */
    evm_refused(weir_statement_read(&evm.scope, WEIR_STATEMENT_PEER_REQUEST,
                                    weir_buffer_slice(&payload), &read),
                WEIR_E_PARSE);
    request.sequence = 1;
    evm_refused(weir_statement_write(&evm.scope, &request, &payload), WEIR_E_RANGE);
}

static void json_is_that_of_serde(void **state)
{
    (void)state;
    struct weir_statement request = {
        .purpose = WEIR_STATEMENT_PEER_REQUEST,
        .values = {{.bytes = {(const uint8_t[]){0, 255}, 2}},
                   {.bytes = weir_slice_text("a\"b\\c/\b\f\n\r\t\x01\x1f\x7f\xc3\xbc")},
                   {.bytes = weir_slice_text("")},
                   {.bytes = {NULL, 0}}},
    };
    struct weir_buffer text = {.capacity_max = 0};
    evm_ok(weir_statement_print(&evm.scope, &request, &text));
    static const char zeros[] = "[0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0]";
    char *expected = weir_take_printf(
        &evm.scope,
        "{\"type\":\"weir/peer-request/v1\",\"node\":%s,\"sequence\":0,\"previous\":%s,"
        "\"config\":%s,\"to\":[0,255],"
        "\"method\":\"a\\\"b\\\\c/\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\xc3\xbc\","
        "\"path\":\"\",\"body\":[]}",
        zeros, zeros, zeros);
    assert_true(weir_slice_equals_text(weir_buffer_slice(&text), expected));
}

static void the_table_has_one_tag_and_number_per_statement(void **state)
{
    (void)state;
    size_t count;
    const struct weir_statement_type *types = weir_statement_types(&count);
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(weir_statement_type((uint8_t)types[i].purpose), &types[i]);
        size_t fields = 0;
        while (weir_statement_field((uint8_t)types[i].purpose, fields) != NULL)
            fields++;
        assert_true(fields > 0 && fields <= WEIR_STATEMENT_FIELDS_MAX);
        for (size_t j = 0; j < i; j++)
            assert_true(strcmp(types[i].tag, types[j].tag) != 0);
    }
    assert_null(weir_statement_type(0));
}

/* The manual's page about formats, as text. */
static const char *manual(void)
{
    static char text[65536];
    FILE *file = fopen(WEIR_SOURCE_DIR "/docs/formats-chain.md", "r");
    assert_non_null(file);
    size_t length = fread(text, 1, sizeof(text) - 1, file);
    assert_true(length > 0 && length < sizeof(text) - 1);
    text[length] = '\0';
    fclose(file);
    return text;
}

static void the_manual_has_every_row_of_the_table(void **state)
{
    (void)state;
    static const char *const kinds[] = {
        [WEIR_FIELD_U64] = "number", [WEIR_FIELD_TEXT] = "text", [WEIR_FIELD_BYTES] = "bytes"};
    const char *text = manual();
    size_t count;
    const struct weir_statement_type *types = weir_statement_types(&count);
    for (size_t i = 0; i < count; i++) {
        const struct weir_statement_field *field;
        const uint8_t purpose = (uint8_t)types[i].purpose;
        char *row =
            weir_take_printf(&evm.scope, "`%s`, purpose %u, %s the chain: %s.\n", types[i].tag,
                             purpose, types[i].is_chained ? "in" : "not in", types[i].text);
        const char *section = strstr(text, row);
        if (section == NULL)
            fail_msg("docs/formats-chain.md lacks: %s", row);
        for (size_t k = 0; (field = weir_statement_field(purpose, k)) != NULL; k++) {
            row = weir_take_printf(&evm.scope, "\n| `%s` | %s | %s |\n", field->name,
                                   kinds[field->kind], field->text);
            section = strstr(section, row); /* in the order of the payload */
            if (section == NULL)
                fail_msg("docs/formats-chain.md lacks: %s", row);
        }
    }
}

static void texts_that_are_not_utf8_and_large_statements_are_refused(void **state)
{
    (void)state;
    struct weir_statement statement = sample();
    struct weir_buffer payload = {.capacity_max = 0};
    statement.values[0].bytes = weir_slice_text("\xff");
    evm_refused(weir_statement_write(&evm.scope, &statement, &payload), WEIR_E_PARSE);
    statement = sample();
    uint8_t *large = weir_take(&evm.scope, WEIR_STATEMENT_BYTES_MAX, 1);
    memset(large, 'a', WEIR_STATEMENT_BYTES_MAX);
    statement.values[0].bytes = (struct weir_slice){large, WEIR_STATEMENT_BYTES_MAX};
    evm_refused(weir_statement_write(&evm.scope, &statement, &payload), WEIR_E_LIMIT);
    assert_int_equal(payload.length, 0);
    statement.purpose = 0;
    evm_refused(weir_statement_write(&evm.scope, &statement, &payload), WEIR_E_RANGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        evm_test(a_payload_begins_with_its_tag_and_holds_its_fields),
        evm_test(a_payload_reads_back_and_bent_ones_do_not_read_as_the_same),
        evm_test(a_request_stands_in_no_chain),
        evm_test(json_is_that_of_serde),
        evm_test(the_table_has_one_tag_and_number_per_statement),
        evm_test(the_manual_has_every_row_of_the_table),
        evm_test(texts_that_are_not_utf8_and_large_statements_are_refused),
    };
    return evm_finish(cmocka_run_group_tests_name("statement", tests, NULL, NULL));
}
