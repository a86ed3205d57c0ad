// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.graph;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.internal.cuda.DeviceCopy;
import io.github.md4.core.internal.cuda.RecordingStream;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Calls of a network of sequences without the host: the launches of a pass are recorded as a graph
 * for each shape of a call that comes often, and a call is one launch. With few positions the host
 * is what takes the time.
 *
 * <p>The number of rows is rounded up to a power of two, so that few graphs serve calls of any
 * number; the rows that are added are the last position's. A number that comes often gets a graph
 * of its own. Calls are serialised.
 */
public final class GraphCalls implements AutoCloseable {
  /** With more positions the GPU takes longer than the host. */
  private static final int MOST_POSITIONS = 4096;

  /** A graph keeps its logits; this is 256 MiB of them. */
  private static final long MOST_LOGITS = 1L << 26;

  /** The logits of all graphs together; this is 1 GiB of them. */
  private static final long MOST_KEPT = 1L << 28;

  /** Calls of a shape before it is recorded, which takes as long as some twenty calls. */
  public static final int CALLS_BEFORE = 8;

  /** After so many calls of a number of rows it has a graph of its own. */
  private static final int MOST_PADDED = 64;

  private static final int MOST_GRAPHS = 32;

  /** The head takes as long for fewer rows. */
  private static final int LEAST_ROWS = 16;

  /** From so many on the head's time grows with the rows. */
  private static final int MANY_ROWS = 512;

  private final Pass pass;
  private final int columns;
  private final RecordingStream stream;
  private final int callsBefore;
  private final AskedCounts<Size> calls = new AskedCounts<>();
  private final Set<Size> refused = new HashSet<>();
  private final KeptGraphs<Size, Recorded> graphs;

  /** A pass of a network over arrays that are all on the device. */
  @FunctionalInterface
  public interface Pass {
    /** Returns logits as {@link RecordedPass.Pass#of} does, float32. */
    NDArray logits(NDManager scope, NDArray zt, NDList condition, NDArray rows);

    /** Makes what passes of a length share, which outlives a call. */
    default void prepare(int length) {}

    /** Returns a number that changes when the memory of earlier passes is no longer in use. */
    default int generation() {
      return 0;
    }
  }

  /**
   * @param columns V
   * @param stream closed by the caller, after this
   * @param callsBefore calls of a shape before it is recorded
   */
  public GraphCalls(
      NDManager parent, Pass pass, int columns, RecordingStream stream, int callsBefore) {
    this.pass = pass;
    this.columns = columns;
    this.stream = stream;
    this.callsBefore = callsBefore;
    KeptGraphs.Bounds bounds = new KeptGraphs.Bounds(MOST_GRAPHS, MOST_KEPT);
    this.graphs = new KeptGraphs<>(parent, bounds, this::logits, this::forget);
  }

  /** The shape of a call: examples, their length, and rows, rounded up. */
  private record Size(int examples, int length, int rows) {
    static Size of(NDArray zt, NDArray rows) {
      int examples = (int) zt.getShape().get(0);
      int length = (int) zt.getShape().get(1);
      return new Size(examples, length, GraphCalls.rows((int) rows.size(), examples * length));
    }

    int positions() {
      return examples * length;
    }

    /** Returns whether a call asks for all positions: its rows stand otherwise than others. */
    boolean isWhole() {
      return rows == positions();
    }

    /** Returns the shape with any number of rows. */
    Size ofAnyRows() {
      return isWhole() ? this : new Size(examples, length, 0);
    }

    /** Returns the shape that serves this one and those of some fewer rows. */
    Size padded() {
      int power = Integer.highestOneBit(2 * rows - 1);
      return isWhole() ? this : new Size(examples, length, Math.min(power, positions() - 1));
    }

    /** Returns whether calls of this shape make those of another one, too. */
    boolean serves(Size other) {
      return equals(other)
          || (ofAnyRows().equals(other.ofAnyRows())
              && rows >= other.rows
              && rows <= 2 * other.rows);
    }
  }

  /** Returns the rows of the graph that serves {@code count} rows of all positions. */
  public static int rows(int count, int positions) {
    // A pass at as many rows as positions takes them for all positions.
    return count == positions ? count : Math.min(roundedUp(count), positions - 1);
  }

