/* Fields of an event from foreign text: the one way from CSV columns and CloudEvents attributes to
 * struct weir_event, so that every source is read alike and refused for the same reasons.
 * Floor 1: pure. */
#ifndef WEIR_METRICS_EVENT_FIELD_H
#define WEIR_METRICS_EVENT_FIELD_H

#include "base/slice.h"
#include "metrics/event.h"
#include "metrics/time_format.h"

/* Sets the field `name` of the event from `text`, which the event borrows:
 *   id subject order class source     text as it is
 *   type                              "job.promised", ...
 *   rev quantity http_status latency_ms   whole numbers without sign or leading zero
 *   occurred due from to              times by `format`
 *   by                                customer or us
 *   state reason                      up down unknown degraded; a reason of reasons.def
 * An empty text leaves the field absent.  WEIR_REFUSAL_NONE, or why the event must be put aside;
 * an unknown name is FOREIGN_FIELD.  What fields must be there is weir_event_check's business. */
enum weir_refusal weir_event_field_set(struct weir_event *event,
                                       const char *name,
                                       struct weir_slice text,
                                       const struct weir_time_format *format);

#endif /* WEIR_METRICS_EVENT_FIELD_H */
