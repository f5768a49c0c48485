"""`axons project` as its user meets it: a process, its exit status, its lines."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from axons_kernel.project import Project
from axons_kernel.storage import TEMPORARY_PREFIX
from hub_config.cli import main

AXONS = str(Path(sys.executable).with_name("axons"))


def project(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([AXONS, "project", *map(str, arguments)], capture_output=True, text=True, timeout=100)


def test_check_of_a_sound_project(finished: Project) -> None:
    done = project("check", finished.store.url)
    assert done.returncode == 0, done
    assert done.stdout == "All 10 documents are sound.\n"


def test_check_tells_one_line_per_problem(finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
    finished.store.remove("images/left/image.tif")
    finished.store.write("models/run-1/model.safetensors", b"")
    assert main(["project", "check", finished.store.url]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in lines[:2]] == ["images/left/image.tif", "models/run-1/model.safetensors"]
    assert lines[2:] == ["2 problems in 10 documents"]


def test_gc_is_dry_first(finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
    url = finished.store.url
    assert main(["project", "gc", url]) == 0 and capsys.readouterr().out == "There is nothing to remove.\n"
    old, young = Path(url, "images", f"{TEMPORARY_PREFIX}old"), Path(url, "images", f"{TEMPORARY_PREFIX}young")
    for path in (old, young):
        path.write_bytes(bytes(2000))
    os.utime(old, (time.time() - 4000,) * 2)
    assert main(["project", "gc", url]) == 0
    said = capsys.readouterr().out
    assert f"2.0 kB  temporary             images/{old.name}" in said and "young" not in said
    assert "1 x temporary (2.0 kB) would be removed; nothing was. Remove them with --yes." in said and old.exists()
    assert main(["project", "check", url]) == 0
    assert f"1 x temporary (2.0 kB) can be removed: axons project gc {url}" in capsys.readouterr().out
    assert main(["project", "gc", "--yes", url]) == 0
    assert "Removed 1 x temporary" in capsys.readouterr().out and not old.exists() and young.exists()
    assert main(["project", "gc", "--yes", "--older-than-h", "0", url]) == 0
    assert not young.exists() and finished.check() == []


def test_du(finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "du", finished.store.url]) == 0
    said = capsys.readouterr().out
    assert "left" in said and "everything" in said


def test_copy_to_the_cloud_and_back(
    finished: Project, s3_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    done = project("copy", finished.store.url, s3_url)
    assert done.returncode == 0 and "copying: 100%" in done.stdout, done
    count = len(list(finished.store.walk()))
    assert f"{s3_url}: {count} objects copied, 0 were there already." in done.stdout
    assert main(["project", "check", s3_url]) == 0
    assert main(["project", "copy", s3_url, str(tmp_path / "back")]) == 0
    assert subprocess.run(["diff", "-r", "-x", ".axons-lock", finished.store.url, tmp_path / "back"]).returncode == 0
    capsys.readouterr()
    assert main(["project", "copy", finished.store.url, s3_url]) == 0
    assert capsys.readouterr().out == f"{s3_url}: 0 objects copied, {count} were there already.\n"


def test_copy_onto_another_project_says_so(
    finished: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = str(tmp_path / "copy")
    assert main(["project", "copy", finished.store.url, target]) == 0
    finished.add_classes(["vessel"])
    assert main(["project", "copy", finished.store.url, target]) == 1
    assert "axons project: " in (said := capsys.readouterr().err) and "(project.json), so nothing was copied" in said
    assert main(["project", "copy", "--overwrite", finished.store.url, target]) == 0
    assert "0 objects copied, 1 replaced" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check", "gone"], "There is no project at .*gone: it has no project.json."),
        (["du", "gone"], "There is no project at"),
        (["copy", "gone", "there"], "There is no project at"),
        (["check", "az://x/y"], "(Install|no place|not known)"),
        (["gc", "--older-than-h", "-1", "."], "There is no project at"),
    ],
)
def test_refusals_are_one_sentence(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["project", *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("axons project: ") and re.search(message, line)


def test_negative_age(finished: Project, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["project", "gc", "--older-than-h", "-1", finished.store.url]) == 1
    assert "--older-than-h -1 is not allowed: give 0 hours or more." in capsys.readouterr().err
