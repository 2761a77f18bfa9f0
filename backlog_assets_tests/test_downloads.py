"""Names of downloaded files, and where they can go."""

import pytest

from backlog_assets.downloads import Folder, safe_name
from backlog_assets.errors import Misconfigured


@pytest.mark.parametrize("to", ["nothing://there", "gs://bucket/x"])
def test_a_url_that_fsspec_cannot_open_is_told(to: str) -> None:
    with pytest.raises(Misconfigured, match=to.split(":", maxsplit=1)[0]):
        Folder(to, "demo")


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("設計書_最終版.pdf", "設計書_最終版.pdf"),
        ("か\u3099.txt", "が.txt"),
        ("../../etc/passwd", ".._._etc_passwd"),
        ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"),
        ("line\nbreak\x00.txt", "linebreak.txt"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("\ud800.txt", "file.txt"),
        ("..", "file"),
        ("", "file"),
        (" .hidden. ", "file.hidden"),
        ("CON", "CON"),
        ("絵" * 200 + ".png", "絵" * 53 + ".png"),
        ("a" * 300, "a" * 180),
        ("a." + "b" * 300, "a." + "b" * 178),
    ],
)
def test_a_name_is_made_safe_and_keeps_its_ending(name: str, safe: str) -> None:
    assert safe_name(name) == safe
