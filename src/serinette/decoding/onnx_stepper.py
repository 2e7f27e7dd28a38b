"""The default stepper: ONNX Runtime on one thread, in fp32 or in whole numbers.

Shape letters: `B` rows, `T` steps, `C` context fields, `F` fields of a step, `L` layers,
`H` hidden, `V` symbols.

To the bit, a row's logits depend neither on the rows beside it nor on how its steps are cut into
calls: ONNX Runtime packs the constant weights when the graph is loaded, and its packed matrix
product sums every row in the same order whatever the number of rows. Sums of whole numbers are
exact in any order. The test suite checks both for 1 to 64 rows.
"""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float32, Int

from serinette.core.errors import ArtifactError
from serinette.core.schema import Schema
from serinette.nets.config import predicted_symbols

_OUTPUTS = ["logits", "h_out", "c_out"]
_MOST_BINDINGS = 64


@dataclass(eq=False)
class _Buffers:
    """Memory for one state, lent by a pool and given back when nobody holds the state."""

    h: Float32[np.ndarray, "L B H"]
    c: Float32[np.ndarray, "L B H"]
    pool: "list[_Buffers]"


class OnnxState:
    """State of an `OnnxStepper`. Its memory is used again once nobody holds it."""

    __slots__ = ("_buffers", "context")

    def __init__(self, buffers: _Buffers, context: Int[np.ndarray, "B C"]) -> None:
        self._buffers = buffers
        self.context = context

    def __del__(self) -> None:
        self._buffers.pool.append(self._buffers)

    @property
    def n_rows(self) -> int:
        """How many sequences."""
        return len(self.context)

    @property
    def buffers(self) -> _Buffers:
        """The arrays; to be read only while this state is held."""
        return self._buffers

    def select(self, rows: Int[np.ndarray, " R"]) -> "OnnxState":
        """Keep `rows`, in that order; a row may repeat."""
        kept = _Buffers(self._buffers.h[:, rows], self._buffers.c[:, rows], [])
        return OnnxState(kept, self.context[rows])

    def join(self, other: "OnnxState") -> "OnnxState":
        """Put the rows of `other` after these."""
        one, two = self._buffers, other.buffers
        h = np.concatenate([one.h, two.h], axis=1)
        c = np.concatenate([one.c, two.c], axis=1)
        return OnnxState(_Buffers(h, c, []), np.concatenate([self.context, other.context]))


