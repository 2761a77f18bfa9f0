"""Draws the overview of the issues as a small PNG, by matplotlib's objects. Knows no DuckDB and no Dagster."""

from __future__ import annotations

import io
from datetime import date
from itertools import accumulate
from typing import TYPE_CHECKING

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator
from PIL import Image

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from backlog_assets.overview import Overview

OPEN, DONE, INK, PALE = "#e8833a", "#3f9e85", "#2b3440", "#d7dce2"

WIDTH, LEAST_HEIGHT, BAR_HEIGHT = 10.0, 3.4, 0.235
"""Inches: of the picture, and of each project's bar."""

DOTS = 96
"""Dots an inch: as wide as the dialog that shows it, which does not shrink pictures."""

DAY_NOUGHT = date(1970, 1, 1)
"""The day from which matplotlib counts."""

COLOURS = 48
"""Of the PNG's palette; with all of them it would be three times as large and look the same."""


def picture(overview: Overview) -> bytes:
    """The PNG: bars of open and closed issues by project, and the sums of created and closed issues by day."""
    height = max(LEAST_HEIGHT, 1.15 + BAR_HEIGHT * (len(overview.top) + bool(overview.others)))
    room = ConstrainedLayoutEngine(wspace=0.06, w_pad=0.12, h_pad=0.1)
    figure = Figure(figsize=(WIDTH, height), dpi=DOTS, layout=room, facecolor="white")
    canvas = FigureCanvasAgg(figure)
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.15))
    _draw_projects(left, overview)
    _draw_days(right, overview)
    canvas.draw()
    image = Image.frombytes("RGBA", canvas.get_width_height(), bytes(canvas.buffer_rgba())).convert("RGB")
    drawn = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(drawn, "PNG", optimize=True)
    return drawn.getvalue()


def _draw_projects(axes: Axes, overview: Overview) -> None:
    _title(axes, f"{overview.open:,} issues open, {overview.closed:,} closed")
    _plain(axes)
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    rows = [(_ascii(project.key), project.open, project.closed) for project in overview.top]
    if not rows:
        axes.set_yticks([])
        axes.text(0.5, 0.5, "There are no issues.", transform=axes.transAxes, ha="center", color=INK)
        return
    places = range(len(rows))
    opened = [row[1] for row in rows]
    axes.barh(places, opened, color=OPEN, height=0.66, label="open")
    axes.barh(places, [row[2] for row in rows], left=opened, color=DONE, height=0.66, label="closed")
    widest = max(row[1] + row[2] for row in rows)
    for place, (_, still, done) in enumerate(rows):
        axes.text(still + done + widest * 0.015, place, f"{still:,} / {done:,}", va="center", fontsize=8, color=INK)
    names = [row[0] for row in rows]
    if overview.others:
        others = overview.others
        names.append(f"{len(others):,} others")
        told = f"{sum(one.open for one in others):,} / {sum(one.closed for one in others):,}"
        axes.text(widest * 0.015, len(rows), told, va="center", fontsize=8, color=INK)
    axes.set_yticks(range(len(names)), names, fontsize=8, parse_math=False)
    axes.set_ylim(max(len(names), 4) - 0.4, -0.6)
    axes.set_xlim(0, widest * 1.22)
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.01, -0.11),
        ncols=2,
        frameon=False,
        fontsize=8,
        handlelength=1,
        handleheight=0.9,
    )


def _draw_days(axes: Axes, overview: Overview) -> None:
    days = [(day.day - DAY_NOUGHT).days for day in overview.days]
    created = list(accumulate(day.created for day in overview.days))
    closed = list(accumulate(day.closed for day in overview.days))
    _title(axes, f"Created and closed in the {len(days)} days to {overview.days[-1].day:%Y-%m-%d}")
    _plain(axes)
    axes.fill_between(
        days,
        created,
        closed,
        where=[a >= b for a, b in zip(created, closed, strict=True)],
        interpolate=True,
        color=OPEN,
        alpha=0.16,
        linewidth=0,
    )
    axes.fill_between(
        days,
        created,
        closed,
        where=[a <= b for a, b in zip(created, closed, strict=True)],
        interpolate=True,
        color=DONE,
        alpha=0.16,
        linewidth=0,
    )
    for sums, colour, word in ((created, OPEN, "created"), (closed, DONE, "closed")):
        axes.plot(days, sums, color=colour, linewidth=1.8, label=f"{word} {sums[-1]:,}", solid_capstyle="round")
    axes.set_xlim(days[0], days[-1])
    axes.set_ylim(0, max(created[-1], closed[-1], 1) * 1.06)
    axes.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    axes.grid(axis="y", color=PALE, linewidth=0.7)
    axes.set_axisbelow(True)
    locator = AutoDateLocator(maxticks=7)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))
    axes.legend(loc="upper left", frameon=False, fontsize=9, handlelength=1.2, labelcolor=INK)


def _title(axes: Axes, words: str) -> None:
    axes.set_title(words, loc="left", fontsize=10.5, fontweight="bold", color=INK, pad=10)


def _plain(axes: Axes) -> None:
    """No frame, quiet marks."""
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(PALE)
    axes.tick_params(length=0, labelsize=8, labelcolor=INK)


def _ascii(key: str) -> str:
    """Project keys are ASCII by Backlog's rule; what is not would need a font that may not be there."""
    return key.encode("ascii", "replace").decode()
