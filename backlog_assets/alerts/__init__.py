"""Alerts: what newly fails, goes on or recovers reaches a person, once.

events    reads evaluations and failed runs out of Dagster's event log   (Dagster)
state     decides what is new, goes on or has ended                      (pure)
words     what each rule means, in English and Japanese                  (pure)
message   the text of an alert                                           (pure)
outbox    keeps state and deliveries in a file, across restarts          (SQLite)
channels  sends: Slack, Teams, Google Chat, webhook, e-mail, Backlog     (network)
settings  the settings, and the channels made of them
sensor    the tick that does it all;  command: `backlog-assets alerts test`
"""
