"""Twin of bench/sepal/binary_trees.spl."""
import sys

MIN_DEPTH = 4


class Tree:
    __slots__ = ("left", "right")

    def __init__(self, left, right):
        self.left = left
        self.right = right


def full_tree(depth):
    if depth == 0:
        return Tree(None, None)
    return Tree(full_tree(depth - 1), full_tree(depth - 1))


def count_nodes(tree):
    return 0 if tree is None else 1 + count_nodes(tree.left) + count_nodes(tree.right)


def build_and_count(depth):
    return count_nodes(full_tree(depth))


max_depth = max(int(sys.argv[1]) if len(sys.argv) > 1 else 16, MIN_DEPTH + 2)
print(f"stretch tree of depth {max_depth + 1}\t check: {build_and_count(max_depth + 1)}")
long_lived = full_tree(max_depth)
for depth in range(MIN_DEPTH, max_depth + 1, 2):
    rounds = 2 ** (max_depth - depth + MIN_DEPTH)
    check = sum(build_and_count(depth) for _ in range(rounds))
    print(f"{rounds}\t trees of depth {depth}\t check: {check}")
print(f"long lived tree of depth {max_depth}\t check: {count_nodes(long_lived)}")
