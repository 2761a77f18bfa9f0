"""A made-up Backlog space, served over loopback.

Imports nothing of the product, so that tests do not agree with themselves.
"""

from backlog_assets.demo.app import Request
from backlog_assets.demo.faults import Fault
from backlog_assets.demo.server import DemoServer
from backlog_assets.demo.space import DemoSpace
from backlog_assets.demo.times import FIRST_DAY

__all__ = ["FIRST_DAY", "DemoServer", "DemoSpace", "Fault", "Request"]
