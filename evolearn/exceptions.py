"""The errors and warnings of evolearn."""


class SearchError(RuntimeError):
    """Raised by ``fit`` when not a single candidate could be fitted, but for want of time.

    The message groups the failed candidates by the reason of their failure. With
    ``replay=True`` also raised if a model of the earlier run cannot be fitted again.

    Examples
    --------
    >>> from evolearn import SearchError
    >>> issubclass(SearchError, RuntimeError)
    True
    """


class EvolearnWarning(UserWarning):
    """Something about a search that its user should know, though it went on.

    Examples
    --------
    >>> from evolearn import EvolearnWarning
    >>> issubclass(EvolearnWarning, UserWarning)
    True
    """


class OnnxExportError(ValueError):
    """Raised by ``to_onnx`` if a model has no ONNX form, or that predicts something else.

    Examples
    --------
    >>> from evolearn import OnnxExportError
    >>> issubclass(OnnxExportError, ValueError)
    True
    """


class ModelFileError(ValueError):
    """Raised by ``evolearn.load`` if a file is damaged, or is no model file that it can read.

    Examples
    --------
    >>> from evolearn import ModelFileError
    >>> issubclass(ModelFileError, ValueError)
    True
    """


class CodeExportError(ValueError):
    """Raised by ``to_code`` if a model cannot be written as code that predicts the same.

    Examples
    --------
    >>> from evolearn import CodeExportError
    >>> issubclass(CodeExportError, ValueError)
    True
    """
