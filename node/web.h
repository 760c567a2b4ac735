/* The files of node/web as texts; made/web.c is written by the build. */
#ifndef WEIR_NODE_WEB_H
#define WEIR_NODE_WEB_H

extern const char weir_web_page_html[]; /* the page with its places {{name}} */
extern const char weir_web_page_css[];
extern const char weir_web_page_mjs[];

#endif /* WEIR_NODE_WEB_H */
