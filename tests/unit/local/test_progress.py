"""What a user sees of long steps."""

from __future__ import annotations

import pytest

from local import progress
from local.progress import step


def test_a_finished_step_prints_its_last_note_and_its_duration(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with step("engine") as current:
        current.note("built")
    captured = capfd.readouterr()
    assert "✓ engine: built (0 s)" in captured.err
    assert captured.out == "", "stdout is for what other programs read"


def test_a_failed_step_is_marked_and_its_error_raised(
    capfd: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(ValueError, match="no"), step("engine"):
        raise ValueError("no")
    assert "✗ engine" in capfd.readouterr().err


def test_without_a_terminal_a_long_step_prints_a_line_now_and_then(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "HEARTBEAT", 0.01)
    with step("engine") as current:
        current.note("compiling")
        current._done.wait(0.2)
    written = capfd.readouterr().err
    assert "... engine: compiling" in written
    assert "\033" not in written, "no control sequences where there is no terminal"