class OnnxStepper:
    """Runs the step graph of an artifact. One thread at a time may use it.

    Args:
        graph: The ONNX file's content, as `artifact.step_graph` or `artifact.int8_graph` writes it.
        schema: What the artifact says that the graph reads and writes.
        n_threads: Threads of one matrix product. They change the speed and no bit of the result: at
            batch 64 and on idle cores two are 1.4 to 1.6 times as fast as one.

    Raises:
        ArtifactError: If ONNX Runtime does not accept the graph, or it is not a step graph.
    """

    def __init__(self, graph: bytes, schema: Schema, n_threads: int = 1) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        # A second thread that spins while it waits is a fifth faster on an idle machine, slower
        # than none on a busy one, and takes a fifth from what runs next (measured on 2 cores).
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 4  # errors come back as exceptions; nothing on stderr
        try:
            session = onnxruntime.InferenceSession(
                graph, options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # ONNX Runtime's exceptions have no public base class
            raise ArtifactError(
                f"the step graph cannot be loaded: {_first_line(error)}; export the model again"
            ) from error
        self.schema = schema
        self._shape = _state_shape(session, schema)
        self._takes_one_step = session.get_inputs()[0].shape[0] == 1
        self._session = session
        self._single: _SingleStep | None = None

    def start(self, context: Int[np.ndarray, "B C"], noise: None = None) -> OnnxState:
        """Return the all-zero state of `len(context)` rows."""
        n_layers, hidden_size = self._shape
        zeros = np.zeros((n_layers, len(context), hidden_size), dtype=np.float32)
        buffers = _Buffers(zeros, zeros.copy(), [])
        return OnnxState(buffers, np.ascontiguousarray(context, dtype=np.int64))

    def advance(
        self, steps: Int[np.ndarray, "B T F"], state: OnnxState
    ) -> tuple[Float32[np.ndarray, "B T V"], OnnxState]:
        """Read `steps`. The graph holds the read-out too, so the hidden is the logits."""
        if steps.shape[1] == 1:
            return self._advance_one(steps, state)
        if self._takes_one_step:
            found = []
            for k in range(steps.shape[1]):
                logits, state = self._advance_one(steps[:, k : k + 1], state)
                found.append(logits)
            return np.concatenate(found, axis=1), state
        buffers = state.buffers
        feed = {"symbols": steps[:, :, 0].T, "h": buffers.h, "c": buffers.c}
        if self.schema.context:
            feed["context"] = state.context
        logits, h, c = self._session.run(_OUTPUTS, feed)
        return logits.transpose(1, 0, 2), OnnxState(_Buffers(h, c, []), state.context)

    def _advance_one(
        self, steps: Int[np.ndarray, "B T F"], state: OnnxState
    ) -> tuple[Float32[np.ndarray, "B T V"], OnnxState]:
        single = self._single
        if single is None or single.n_rows != len(steps):
            single = _SingleStep(self._session, self.schema, self._shape, len(steps))
            self._single = single
        buffers, logits = single.run(steps[:, 0, 0], state)
        return logits, OnnxState(buffers, state.context)

    def field(
        self,
        k: int,
        hidden: Float32[np.ndarray, "B T V"],
        drawn: Int[np.ndarray, "B T k"],
    ) -> Float32[np.ndarray, "B T V"]:
        """Return the logits of field `k`; this version's graphs have one field."""
        return hidden


@dataclass(eq=False)
class _Binding:
    """A run of the session on fixed memory, and what keeps that memory alive."""

    binding: Any
    source: _Buffers
    target: _Buffers


@dataclass(eq=False)
class _SingleStep:
    """One step of a fixed number of rows, on memory that is used again and again.

    At H = 256 and one row it saves 8 of the 74 microseconds that `session.run` takes.
    """

    session: Any
    schema: Schema
    state_shape: tuple[int, int]
    n_rows: int
    pool: list[_Buffers] = field(default_factory=list)
    bindings: dict[tuple[int, int], _Binding] = field(default_factory=dict)

    def __post_init__(self) -> None:
        (symbol_field,) = predicted_symbols(self.schema)
        self._symbols = np.zeros((1, self.n_rows), dtype=np.int64)
        self._context = np.zeros((self.n_rows, len(self.schema.context)), dtype=np.int64)
        self._logits = np.zeros((1, self.n_rows, symbol_field.size), dtype=np.float32)

    def run(
        self, symbols: Int[np.ndarray, " B"], state: OnnxState
    ) -> tuple[_Buffers, Float32[np.ndarray, "B 1 V"]]:
        """Read one symbol a row; return the new state's memory and the logits."""
        source = state.buffers
        if source.pool is not self.pool:  # a state made elsewhere: bring it into our memory
            source, made_elsewhere = self._take(), source
            source.h[:], source.c[:] = made_elsewhere.h, made_elsewhere.c
            borrowed = [source]
        else:
            borrowed = []
        target = self._take()
        self._symbols[0] = symbols
        if self.schema.context:
            self._context[:] = state.context
        self.session.run_with_iobinding(self._bind(source, target))
        self.pool += borrowed
        return target, self._logits.copy().transpose(1, 0, 2)

    def _take(self) -> _Buffers:
        if self.pool:
            return self.pool.pop()
        n_layers, hidden_size = self.state_shape
        shape = (n_layers, self.n_rows, hidden_size)
        return _Buffers(
            np.empty(shape, dtype=np.float32), np.empty(shape, dtype=np.float32), self.pool
        )

    def _bind(self, source: _Buffers, target: _Buffers) -> Any:
        known = self.bindings.get((id(source), id(target)))
        if known is not None:
            return known.binding
        if len(self.bindings) >= _MOST_BINDINGS:
            self.bindings.clear()
        binding = self.session.io_binding()
        inputs = {"symbols": self._symbols, "h": source.h, "c": source.c}
        if self.schema.context:
            inputs["context"] = self._context
        outputs = {"logits": self._logits, "h_out": target.h, "c_out": target.c}
        for name, array in inputs.items():
            binding.bind_input(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        for name, array in outputs.items():
            binding.bind_output(name, "cpu", 0, array.dtype, array.shape, array.ctypes.data)
        self.bindings[id(source), id(target)] = _Binding(binding, source, target)
        return binding


def _state_shape(session: object, schema: Schema) -> tuple[int, int]:
    shapes = {value.name: value.shape for value in session.get_inputs()}  # type: ignore[attr-defined]
    expected = {"symbols", "h", "c"} | ({"context"} if schema.context else set())
    if set(shapes) != expected:
        raise ArtifactError(
            f"the step graph reads {', '.join(sorted(shapes))}, not {', '.join(sorted(expected))}; "
            "it belongs to another model: export it again"
        )
    n_layers, _, hidden_size = shapes["h"]
    return n_layers, hidden_size


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
