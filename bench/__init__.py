"""`make bench`: loads the issues of a demo space side by side with a bare loop and with dlt, and says what it cost.

`serving` is the server, in a process of its own; `contenders` are those that load; `child` measures one of them in a
fresh process; `rounds` runs them in turn and compares what they loaded; `report` prints. For the second table,
`following` are those that load what changed, and `changes` has the space change between their loads. It measures; it
proves nothing about the product beyond the rows and the requests.
"""
