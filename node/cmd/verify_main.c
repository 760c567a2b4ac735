/* weir-verify: checks a proof file alone and offline.  It links nothing that could ask anybody. */
#include <stdio.h>
#include <string.h>

#include <getopt.h>

#include "node/cmd/verify.h"

static const char usage[] =
    "weir-verify: check a proof file without asking anybody\n"
    "\n"
    "Usage: weir-verify FILE [--block-hash HASH] [--contract ADDRESS] [--chain ID]\n"
    "                        [--terms HASH] [--json]\n"
    "\n"
    "Recomputes everything in FILE (- reads standard input) and says in plain words what is "
    "proved.\n"
    "\n"
    "  --block-hash HASH  hash of the block that holds the payment, from a source you trust:\n"
    "                     with it the answer says whether the money moved\n"
    "  --contract ADDRESS the agreement's contract, as you know it from your own papers:\n"
    "                     anybody can make a contract of the same terms and pay himself\n"
    "  --chain ID         the chain it must live on\n"
    "  --terms HASH       the terms the proof must be about\n"
    "  --json             one JSON object instead of words\n"
    "  --help, --version\n"
    "\n"
    "Exit status: 0 proved (and paid in full, with --block-hash); 3 usage;\n"
    "  10 malformed, 11 signature, 12 quorum, 13 inclusion, 14 completeness, 15 recomputed number\n"
    "  differs, 16 nothing was breached, 17 evidence refused, 18 payment not shown; 1 otherwise\n"
    "\n"
    "Example: weir-verify web-shop-3.weir-proof --contract 0x69c6... --block-hash 0x5c0f...\n";

#define EXIT_USAGE 3

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"block-hash", required_argument, NULL, 'b'},
        {"contract", required_argument, NULL, 'c'},
        {"chain", required_argument, NULL, 'n'},
        {"terms", required_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},
        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'v'},
        {NULL, 0, NULL, 0},
    };
    struct weir_verify_options asked = {.file = NULL};
    for (int found; (found = getopt_long(argc, argv, "", options, NULL)) != -1;) {
        if (found == 'b')
            asked.block_hash = optarg;
        else if (found == 'c')
            asked.contract = optarg;
        else if (found == 'n')
            asked.chain = optarg;
        else if (found == 't')
            asked.terms = optarg;
        else if (found == 'j')
            asked.wants_json = true;
        else if (found == 'h' || found == 'v')
            return fputs(found == 'h' ? usage : "weir-verify " WEIR_VERSION "\n", stdout) < 0;
        else
            return EXIT_USAGE;
    }
    if (optind + 1 != argc) {
        (void)fputs(usage, stderr);
        return EXIT_USAGE;
    }
    asked.file = argv[optind];
    return weir_verify_file(&asked, stdout);
}
