# SPDX-License-Identifier: GPL-2.0
"""Where a C file can be broken, and how. It is parsed as far as that needs, in the
style that checkpatch holds it to."""
import re
from collections import Counter, namedtuple

# The text from start to end becomes new. The name stays while the function does.
Site = namedtuple("Site", "operator name file start end new")

FUNCTION = re.compile(r"^[a-z_][^;={}]*?(\w+)\([^;{}]*\)[^;{}]*\n\{$", re.M)
HIDDEN = re.compile(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
                    r"|^#(?:[^\n]*\\\n)*[^\n]*", re.M | re.S)
SPACE = re.compile(r"\s*")
WORD = re.compile(r"\w*")
LABEL = re.compile(r"(case\b[^:;]*|\w+)\s*:")
JUMP = re.compile(r"(return|goto|break|continue)\b")
DECLARATION = re.compile(r"(?!return\b|goto\b)(\w+\s+)+\**\w+|LIST_HEAD\(|DEFINE_")
# What checks or tells and does nothing, and windows that only tests have.
IDLE = re.compile(r";|WARN_|lockdep_|trace_|might_|static_assert|iotarget_race_")
WAKE = re.compile(r"\w*wake\w*\(")
LOCK = re.compile(r"(spin|mutex)_(un)?lock\(")
SIZEOF = re.compile(r"\bsizeof\([^)]*\)")
CALL = re.compile(r"\b[a-z_]\w*\(")
# A variable or a member; not a constant, nor what is called.
PLACE = r"\b[a-z_]\w*(?:(?:->|\.)\w+|\[[^]]*\])*(?![\w(])"
CHANGED = PLACE + r"(?=\s*(?:[-+|&]?=[^=]|\+\+|--))"


class Body:
    """Of a function: its conditions, and its statements by block. A statement is
    (start, end, is it a simple one); a label is None."""

    def __init__(self, text, start):
        self.text, self.conditions, self.blocks = text, [], []
        self.block(start)

    def skip(self, i):
        return SPACE.match(self.text, i).end()

    def until(self, i, stop):
        """Behind the next @stop that stands in no brackets."""
        depth = 0
        while depth or self.text[i] != stop:
            depth += (self.text[i] in "([{") - (self.text[i] in ")]}")
            i += 1
        return i + 1

    # Each from its start; they return its end.

    def block(self, i):
        statements = []
        while self.text[i := self.skip(i)] != "}":
            i = self.statement(i, statements)
        self.blocks.append(statements)
        return i + 1

    def branch(self, i):
        i = self.skip(i)
        if self.text[i] == "{":
            return self.block(i + 1)
        self.blocks.append([])
        return self.statement(i, self.blocks[-1])

    def statement(self, i, statements):
        if label := LABEL.match(self.text, i):
            statements.append(None)
            return label.end()
        end = self.compound(i)
        statements.append((i, end or self.until(i, ";"), not end))
        return statements[-1][1]

    def compound(self, i):
        word = WORD.match(self.text, i)[0]
        if word == "do":
            start = self.text.index("(", self.branch(i + 2)) + 1
            end = self.until(start, ")")
            self.conditions.append((start, end - 1))
            return self.until(end, ";")
        if word not in ("if", "while", "for", "switch") and "for_each" not in word:
            return None
        start = self.text.index("(", i) + 1
        end = self.until(start, ")")
        if "_" in word and self.text[self.skip(end)] == ";":
            return None     # a function of that name
        if word in ("if", "while"):
            self.conditions.append((start, end - 1))
        elif word == "for":
            start = self.skip(self.until(start, ";"))
            self.conditions.append((start, self.until(start, ";") - 1))
        end = self.branch(end)
        if word == "if" and self.text.startswith("else", self.skip(end)):
            end = self.branch(self.skip(end) + 4)
        return end


def related(*two):
    """Does their order matter, by their looks? What is named in a call counts as
    changed by it."""
    def within(a, b):
        return a == b or a.startswith((f"{b}->", f"{b}.", f"{b}["))

    if any(LOCK.match(s) for s in two):
        return True
    one, other = (SIZEOF.sub("", s) for s in two)
    return any(within(a, b) or within(b, a)
               for changing, using in ((one, other), (other, one))
               for a in re.findall(PLACE if CALL.search(changing) else CHANGED, changing)
               for b in re.findall(PLACE, using))


def sites_of(function, text, blank):
    """(operator, start, end, new text, what tells it apart)"""
    body = Body(blank, function.end())
    for start, end in body.conditions:
        if start < end and not IDLE.match(blank, start):
            old = text[start:end]
            yield "negate", start, end, f"!({old})", old
    for statements in body.blocks:
        able = [s if s and not (s[2] and (DECLARATION.match(blank, s[0]) or
                                          IDLE.match(blank, s[0]))) else None
                for s in statements]
        for start, end, simple in filter(None, able):
            if simple:
                yield ("wake" if WAKE.match(blank, start) else "delete",
                       start, end, ";", text[start:end])
        for s, t in zip(able, able[1:]):
            if s and t and not any(JUMP.match(blank, x[0]) for x in (s, t)) and \
                    related(blank[s[0]:s[1]], blank[t[0]:t[1]]):
                first, second = text[s[0]:s[1]], text[t[0]:t[1]]
                yield ("swap", s[0], t[1], second + text[s[1]:t[0]] + first,
                       first.split("\n")[0] + " <-> " + second.split("\n")[0])


def find_sites(path):
    """All of a file."""
    text = path.read_text()
    blank = HIDDEN.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), text)
    sites, count = [], Counter()
    for function in FUNCTION.finditer(blank):
        for operator, start, end, new, what in sorted(
                sites_of(function, text, blank), key=lambda s: s[1:3]):
            name = f"{path.name}: {function[1]}: {operator}: {' '.join(what.split())}"
            count[name] += 1
            if count[name] > 1:
                name += f" #{count[name]}"
            sites.append(Site(operator, name, path.name, start, end, new))
    return sites
