"""What the roles of the pipeline may do: a row per resource type, and the documents that are made of the rows."""

from infra.platforms.eks.pipeline.permissions.deploy import deploy_documents
from infra.platforms.eks.pipeline.permissions.ephemeral import ephemeral_documents
from infra.platforms.eks.pipeline.permissions.preview import preview_documents
from infra.platforms.eks.pipeline.permissions.scope import Scope

__all__ = ["Scope", "deploy_documents", "ephemeral_documents", "preview_documents"]
