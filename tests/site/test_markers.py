import pytest

from paperlens.errors import UserError
from paperlens.site.chapters.markers import solution, stub

SOURCE = '''def double(x):
    """Twice x."""
    ### BEGIN SOLUTION
    y = x + x
    return y
    ### END SOLUTION
'''


def test_a_stub_raises_at_the_place_of_the_answer() -> None:
    given = stub(SOURCE, "tiny.double")
    assert "y = x + x" not in given and "SOLUTION" not in given
    names: dict = {}
    exec(given, names)
    assert names["double"].__doc__ == "Twice x."
    with pytest.raises(NotImplementedError, match=r"^tiny\.double: "):
        names["double"](1)


def test_a_solution_is_the_source_without_its_markers() -> None:
    names: dict = {}
    exec(solution(SOURCE), names)
    assert names["double"](3) == 6
    assert "SOLUTION" not in solution(SOURCE)


def test_two_parts_give_two_stubs() -> None:
    twice = SOURCE + SOURCE.replace("double", "again")
    assert stub(twice, "tiny.double").count("NotImplementedError") == 2


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (SOURCE.replace("    ### END SOLUTION\n", ""), "without an END"),
        (SOURCE.replace("    ### BEGIN SOLUTION\n", ""), "without a BEGIN"),
        (SOURCE.replace("    y = x + x\n    return y\n", "\n"), "nothing stands"),
        (SOURCE.replace("return y", "return y  ### END SOLUTION"), "alone on its line"),
        (SOURCE.replace("    y = x + x\n", "    ### BEGIN SOLUTION\n"), "two BEGIN"),
    ],
)
def test_broken_markers_are_told(broken: str, said: str) -> None:
    with pytest.raises(UserError, match=f"tiny.double.*{said}"):
        stub(broken, "tiny.double")
