from __future__ import annotations

import socket
from pathlib import Path

import pytest

from jobs.local_stack.home import REPOSITORY, HomeError, current_home, known_homes, shop_home, state_folder


def test_without_a_source_the_shop_is_a_simulated_one_that_delivers_below_its_own_folder(tmp_path: Path) -> None:
    home = shop_home(None, None, state=tmp_path)
    assert (home.name, home.source, home.landing) == ("simulated_shop", "simulated_shop", home.folder / "landing")
    assert home.is_simulated


def test_the_same_source_and_landing_are_the_same_shop_and_any_other_pair_is_another(tmp_path: Path) -> None:
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
    pairs = [("cdnow", "here"), ("cdnow", "there"), ("superstore", "here"), (None, "here"), (None, None)]
    folders = [
        shop_home(source, str(tmp_path / place) if place else None, state=tmp_path).folder for source, place in pairs
    ]
    assert len(set(folders)) == len(pairs)
    assert shop_home("cdnow", str(tmp_path / "there" / ".." / "here"), state=tmp_path).folder == folders[0]


def test_a_real_source_needs_the_place_it_delivers_to(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="SOURCE=cdnow needs LANDING="):
        shop_home("cdnow", None, state=tmp_path)


def test_a_landing_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"LANDING=/no/such/file\.csv does not exist"):
        shop_home("cdnow", "/no/such/file.csv", state=tmp_path)


def test_the_shop_used_last_is_the_current_one(tmp_path: Path) -> None:
    simulated = shop_home(None, None, state=tmp_path)
    other = shop_home("cdnow", str(tmp_path), state=tmp_path)
    assert current_home(tmp_path) == simulated
    other.save()
    assert current_home(tmp_path) == other
    simulated.save()
    assert current_home(tmp_path) == simulated
    assert known_homes(tmp_path) == [other, simulated]


def test_state_lies_in_var_unless_told_otherwise(tmp_path: Path) -> None:
    assert state_folder({}) == REPOSITORY / "var"
    assert state_folder({"CLV_HOME": str(tmp_path)}) == tmp_path


def test_a_socket_can_be_bound_however_deep_the_folder_lies(tmp_path: Path) -> None:
    shallow, deep = (shop_home(None, None, state=tmp_path / part) for part in ("a", "/".join(["deep-folder"] * 12)))
    assert deep.sockets() != shallow.sockets()
    try:
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(deep.sockets() / "postgres.s.PGSQL.5432"))
    finally:
        for path in deep.sockets().iterdir():
            path.unlink()
        deep.sockets().rmdir()
