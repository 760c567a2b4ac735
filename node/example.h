/* config/example/weir.yaml, put into the program by the build.  NUL-terminated.  Floor 3. */
#ifndef WEIR_NODE_EXAMPLE_H
#define WEIR_NODE_EXAMPLE_H

extern const char weir_example_yaml[];

/* The line of it that `weir init` replaces. */
#define WEIR_EXAMPLE_NAME "w1.example"

#endif /* WEIR_NODE_EXAMPLE_H */
