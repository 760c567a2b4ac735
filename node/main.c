/* weir: one program, one command per call.  The table of commands is node/cmd/commands.def. */
#include "node/command.h"

int main(int argc, char **argv)
{
    return weir_command_main(argc, argv);
}
