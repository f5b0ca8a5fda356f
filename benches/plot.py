"""Plots of cost against size as SVG: log-log, a panel for each quantity, lines labelled with their exponents."""

import html
import math

COLORS = ["#1b6ca8", "#c0392b", "#1e8449", "#8e44ad", "#b9770e", "#117a65", "#5d6d7e", "#a04000"]
PANEL_WIDTH, PANEL_HEIGHT, LEFT, TOP, BOTTOM, LABELS = 620, 300, 60, 34, 34, 210


def exponent(points):
    """How cost grows from the second largest size to the largest: 1 is in proportion, 0 not at all."""
    if len(points) < 2:
        return None
    (x0, y0), (x1, y1) = points[-2:]
    return math.log(y1 / y0) / math.log(x1 / x0)


def svg(title, panels):
    """`panels`: (name, unit, {line: [(size, cost), …]}); all above 0."""
    height = len(panels) * PANEL_HEIGHT + 40
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{PANEL_WIDTH}" height="{height}" font-family="sans-serif" font-size="11">',
        f'<rect width="{PANEL_WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{LEFT}" y="22" font-size="15">{html.escape(title)}</text>',
    ]
    for place, (name, unit, lines) in enumerate(panels):
        parts += panel(40 + place * PANEL_HEIGHT, name, unit, lines)
    return "\n".join([*parts, "</svg>"]) + "\n"


def panel(top, name, unit, lines):
    points = [point for line in lines.values() for point in line]
    if not points:
        return []
    low_x, high_x = decades(x for x, _ in points)
    low_y, high_y = decades(y for _, y in points)
    right, bottom = PANEL_WIDTH - LABELS, top + PANEL_HEIGHT - BOTTOM

    def at_x(x):
        return LEFT + (math.log10(x) - low_x) / (high_x - low_x) * (right - LEFT)

    def at_y(y):
        return bottom - (math.log10(y) - low_y) / (high_y - low_y) * (bottom - top - TOP)

    parts = [f'<text x="{LEFT}" y="{top + 16}" font-size="13">{html.escape(name)} ({html.escape(unit)})</text>']
    for power in range(low_x, high_x + 1):
        x = at_x(10**power)
        parts.append(f'<path d="M{x:.1f} {top + TOP}V{bottom}" stroke="#ddd"/><text x="{x:.1f}" y="{bottom + 14}" text-anchor="middle">{10**power:,}</text>')
    for power in range(low_y, high_y + 1):
        y = at_y(10.0**power)
        parts.append(f'<path d="M{LEFT} {y:.1f}H{right}" stroke="#ddd"/><text x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{10.0**power:g}</text>')
    ends = []
    for place, (label, line) in enumerate(lines.items()):
        color = COLORS[place % len(COLORS)]
        line = sorted(line)
        path = "L".join(f"{at_x(x):.1f} {at_y(y):.1f}" for x, y in line)
        parts.append(f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="1.5"/>')
        parts += [f'<circle cx="{at_x(x):.1f}" cy="{at_y(y):.1f}" r="2.5" fill="{color}"><title>{html.escape(label)}: {x:,}, {y:g} {html.escape(unit)}</title></circle>' for x, y in line]
        slope = exponent(line)
        text = label if slope is None else f"{label}: {slope:.2f}"
        ends.append([at_y(line[-1][1]), text, color])
    # Labels that would lie on one another move down.
    ends.sort()
    for before, end in zip(ends, ends[1:]):
        end[0] = max(end[0], before[0] + 13)
    over = max(0, ends[-1][0] - bottom)
    for y, text, color in ends:
        parts.append(f'<text x="{right + 8}" y="{y - over + 4:.1f}" fill="{color}">{html.escape(text)}</text>')
    return parts


def decades(values):
    """The powers of ten around the values."""
    values = list(values)
    low, high = math.floor(math.log10(min(values))), math.ceil(math.log10(max(values)))
    return low, max(high, low + 1)
