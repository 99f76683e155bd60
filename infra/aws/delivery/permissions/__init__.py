"""What the roles of the pipeline may do: a row per resource type, and the documents that are made of the rows."""

from infra.aws.delivery.permissions.deploy import deploy_documents
from infra.aws.delivery.permissions.ephemeral import ephemeral_documents
from infra.aws.delivery.permissions.preview import preview_documents
from infra.aws.delivery.permissions.scope import Scope

__all__ = ["Scope", "deploy_documents", "ephemeral_documents", "preview_documents"]
