# Prints each C line as "file:line:code" with comments and the insides of texts blanked, so that a
# search finds code and nothing else.
FNR == 1 { in_comment = 0 }
{
    out = ""
    in_text = ""
    for (at = 1; at <= length($0); at++) {
        two = substr($0, at, 2)
        one = substr($0, at, 1)
        if (in_comment) {
            if (two == "*/") { in_comment = 0; at++ }
        } else if (in_text != "") {
            if (one == "\\") at++
            else if (one == in_text) { in_text = ""; out = out one }
        } else if (two == "/*") { in_comment = 1; at++ }
        else if (two == "//") break
        else {
            if (one == "\"" || one == "'") in_text = one
            out = out one
        }
    }
    if (out ~ /[^ \t]/) print FILENAME ":" FNR ":" out
}
