/* weir doctor: looks at everything that could keep this node from doing its work. */
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "config/config.h"
#include "node/command.h"
#include "node/doctor.h"
#include "node/json_out.h"

static size_t count_warnings(const struct weir_doctor *doctor)
{
    size_t warnings = 0;
    for (size_t i = 0; i < doctor->count; i++)
        warnings += doctor->findings[i].level == WEIR_FINDING_WARN;
    return warnings;
}

static int print_json(struct weir_command *command, const struct weir_doctor *doctor)
{
    struct weir_json json;
    size_t warnings = count_warnings(doctor);
    weir_json_begin(&json, command->scope, 0);
    weir_json_object(&json, NULL);
    weir_json_text(&json, "node", doctor->config->node.name);
    weir_json_bool(&json, "running", doctor->is_running);
    weir_json_u64(&json, "warnings", warnings);
    weir_json_array(&json, "findings");
    for (size_t i = 0; i < doctor->count; i++) {
        weir_json_object(&json, NULL);
        weir_json_text(&json, "level", weir_finding_level_name(doctor->findings[i].level));
        weir_json_text(&json, "part", doctor->findings[i].part);
        weir_json_text(&json, "text", doctor->findings[i].text);
        weir_json_close(&json);
    }
    int status = weir_command_print_json(command, &json);
    return status == WEIR_EXIT_OK && warnings > 0 ? WEIR_EXIT_WARNINGS : status;
}

/* Findings come part by part. */
static int print_text(struct weir_command *command, const struct weir_doctor *doctor)
{
    static const struct {
        const char *mark;
        enum weir_colour colour;
    } marks[] = {
        [WEIR_FINDING_GOOD] = {"ok  ", WEIR_COLOUR_GOOD},
        [WEIR_FINDING_NOTE] = {"    ", WEIR_COLOUR_PLAIN},
        [WEIR_FINDING_WARN] = {"LOOK", WEIR_COLOUR_WARN},
    };
    size_t warnings = count_warnings(doctor);
    const char *part = "";
    for (size_t i = 0; i < doctor->count; i++) {
        const struct weir_finding *finding = &doctor->findings[i];
        if (strcmp(part, finding->part) != 0)
            (void)printf("%s%s%s%s\n", i == 0 ? "" : "\n",
                         weir_terminal_begin(&command->terminal, WEIR_COLOUR_BOLD), finding->part,
                         weir_terminal_end(&command->terminal));
        part = finding->part;
        (void)printf(
            "  %s%s%s %s\n", weir_terminal_begin(&command->terminal, marks[finding->level].colour),
            marks[finding->level].mark, weir_terminal_end(&command->terminal), finding->text);
    }
    if (warnings == 0)
        (void)printf("\nNothing to look at.\n");
    else
        (void)printf("\n%zu to look at.\n", warnings);
    return warnings == 0 ? WEIR_EXIT_OK : WEIR_EXIT_WARNINGS;
}

int weir_cmd_doctor(struct weir_command *command)
{
    struct weir_config *config;
    if (weir_command_config(command, &config) != WEIR_OK)
        return weir_command_fail(command);
    struct weir_doctor *doctor = weir_take(command->scope, 1, sizeof(*doctor));
    if (doctor == NULL)
        return weir_command_fail(command);
    doctor->scope = command->scope;
    doctor->config = config;
    doctor->config_path = command->config_path;
    weir_doctor_say(doctor, WEIR_FINDING_GOOD, "configuration",
                    "%s is right: node %s, %zu gauges, %zu agreements", command->config_path,
                    config->node.name, config->gauge_count, config->agreement_count);
    weir_doctor_files(doctor);
    if (weir_command_flag(command, "keys"))
        weir_doctor_keys(doctor);
    weir_doctor_ledger(doctor);
    weir_doctor_node(doctor);
    weir_doctor_doors(doctor);
    if (!weir_command_flag(command, "offline"))
        weir_doctor_network(doctor);
    weir_doctor_machine(doctor);
    return command->wants_json ? print_json(command, doctor) : print_text(command, doctor);
}
