# SPDX-License-Identifier: EUPL-1.2
"""Private parameters, versions 2 and 3 of their schema, read and written; here they do not differ."""

from __future__ import annotations

from flagstone.blocks.exchange.contract.globalconf import ManagementService, PrivateParameters
from flagstone.blocks.exchange.contract.globalconf_faults import ConfigurationMalformed
from flagstone.blocks.exchange.service.globalconf import elements
from flagstone.blocks.exchange.service.globalconf.anchors import anchor_children, anchor_of
from flagstone.platform.crypto.xml_tree import Node

ROOT = "conf"
ANCHORS_MAX = 200


def read_private(data: bytes) -> PrivateParameters:
    """Return the private parameters of a file; ConfigurationMalformed or XmlRefused."""
    node = elements.read_document(data, ROOT)
    anchors = elements.many(node, "configurationAnchor")
    if len(anchors) > ANCHORS_MAX:
        raise ConfigurationMalformed(f"there are more than {ANCHORS_MAX} anchors")
    return PrivateParameters(
        elements.text(node, "instanceIdentifier"),
        _management(elements.one(node, "managementService")),
        elements.number(node, "timeStampingIntervalSeconds"),
        tuple(map(anchor_of, anchors)),
    )


def write_private(parameters: PrivateParameters) -> bytes:
    """Return private parameters as a file."""
    management = parameters.management
    certificate = management.registration_certificate
    children = [
        elements.leaf("instanceIdentifier", parameters.instance),
        *(elements.group("configurationAnchor", *anchor_children(each)) for each in parameters.anchors),
        elements.group(
            "managementService",
            elements.leaf("authCertRegServiceAddress", management.registration_address),
            *([elements.coded("authCertRegServiceCert", certificate)] if certificate else []),
            elements.client_node("managementRequestServiceProviderId", management.provider),
        ),
        elements.leaf("timeStampingIntervalSeconds", str(parameters.timestamping_seconds)),
    ]
    return elements.write_document(ROOT, children)


def _management(node: Node) -> ManagementService:
    """Return where servers ask to be registered."""
    return ManagementService(
        elements.text(node, "authCertRegServiceAddress"),
        elements.client(elements.one(node, "managementRequestServiceProviderId")),
        elements.optional_octets(node, "authCertRegServiceCert"),
    )
