# SPDX-License-Identifier: EUPL-1.2
"""The tables of the rules block; what decisions are made of is only ever added to."""

from __future__ import annotations

from pathlib import Path

from flagstone.platform.storage.sql import (
    BlockSchema,
    Column,
    Document,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    derived_table,
    journaled_table,
)

metadata = MetaData()

decisions = journaled_table(
    "decision",
    metadata,
    Column("number", Text, primary_key=True),
    Column("sequence", Integer, nullable=False, unique=True),
    Column("subject", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("package", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("archive", Text, nullable=False),
    Column("explanation", Text, nullable=False),
    Column("reads", Text, nullable=False),
    Column("previous", Text, nullable=False),
    Column("replaces", Text, nullable=False),
    Column("jws", Text, nullable=False),
    Column("person", LargeBinary, nullable=False),
)
"""Decisions in the order of their chain; `person` is sealed, all else but `jws` repeats the signed bytes."""

Index("decision_by_subject", decisions.c.subject, decisions.c.sequence)
Index("decision_by_reads", decisions.c.reads, decisions.c.sequence)
Index("decision_by_replaced", decisions.c.replaces)

kept_parts = journaled_table(
    "kept_part",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("part", Integer, primary_key=True),
    Column("content", LargeBinary, nullable=False),
)
"""Canonical bytes of decisions and explanations by their SHA-256, in parts that a journal entry can hold."""

chains = journaled_table(
    "chain",
    metadata,
    Column("name", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("digest", Text, nullable=False),
)
"""The newest link of the chain and how many there are, so that none can be cut off its end unseen."""

archives = journaled_table(
    "archive",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("package", Text, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("made_at", Text, nullable=False),
)
"""The archives of laws that are kept in the site's folder, by their SHA-256."""

appeals = journaled_table(
    "appeal",
    metadata,
    Column("number", Text, primary_key=True),
    Column("decision", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("content", LargeBinary, nullable=False),
)
"""Appeals; `content` is JSON of what is claimed, why, and what it would give."""

Index("appeal_by_decision", appeals.c.decision, appeals.c.at)

settlements = journaled_table(
    "settlement",
    metadata,
    Column("appeal", Text, primary_key=True),
    Column("at", Text, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("decision", Text, nullable=False),
    Column("words", Text, nullable=False),
)
"""How appeals were settled, each once: `upheld` with the new decision, or `rejected`."""

reads = derived_table(
    "parameter_read",
    metadata,
    Column("parameter", Text, primary_key=True),
    Column("day", Text, primary_key=True),
    Column("reads", Text, primary_key=True),
)
"""Which parameters as of which days each set of reads has; many decisions share a set."""

Index("parameter_read_by_set", reads.c.reads)

simulations = journaled_table(
    "simulation",
    metadata,
    Column("number", Text, primary_key=True),
    Column("sequence", Integer, nullable=False, unique=True),
    Column("plan", Text, nullable=False),
    Column("by", Text, nullable=False),
    Column("at", Text, nullable=False),
    Column("progress", Text, nullable=False),
    Column("done", Integer, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("law", Text, nullable=False),
    Column("findings", Text, nullable=False),
    Column("fault", Text, nullable=False),
    Column("milliseconds", Integer, nullable=False),
)
"""Simulations in the order in which they were started; `plan`, `law` and `findings` are JSON, or empty."""

Index("simulation_by_progress", simulations.c.progress, simulations.c.sequence)

surveys = journaled_table(
    "survey",
    metadata,
    Column("name", Text, primary_key=True),
    Column("households", Integer, nullable=False),
    Column("people", Integer, nullable=False),
    Column("variables", Document, nullable=False),
    Column("sha256", Text, nullable=False),
)
"""Imported surveys; what is in them lies in the site's folder, by digest."""

SCHEMA = BlockSchema("rules", metadata, Path(__file__).parents[1] / "migrations")
