"""Pieces of source and log that people paste; they hold what breaks careless exports: `<`, `&`, backticks, braces."""

SNIPPETS = (
    "for (size_t i = 0; i < count && ring[i].age > 0; ++i) {\n    sum += ring[i].level_mm;\n}",
    "def harmonic(t: float, parts: list[Part]) -> float:\n    return sum(p.a * cos(p.w * t + p.phi) for p in parts)",
    "SELECT station, max(level_mm) AS top\n  FROM readings\n GROUP BY station\nHAVING count(*) < 144 AND top <> 0;",
    '{\n  "station": "LX-04",\n  "level_mm": 2314,\n  "battery_v": 12.71,\n  "flags": ["ok", "late"]\n}',
    "$ gaugectl status --all | grep -v ok\nLX-04  late   battery=11.9V\nHF-02  silent since 03:14 <no carrier>",
    "2026-03-02T04:11:07Z WARN  modem: no answer in 30 s, retry 3/5\n2026-03-02T04:11:37Z ERROR modem: giving up",
    '<station id="BG-11">\n  <sensor type="radar" unit="mm">2,118</sensor>\n</station>',
    "let level = raw\n    .iter()\n    .filter(|r| r.quality >= 2)\n    .map(|r| r.mm)\n    .sum::<i64>();",
    "make flash BOARD=rev7 && screen /dev/ttyUSB0 115200",
    "Traceback (most recent call last):\n  File \"ingest.py\", line 88, in <module>\nValueError: level '---' & no unit",
    "sampling:\n  every: 60s\n  burst: 8\n  reject: '> 3 sigma'\nuplink: [iridium, lte]",
    "git log --oneline --author='zofia' -5",
)

PAGES = (
    ("tides-explained", "Why the tide is late in some harbours", "A short walk through bays, depth and resonance."),
    ("pressure-or-radar", "Pressure or radar?", "Two ways to measure the same water, compared over one winter."),
    ("release-notes", "Release notes for gauge firmware", "What changed, what broke, what we fixed & how to update."),
    ("mooring-guide", "A mooring that survives January", "Chains, shackles and why the cheap one is not cheap."),
    ("harmonic-analysis", "Harmonic analysis in an afternoon", "Sixty-two constituents and a cup of tea."),
    ("status", "Status of the ingest", "All systems normal."),
)
"""Path, title and first sentence of pages that people link to at www.example.org."""
