# SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0
# Takes the blocks out of a document (Markdown, or a manual page): each becomes a file of the directory
# `work`. Its first line says where it stands and what it is: PLACE, language, name, mark; with tabs between.
# What breaks the rules of tests/docs/run is printed, a line each: PLACE: what is wrong.

function complain(what) { printf "%s:%d: %s\n", FILENAME, FNR, what }

function begin(language, name) {
	path = sprintf("%s/%04d", work, ++number)
	printf "%s:%d\t%s\t%s\t%s\n", FILENAME, FNR, language, name == "" ? "-" : name, mark == "" ? "-" : mark >path
	mark = ""
	open = 1
}

function end() { open = 0; close(path) }

FNR == 1 {
	if (open)
		complain("the document before has a block without an end")
	open = 0
	mark = ""
	before = ""
	manual = FILENAME ~ /\.[1-9]$/
}

# --- Manual pages: .\" run: ... before .EX or .nf, or .\" text [NAME]

manual && open && /^\.(EE|fi)/ { end(); next }
manual && open {
	text = $0
	gsub(/\\-/, "-", text)
	gsub(/\\e/, "\\", text)
	gsub(/\\f[BIRP]|\\&/, "", text)
	gsub(/\\\(aq/, "'", text)
	print text >path
	next
}
manual && /^\.\\" (run|needs hardware|text)/ { mark = substr($0, 5); next }
manual && /^\.(EX|nf)/ {
	name = mark ~ /^text / ? substr(mark, 6) : ""
	language = mark ~ /^text/ ? "text" : "sh"
	mark = language == "text" ? "" : mark
	begin(language, name)
	next
}
manual { next }

# --- Markdown: <!-- run: ... --> before ```sh or ```console

open && /^```$/ { end(); before = ""; next }
open { print >path; next }
/^<!-- .* -->$/ {
	mark = $0
	gsub(/^<!-- | -->$/, "", mark)
	if (mark !~ /^(run|needs hardware): ./)
		complain("a comment that is neither 'run: TEST' nor 'needs hardware: WHAT'")
	before = ""
	next
}
/^ *```/ {
	if ($0 !~ /^```[a-z]+( [A-Za-z0-9_.-]+)*$/)
		complain("a block begins with ```LANGUAGE [NAME], at the line's begin")
	split(substr($0, 4), words, " ")
	begin(words[1], words[2])
	next
}
/^(    |\t)/ && before == "" { complain("a block without ```: say what it is") }
{
	if (mark != "" && $0 != "")
		complain("between a mark and its block stands something else")
	before = $0
}
END { if (open) complain("a block without an end") }
