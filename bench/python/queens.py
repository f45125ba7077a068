"""Twin of bench/sepal/queens.spl."""
import sys


class Board:
    __slots__ = ("size", "columns", "rising", "falling")

    def __init__(self, size):
        self.size = size
        self.columns = [False] * size
        self.rising = [False] * (2 * size - 1)
        self.falling = [False] * (2 * size - 1)

    def is_free(self, row, column):
        attacked = self.columns[column] or self.rising[row + column]
        return not attacked and not self.falling[row - column + self.size - 1]

    def mark(self, row, column, taken):
        self.columns[column] = taken
        self.rising[row + column] = taken
        self.falling[row - column + self.size - 1] = taken

    def count_from(self, row):
        if row == self.size:
            return 1
        solutions = 0
        for column in range(self.size):
            if self.is_free(row, column):
                self.mark(row, column, True)
                solutions += self.count_from(row + 1)
                self.mark(row, column, False)
        return solutions


n = int(sys.argv[1]) if len(sys.argv) > 1 else 13
print(f"queens({n}) = {Board(n).count_from(0)}")
