# SPDX-License-Identifier: GPL-2.0
"""
The cases of UMDF's specification, U01 to U99, and where each is shown to hold: a
test's name has their numbers in it, as U18_U28_unmark_too_late.
"""
import re

SECTIONS = [
    ("8.1 cancel in a queue", 1, 11),
    ("8.2 mark, unmark, OnCancel", 12, 36),
    ("8.3 queues", 37, 62),
    ("8.4 targets", 63, 90),
    ("8.5 files and processes", 91, 99),
]

# The ABI has no word for them: they are rules of objects that libwudf has.
NO_ABI = {30, 31, 34, 35, 36, 69, 84, 85, 86, 87, 89}
# SEND makes a request and queues it at once: KUnit shows them, on debug.
KUNIT = {9, 10}
# No method of UMDF 1.x: the limit of a parallel queue, MarkCancelableEx, the end of
# a queue; or the sender's side alone.
NO_METHOD = {6, 9, 10, 11, 16, 57, 58, 62, 95, 96, 97, 99}


def numbers(name):
    """Of "6.1: queue_test: sequential.U11_ready_again": 11."""
    test = re.split(r"[ .:]", name)[-1]
    return [int(n) for n in re.findall(r"(?:^|_)[uU](\d\d)(?=_)", test)]


def table(passed, columns):
    """
    Lines that count by section, and what no passed test names. @columns: (title, what
    a passed test's name begins with, the cases that need not be there).
    """
    shown = {title: {n for name in passed if re.match(prefix, name)
                     for n in numbers(name)} for title, prefix, _ in columns}
    lines = [f"{'cases of spec/umdf.md':30}" + "".join(f"{c[0]:>16}" for c in columns)]
    missing = []
    for section, first, last in SECTIONS:
        line = f"{section:30}"
        for title, _, exempt in columns:
            wanted = set(range(first, last + 1)) - exempt
            line += f"{len(wanted & shown[title]):>8} of {len(wanted):>3} "
            missing += [f"{title}: U{n:02}" for n in sorted(wanted - shown[title])]
        lines.append(line)
    return lines, missing
