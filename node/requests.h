/* Kinds of request rows and what their bodies say; commands write them, the settler serves them
 * (ledger/requests.h).  Floor 3. */
#ifndef WEIR_NODE_REQUESTS_H
#define WEIR_NODE_REQUESTS_H

/* Body: the agreement's name.  Key: the name. */
#define WEIR_REQUEST_OPEN "agreement.open"

/* Body: "<agreement> <base units>".  Key: chosen by the caller; the same key funds once. */
#define WEIR_REQUEST_FUND "agreement.fund"

#endif /* WEIR_NODE_REQUESTS_H */
