"""Medians, their spread, growth."""
import math
import statistics

SPREAD_MAX = 0.15


def mad(values):
    m = statistics.median(values)
    return statistics.median([abs(v - m) for v in values])


def spread(values):
    """How much a run differs from the one before it, as a part of it: the median over all neighbours."""
    return statistics.median(abs(a / b - 1) for a, b in zip(values[1:], values)) if len(values) > 1 else 0.0


def steady(values):
    return len(values) < 2 or spread(values) <= SPREAD_MAX


def growth(points):
    """Exponent k of y = c * x^k by least squares over (x, y); None with fewer than two sizes."""
    points = [(math.log(x), math.log(y)) for x, y in points if x > 0 and y > 0]
    if len({x for x, _ in points}) < 2:
        return None
    mx = statistics.mean(x for x, _ in points)
    my = statistics.mean(y for _, y in points)
    return sum((x - mx) * (y - my) for x, y in points) / sum((x - mx) ** 2 for x, _ in points)
