from tests.unit.components.conftest import cluster

__all__ = ["cluster"]
