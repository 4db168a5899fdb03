# SPDX-License-Identifier: GPL-2.0
"""Builds broken modules: of the tree's sources, but for one text."""
import shutil
import subprocess
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
VM = TOP / "selftests/vm"
TESTS = TOP / "build/selftests"
OUT = TOP / "build/mutants"


def build(name, change=None, kernel="6.1"):
    """Into OUT/name. @change: a file of kmod/, and its new text. All are built in
    one folder, so that make builds only what differs from the mutant before, and
    with IOTARGET_TEST=y, for the tests of forced races."""
    source = OUT / "source"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    shutil.copy(TOP / "Kbuild", source)
    for folder in "kmod", "uapi":
        shutil.copytree(TOP / folder, source / folder)
    if change:
        file, text = change
        (source / "kmod" / file).write_text(text)
    made = OUT / f"module-{kernel}"
    done = subprocess.run([VM / "module", kernel, source, made, "IOTARGET_TEST=y"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    folder = OUT / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "build").write_text(done.stdout)
    if done.returncode:
        raise RuntimeError(f"it does not build: see {folder / 'build'}")
    for module in made.glob("*.ko"):
        shutil.copy(module, folder)
    return folder
