"""Whether this space does what Backlog's documentation leaves open and we assume: reads a little, writes nothing."""

from backlog_assets.probe.asking import MOST, probe
from backlog_assets.probe.judgements import NOT_ASKED, Judgement, Verdict

__all__ = ["MOST", "NOT_ASKED", "Judgement", "Verdict", "probe"]
