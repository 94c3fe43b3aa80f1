from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from stream_app.dev import postgres


def test_several_processes_can_delete_the_data_of_deleted_folders_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "ROOTS_HOME", tmp_path)
    for number in range(100):
        home = tmp_path / str(number)
        (home / "data").mkdir(parents=True)
        kept = tmp_path if number % 10 == 0 else tmp_path / "deleted"
        (home / "owner").write_text(str(kept))

    with ThreadPoolExecutor(8) as threads:
        for done in [threads.submit(postgres._forget_deleted_owners) for _ in range(8)]:
            done.result()

    assert sorted(home.name for home in tmp_path.iterdir()) == ["0", *(str(number) for number in range(10, 100, 10))]
