// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.index.NDIndex;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.cuda.CudaGraph;
import io.github.md4.core.internal.cuda.DeviceCopy;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.loss.AskedLoss;
import io.github.md4.core.network.StepDraws;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * {@link FusedForward} without the host: its launches are recorded as a graph for each shape of a
 * call that comes often, and a call is one launch. With few positions the host is what takes the
 * time.
 *
 * <p>The number of rows is rounded up to a power of two, so that few graphs serve calls of any
 * number; the rows that are added are the last position's. A number that comes often gets a graph
 * of its own. Calls are serialised.
 */
final class GraphForward implements FrozenForward {
  /** With more positions the GPU takes longer than the host. */
  private static final int MOST_POSITIONS = 4096;

  /** A graph keeps its logits; this is 256 MiB of them. */
  private static final long MOST_LOGITS = 1L << 26;

  /** The logits of all graphs together; this is 1 GiB of them. */
  private static final long MOST_KEPT = 1L << 28;

  /** Calls of a shape before it is recorded, which takes as long as some twenty calls. */
  static final int CALLS_BEFORE = 8;

  /** After so many calls of a number of rows it has a graph of its own. */
  private static final int MOST_PADDED = 64;

  private static final int MOST_GRAPHS = 32;
  private static final int MOST_COUNTS = 1024;

  /** The head takes as long for fewer rows. */
  private static final int LEAST_ROWS = 16;

  /** From so many on the head's time grows with the rows. */
  private static final int MANY_ROWS = 512;

  private final NDManager manager;
  private final FusedForward forward;
  private final RecordingStream stream;
  private final int callsBefore;
  private final Optional<GraphSteps> steps;
  private final Map<Size, Integer> calls = new HashMap<>();
  private final Map<Size, Recorded> graphs = new LinkedHashMap<>(MOST_GRAPHS, 0.75f, true);

  /**
   * @param forward closed with this, as is {@code stream}
   * @param callsBefore calls of a shape before it is recorded
   */
  GraphForward(NDManager parent, FusedForward forward, RecordingStream stream, int callsBefore) {
    this.manager = parent.newSubManager();
    this.forward = forward;
    this.stream = stream;
    this.callsBefore = callsBefore;
    this.steps =
        forward
            .steps()
            .map(
                kernels ->
                    new GraphSteps(
                        manager,
                        forward,
                        kernels,
                        stream,
                        Math.min(callsBefore, GraphSteps.CALLS_BEFORE)));
  }

  /** The shape of a call: examples, their length, and rows, rounded up. */
  private record Size(int examples, int length, int rows) {
    static Size of(NDArray zt, NDArray rows) {
      int examples = (int) zt.getShape().get(0);
      int length = (int) zt.getShape().get(1);
      return new Size(examples, length, GraphForward.rows((int) rows.size(), examples * length));
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
  static int rows(int count, int positions) {
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

  @Override
  public synchronized NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    steps.ifPresent(GraphSteps::endGo);
    return recordedSize(Size.of(zt, rows))
        .map(size -> logits(size, zt, condition, rows))
        .orElseGet(() -> forward.logits(zt, condition, rows));
  }

  /** A call that no graph makes takes its losses without the logits in float32. */
  @Override
  public synchronized NDArray losses(
      NDArray zt, Condition condition, NDArray rows, AskedLoss asked) {
    steps.ifPresent(GraphSteps::endGo);
    return recordedSize(Size.of(zt, rows))
        .map(size -> asked.of(logits(size, zt, condition, rows)))
        .orElseGet(() -> forward.losses(zt, condition, rows, asked));
  }

  private NDArray logits(Size size, NDArray zt, Condition condition, NDArray rows) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      FusedCondition uploaded = forward.upload(scope, condition);
      NDArray logits = recorded(size, zt, condition).run(zt, uploaded, rows);
      logits.attach(zt.getManager());
      return logits;
    }
  }

