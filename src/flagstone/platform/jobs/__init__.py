# SPDX-License-Identifier: EUPL-1.2
"""Durable work of a site: news to listeners, schedules, workflows and long batches that outlive a crash."""
