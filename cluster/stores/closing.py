"""Base class that makes an object with a `close` a context manager."""

from __future__ import annotations

from abc import ABC, abstractmethod
from types import TracebackType
from typing import Self


class Closing(ABC):
    """Calls `close` at the end of a `with` block, also after an exception."""

    @abstractmethod
    def close(self) -> None:
        """Closes every connection and ends every thread of the object."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