  @Override
  public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> ahead, Inversion inversion) {
    return drawAhead(zt, ahead, inversion, StepViews.ONE);
  }

  private synchronized Iterator<double[]> drawAhead(
      int[] zt, Iterator<Step> ahead, Inversion inversion, StepViews views) {
    return steps
        .map(graphs -> graphs.draw(zt, ahead, inversion, views))
        .orElse(Collections.emptyIterator());
  }

  @Override
  public Optional<StepDraws> with(Guided guided) {
    StepViews views = new StepViews(Optional.of(guided));
    return steps.map(unused -> (zt, ahead, inversion) -> drawAhead(zt, ahead, inversion, views));
  }

  private boolean isLarge(Size size) {
    return size.positions() > MOST_POSITIONS || logits(size) > MOST_LOGITS;
  }

  private long logits(Size size) {
    return (long) size.rows * forward.vocabularySize();
  }

  private long kept() {
    return graphs.keySet().stream().mapToLong(this::logits).sum();
  }

  /** Returns the shape of the graph for calls of a shape; empty where launches make them. */
  private Optional<Size> recordedSize(Size wanted) {
    if (isLarge(wanted)) {
      return Optional.empty();
    }
    int ofShape = counted(wanted.ofAnyRows());
    if (!wanted.isWhole()
        && counted(wanted) > MOST_PADDED
        && kept() + logits(wanted) <= MOST_KEPT) {
      return Optional.of(wanted);
    }
    Optional<Size> serving =
        graphs.keySet().stream()
            .filter(each -> each.serves(wanted))
            .min(Comparator.comparingInt(Size::rows));
    if (serving.isPresent() || ofShape <= callsBefore) {
      return serving;
    }
    return Optional.of(isLarge(wanted.padded()) ? wanted : wanted.padded());
  }

  private int counted(Size size) {
    if (calls.size() == MOST_COUNTS) {
      calls.clear();
    }
    return calls.merge(size, 1, Integer::sum);
  }

  private Recorded recorded(Size size, NDArray zt, Condition condition) {
    Recorded found = graphs.get(size);
    if (found != null && found.generation == forward.generation()) {
      return found;
    }
    if (found != null) {
      graphs.remove(size).close();
    }
    while (graphs.size() == MOST_GRAPHS
        || (!graphs.isEmpty() && kept() + logits(size) > MOST_KEPT)) {
      Size eldest = graphs.keySet().iterator().next();
      graphs.remove(eldest).close();
    }
    Recorded made = new Recorded(size, zt, condition);
    graphs.put(size, made);
    return made;
  }

  /** A graph, and the arrays that it reads and writes. */
  private final class Recorded implements AutoCloseable {
    private final NDManager scope = manager.newSubManager();
    private final NDArray zt;
    private final NDArray rows;
    private final NDArray lastPosition;
    private final FusedCondition condition;
    private final CudaGraph graph;
    private final int generation;
    private NDArray logits;

    Recorded(Size size, NDArray like, Condition example) {
      long[] last = new long[size.rows];
      Arrays.fill(last, size.positions() - 1L);
      this.zt = like.duplicate();
      zt.attach(scope);
      this.rows = scope.create(last);
      this.lastPosition = scope.create(last);
      this.condition = forward.upload(scope, example);
      forward.prepare(size.length);
      stream.run(
          () -> {
            try (NDManager once = scope.newSubManager()) {
              NDArray unused = forward.logits(once, zt, condition, rows);
            }
          });
      this.graph = stream.record(() -> logits = forward.logits(scope, zt, condition, rows));
      this.generation = forward.generation();
    }

    NDArray run(NDArray newZt, FusedCondition newCondition, NDArray newRows) {
      long count = newRows.size();
      DeviceCopy.copy(newZt, zt, 0, zt.size(), Long.BYTES);
      DeviceCopy.copy(newRows, rows, 0, count, Long.BYTES);
      DeviceCopy.copy(lastPosition, rows, count, rows.size() - count, Long.BYTES);
      NDList inputs = condition.inputs();
      NDList given = newCondition.inputs();
      for (int i = 0; i < inputs.size(); i++) {
        NDArray to = inputs.get(i);
        DeviceCopy.copy(given.get(i), to, 0, to.size(), to.getDataType().getNumOfBytes());
      }
      graph.launch();
      try (NDArray view = logits.get(new NDIndex("0:" + count))) {
        return view.duplicate();
      }
    }

    @Override
    public void close() {
      graph.close();
      scope.close();
    }
  }

  @Override
  public Precision residual() {
    return forward.residual();
  }

  @Override
  public String description() {
    return forward.description() + ", as graphs";
  }

  @Override
  public synchronized void close() {
    steps.ifPresent(GraphSteps::close);
    graphs.values().forEach(Recorded::close);
    forward.close();
    stream.close();
    manager.close();
  }
}
