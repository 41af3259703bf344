"""The form of papers: nothing lies over something else, however long it is."""

import pytest

from accounts.papers import LINE_HEIGHT, Paper


@pytest.mark.parametrize(
    ("label", "value", "lines"),
    [
        ("Person", "Nina", 1),
        ("Offers of ownership to the person, and some more words", "none left", 2),
        ("Reason", "word " * 30, 3),
        ("Reason", "", 1),
    ],
)
def test_a_fact_takes_as_much_room_as_the_longer_of_its_two_sides(label, value, lines):
    paper = Paper("Receipt")
    top = paper.get_y()

    paper.facts([(label, value)])

    assert round((paper.get_y() - top) / LINE_HEIGHT) == lines


def test_a_long_list_goes_on_on_the_next_page():
    paper = Paper("Receipt")

    paper.facts([("What was looked for", "none left")] * 60)

    assert paper.page == 2
    assert paper.finished().startswith(b"%PDF-")
