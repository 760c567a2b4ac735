/* systemd's readiness protocol (sd_notify(3)) in a few lines: one datagram to $NOTIFY_SOCKET.
 * Does nothing where the variable is not set. */
#ifndef WEIR_NODE_NOTIFY_H
#define WEIR_NODE_NOTIFY_H

/* `state` as systemd defines it: "READY=1", "STOPPING=1", "STATUS=…". */
void weir_notify(const char *state);

#endif /* WEIR_NODE_NOTIFY_H */
