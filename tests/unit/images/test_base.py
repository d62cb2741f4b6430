"""The root directory that images with Python start from."""

from __future__ import annotations

import pytest

from local.images import base


def test_another_system_than_bookworm_is_told_what_to_do(monkeypatch, tmp_path):
    release = tmp_path / "os-release"
    release.write_text('PRETTY_NAME="Plan 9"\nVERSION_CODENAME=plan9\n')
    monkeypatch.setattr(base, "OS_RELEASE", release)
    with pytest.raises(base.ImageError, match="Plan 9") as caught:
        base.unpack(tmp_path / "root")
    assert "cluster: {kind: existing}" in str(caught.value)
    assert not (tmp_path / "root").exists()


def test_a_root_that_is_there_is_not_made_again(monkeypatch, tmp_path):
    monkeypatch.setattr(base, "OS_RELEASE", tmp_path / "none")
    assert base.unpack(tmp_path) == tmp_path
