"""What the graders share: the code that a name stands for."""

import ast

from graders.helpers import code_of


def names_in(source, name, without=()):
    return [ast.unparse(node) for node in code_of(ast.parse(source), name, without).body]


def test_code_of_a_name_is_all_that_it_builds_on_and_no_more():
    source = """
a = 1
b = a
c = 2
def f(a, d): return b + g()
def g(): return h
h = c
other = f
f.table = unknown
"""
    assert names_in(source, "b") == ["a = 1", "b = a"]
    assert names_in(source, "g") == ["c = 2", "def g():\n    return h", "h = c"]
    assert "other = f" not in names_in(source, "f") and "f.table = unknown" in names_in(source, "f")
    assert names_in(source, "f", without=("g",)) == ["a = 1", "b = a", names_in(source, "f")[3], "f.table = unknown"]
    assert names_in(source, "f", without=("f", "g", "b")) == [names_in(source, "f")[3], "f.table = unknown"]
    assert names_in("x = y\ny = x", "x") == ["x = y", "y = x"]


def test_chain_of_thousands_is_followed_from_either_end():
    """Three nested searches of it would take days."""
    chain = [f"x{n} = x{n + 1}" for n in range(4000)]
    assert names_in("\n".join(chain), "x0") == chain
    assert names_in("\n".join(reversed(chain)), "x0") == chain[::-1]