  /**
   * Returns the rows of the graph that serves {@code rows}: 16, 24, 32, 48, 64, ..., 512, and from
   * there on in eighths, since many rows take longer: 576, 640, ..., 1024, 1152, ...
   */
  static int roundedUp(int rows) {
    int parts = rows < MANY_ROWS ? 2 : 8;
    int part = Math.max(LEAST_ROWS, Integer.highestOneBit(rows)) / parts;
    return Math.max(LEAST_ROWS, (rows + part - 1) / part * part);
  }

  /**
   * Returns logits as {@link Pass#logits} does, attached to the manager of {@code zt}; empty where
   * there is no graph for the shape of the call.
   *
   * @param condition uploads what the condition is computed from
   */
  public synchronized Optional<NDArray> logits(
      NDArray zt, NDArray rows, Function<NDManager, NDList> condition) {
    return isLikeOthers(zt, rows)
        ? recordedSize(Size.of(zt, rows)).flatMap(size -> logits(size, zt, rows, condition))
        : Optional.empty();
  }

  /** Returns whether the arrays of a graph have room for the rows, and are of the same types. */
  private static boolean isLikeOthers(NDArray zt, NDArray rows) {
    return rows.size() > 0
        && rows.size() <= zt.size()
        && zt.getDataType() == DataType.INT64
        && rows.getDataType() == DataType.INT64;
  }

  private Optional<NDArray> logits(
      Size size, NDArray zt, NDArray rows, Function<NDManager, NDList> condition) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDList uploaded = condition.apply(scope);
      Optional<NDArray> logits =
          recorded(size, zt, uploaded).map(graph -> graph.run(zt, uploaded, rows));
      logits.ifPresent(made -> made.attach(zt.getManager()));
      return logits;
    }
  }

  private boolean isLarge(Size size) {
    return size.positions() > MOST_POSITIONS || logits(size) > MOST_LOGITS;
  }

  private long logits(Size size) {
    return (long) size.rows * columns;
  }

  /** It has to come often again: shapes by turns are not recorded at every call. */
  private void forget(Size size) {
    calls.forget(size);
    calls.forget(size.ofAnyRows());
  }

  /** Returns the shape of the graph for calls of a shape; empty where launches make them. */
  private Optional<Size> recordedSize(Size wanted) {
    if (isLarge(wanted) || refused.contains(wanted.ofAnyRows())) {
      return Optional.empty();
    }
    int ofShape = calls.add(wanted.ofAnyRows(), 1);
    if (!wanted.isWhole() && calls.add(wanted, 1) > MOST_PADDED && graphs.hasRoomFor(wanted)) {
      return Optional.of(wanted);
    }
    Optional<Size> serving =
        graphs.keys().filter(each -> each.serves(wanted)).min(Comparator.comparingInt(Size::rows));
    if (serving.isPresent() || ofShape <= callsBefore) {
      return serving;
    }
    return Optional.of(isLarge(wanted.padded()) ? wanted : wanted.padded());
  }

  private Optional<Recorded> recorded(Size size, NDArray zt, NDList condition) {
    Optional<Recorded> graph = graphs.of(size, scope -> new Recorded(scope, size, zt, condition));
    if (graph.isEmpty()) {
      refused.add(size.ofAnyRows());
    }
    return graph;
  }

  /** A graph, and the rows that it reads. */
  private final class Recorded implements KeptGraphs.Graph {
    private final NDArray rows;
    private final NDArray lastPosition;
    private final RecordedPass<NDArray> recorded;
    private final int generation;

    /**
     * @param scope closed with it
     */
    Recorded(NDManager scope, Size size, NDArray like, NDList example) {
      long[] last = new long[size.rows];
      Arrays.fill(last, size.positions() - 1L);
      this.rows = scope.create(last);
      this.lastPosition = scope.create(last);
      pass.prepare(size.length);
      this.recorded = new RecordedPass<>(scope, stream, pass::logits, like, example, rows);
      this.generation = pass.generation();
    }

    NDArray run(NDArray zt, NDList condition, NDArray newRows) {
      long count = newRows.size();
      DeviceCopy.copy(newRows, rows, 0, count, Long.BYTES);
      DeviceCopy.copy(lastPosition, rows, count, rows.size() - count, Long.BYTES);
      NDArray logits = recorded.launch(zt, condition);
      try (NDArray view = logits.get(new NDIndex("0:" + count))) {
        return view.duplicate();
      }
    }

    @Override
    public boolean isValid() {
      return generation == pass.generation();
    }

    @Override
    public void close() {
      recorded.close();
    }
  }

  @Override
  public synchronized void close() {
    graphs.close();
  }
}
