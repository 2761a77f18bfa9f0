"""The text of an alert: a pure function of what is told and in which language. Knows no channel's markup."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo

from backlog_assets.alerts.state import CHECKS_NOT_DONE, Finding, Member, Notice
from backlog_assets.alerts.words import OTHER, RULES, WORDS, Language
from backlog_assets.credentials import REDACTOR

TABLES = 10
"""Tables told one by one; how many more there are is said."""

NAMES = 40
"""Tables or projects named in one line."""

EXAMPLES = 3
"""Offenders shown of each table."""

TITLE_LENGTH = 140
"""Longest title: a Slack header takes 150 characters."""

LINE_LENGTH = 300


@dataclass(frozen=True)
class Letter:
    """An alert as plain text. `link` is the run's page; `reference` tells one alert from another, as its delivery
    and every later one of the same incident carry it."""

    title: str
    body: str
    link: str
    link_text: str
    reference: str

    def text(self) -> str:
        """All of it, for who shows nothing but text."""
        return f"{self.title}\n\n{self.body}\n\n{self.link_text}: {self.link}\n"


def letter(
    notice: Notice,
    *,
    language: Language = "en",
    dagster_url: str = "http://127.0.0.1:3000",
    zone: tzinfo = timezone.utc,
    again: bool = False,
) -> Letter:
    """What people are told. `zone` is the time zone of the times in it; `again` where it may have arrived before."""
    writer = _Writer(language, zone)
    run = notice.members[0].finding.run_id
    return Letter(
        title=writer.title(notice),
        body="\n".join(writer.body(notice, again=again)),
        link=f"{dagster_url.rstrip('/')}/runs/{run}",
        link_text=writer.word("run"),
        reference=notice.incident,
    )


def shortened(text: str, longest: int, language: Language = "en") -> str:
    """The text, cut at a line's end where it is longer than a channel takes."""
    if len(text) <= longest:
        return text
    cut = WORDS[language]["cut"]
    return text[: longest - len(cut) - 1].rpartition("\n")[0] + "\n" + cut


def duration(seconds: float, language: Language = "en") -> str:
    """`2 h 5 min`: the two largest units that say something."""
    minutes = int(seconds // 60)
    hours, days = minutes // 60, minutes // 1440
    name = "days" if days else "hours" if hours else "minutes" if minutes else "seconds"
    return WORDS[language][name].format(days=days, hours=hours % 24, minutes=minutes % 60)


class _Writer:
    def __init__(self, language: Language, zone: tzinfo) -> None:
        self.language: Language = language
        self.zone = zone

    def word(self, name: str, **values: object) -> str:
        return WORDS[self.language][name].format(**values)

    def title(self, notice: Notice) -> str:
        family = "checks" if notice.rule == CHECKS_NOT_DONE else notice.kind
        tables = _by_table(notice.members)
        if len(tables) == 1:
            [(table, members)] = tables.items()
            where = self.place(table, members, most=3)
        else:
            counted = {"check": "tables", "load": "tables", "checks": "steps", "run": "jobs"}[family]
            where = self.word(counted, count=len(tables))
        name = f"{notice.event}:{family}"
        severity = self.word(notice.severity)
        known = name if name in WORDS[self.language] else f"{notice.event}:check"
        return REDACTOR.quoted(self.word(known, severity=severity, rule=notice.rule, where=where), TITLE_LENGTH)

    def body(self, notice: Notice, *, again: bool) -> list[str]:
        rule = RULES[self.language].get(notice.rule, OTHER[self.language])
        over = notice.event in ("recovered", "changed")
        tables = _by_table(notice.members)
        lines = [self.word("again")] if again else []
        lines += [] if over else [rule.meaning]
        # Where one table is well again, the title has said so.
        for table, members in list(tables.items())[: 0 if over and len(tables) == 1 else TABLES]:
            lines += self.table(table, members, over=over)
        if len(tables) > TABLES:
            lines.append(self.names(list(tables)[TABLES:]))
        if notice.others:
            lines.append(self.word("others", names=self.names(notice.others)))
        lines.append(self.word("severity", severity=self.word(notice.severity)))
        begin = min(member.since for member in notice.members)
        if over:
            end = max(member.ended or notice.at for member in notice.members)
            span = duration(end - begin, self.language)
            lines.append(self.word("lasted", span=span, begin=self.time(begin), end=self.time(end)))
            if notice.event == "recovered":
                return lines
            lines.append(self.word("now", severity=self.word("warn" if notice.severity == "error" else "error")))
        else:
            lines.append(self.word("since", at=self.time(begin)))
        given = notice.members[0].finding.what_to_do if self.language == "en" else ""
        lines.append(self.word("what_to_do", text=REDACTOR.quoted(given, 2 * LINE_LENGTH) or rule.what_to_do))
        return lines

    def table(self, table: str, members: Sequence[Member], *, over: bool) -> list[str]:
        place = self.place(table, members, most=NAMES)
        if over:
            return [place]
        findings = list(dict.fromkeys(member.finding for member in members))
        counted = [finding.rows for finding in findings if finding.rows is not None]
        said = [self.count(sum(counted))] if counted else []
        described = dict.fromkeys(REDACTOR.quoted(finding.description, LINE_LENGTH) for finding in findings)
        said += [text for text in list(described)[:EXAMPLES] if text]
        head = self.word("colon").join([place, said[0]]) if said else place
        return [head, *(f"  {text}" for text in said[1:]), *self.examples(findings)]

    def examples(self, findings: Sequence[Finding]) -> list[str]:
        shown = [text for finding in findings for text in finding.examples][:EXAMPLES]
        return [f"  {self.word('example', text=REDACTOR.quoted(text, LINE_LENGTH))}" for text in shown]

    def place(self, table: str, members: Sequence[Member], *, most: int) -> str:
        """A table and the projects concerned: `issues (WEB, APP)`."""
        parts = [member.partition for member in members if member.partition is not None]
        parts += [name for member in members for name in member.finding.projects if member.partition is None]
        projects = list(dict.fromkeys(parts))
        return table + (self.word("pair", names=self.names(projects, most)) if projects else "")

    def names(self, names: Sequence[str], most: int = NAMES) -> str:
        told = self.word("separator").join(names[:most])
        return told + (self.word("and more", count=len(names) - most) if len(names) > most else "")

    def count(self, rows: int) -> str:
        return self.word("row" if rows == 1 else "rows", count=f"{rows:,}")

    def time(self, at: float) -> str:
        return datetime.fromtimestamp(at, tz=self.zone).strftime("%Y-%m-%d %H:%M %Z")


def _by_table(members: Sequence[Member]) -> dict[str, list[Member]]:
    found: dict[str, list[Member]] = {}
    for member in members:
        found.setdefault(member.table, []).append(member)
    return found
