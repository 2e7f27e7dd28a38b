"""Relations between the columns of a table: found in the data, kept in all that is written."""

from serinette.kinds.series.relations.columns import Columns
from serinette.kinds.series.relations.relations import Relations
from serinette.kinds.series.relations.search import find_relations

__all__ = ["Columns", "Relations", "find_relations"]
