// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * A pool of the arrays that a forward pass writes its results into. Contents are uninitialised.
 *
 * <p>N rows, D width.
 */
public interface BufferPool extends AutoCloseable {

  /**
   * Returns buffers for a residual stream [N, D] of h's type, a branch's input [N, D] of x's type,
   * and moments float32 [N, 2].
   *
   * @param rows N
   */
  NDList residualBuffers(NDManager scope, NDArray h, NDArray x, int rows);

  /**
   * Returns buffers for a branch's input [N, D] in the products' type and moments float32 [N, 2],
   * for h [N, D].
   */
  NDList normBuffers(NDManager scope, NDArray h);

  /** Returns a buffer [N, columns] of the type of x [N, .]. */
  NDArray columns(NDManager scope, NDArray x, int columns);

  /**
   * Returns {@link #columns} for what a branch has inside: queries, keys and values, or the gated
   * product. Nobody reads it any more when the next branch asks for its own.
   */
  default NDArray inside(NDManager scope, NDArray x, int columns) {
    return columns(scope, x, columns);
  }

  /** Returns a buffer float32 [rows, columns] on the device of x. */
  NDArray floats(NDManager scope, NDArray x, int rows, int columns);

  @Override
  void close();

  /**
   * The TorchScript function that makes a buffer. The number of chosen rows differs slightly
   * between steps; memory is allocated in multiples of 1024 rows, so that steps reuse each other's
   * memory.
   */
  String ROWS =
      """
      def rows(self: __torch__.M, x: Tensor, rows: int, columns: int, type: int) -> Tensor:
        capacity = (rows + 1023) // 1024 * 1024
        return torch.slice(torch.empty([capacity, columns], dtype=type, device=x.device), 0, 0, rows)
      """;

  /** The TorchScript functions of the buffers of a forward pass. */
  String TEXT =
      ROWS
          + """
      def residualBuffers(self: __torch__.M, h: Tensor, x: Tensor, rows: int) -> List[Tensor]:
        stream = self.rows(h, rows, h.size(1), h.dtype)
        return [stream, self.rows(h, rows, h.size(1), x.dtype), self.rows(h, rows, 2, 6)]
      def normBuffers(self: __torch__.M, h: Tensor) -> List[Tensor]:
        return [self.rows(h, h.size(0), h.size(1), self.dtype), self.rows(h, h.size(0), 2, 6)]
      def columns(self: __torch__.M, x: Tensor, columns: int) -> Tensor:
        return self.rows(x, x.size(0), columns, x.dtype)
      def numbers(self: __torch__.M, x: Tensor, count: int, type: int) -> Tensor:
        return torch.empty([count], dtype=type, device=x.device)
      def firstRows(self: __torch__.M, x: Tensor, rows: int, columns: int) -> Tensor:
        return torch.slice(x, 0, 0, rows * columns).view([rows, columns])
      """;

  /** New arrays at each request, which belong to the scope. */
  final class Fresh implements BufferPool {
    private final TorchScript script;

    /**
     * @param products the products' type
     */
    public Fresh(NDManager parent, Precision products) {
      this.script = TorchScript.load(parent, Map.of("dtype", products.scalarType), TEXT);
    }

    @Override
    public NDList residualBuffers(NDManager scope, NDArray h, NDArray x, int rows) {
      return script.run(scope, "residualBuffers", h, x, rows);
    }

    @Override
    public NDList normBuffers(NDManager scope, NDArray h) {
      return script.run(scope, "normBuffers", h);
    }

    @Override
    public NDArray columns(NDManager scope, NDArray x, int columns) {
      return script.run(scope, "columns", x, columns).singletonOrThrow();
    }

    @Override
    public NDArray floats(NDManager scope, NDArray x, int rows, int columns) {
      int type = Precision.FLOAT32.scalarType;
      return script.run(scope, "rows", x, rows, columns, type).singletonOrThrow();
    }

    @Override
    public void close() {
      script.close();
    }
  }

  /**
   * The same buffers for every block. The next block reads a block's stream and output before it
   * overwrites them; a branch's input is read before the next one is made, so both branches have
   * one, and one for what they have inside. The buffers belong to the pool.
   */
  final class Reused implements BufferPool {
    private static final int MOST_VIEWS = 16;

    /** Memory is allocated for multiples of so many rows. */
    private static final long CAPACITY = 1024;

    private final NDManager manager;
    private final int stream;
    private final int products;
    private final TorchScript script;
    private final Map<Slot, Buffer> buffers = new HashMap<>();
    private final Map<Kind, Integer> given = new EnumMap<>(Kind.class);
    private int generation;

    /**
     * @param stream the type of the residual stream; {@code products}, the type of all other
     *     buffers
     */
    public Reused(NDManager parent, Precision stream, Precision products) {
      this.manager = parent.newSubManager();
      this.stream = stream.scalarType;
      this.products = products.scalarType;
      this.script = TorchScript.load(manager, Map.of("dtype", products.scalarType), TEXT);
    }

    private enum Kind {
      STREAM,
      INPUT,
      INSIDE,
      MOMENTS,
      OUTPUT,
      FLOATS
    }

    private static final Slot INPUT = new Slot(Kind.INPUT, 0, 0);
    private static final Slot INSIDE = new Slot(Kind.INSIDE, 0, 0);

    /** The place of a buffer in a block: the index-th of its kind. */
    private record Slot(Kind kind, int index, int columns) {}

    /** Returns a number that changes when a buffer takes the place of a smaller one. */
    public int generation() {
      return generation;
    }

    /** Starts a block: the next requests return the first buffer of each kind again. */
    public void rewind() {
      given.clear();
    }

    @Override
    public NDList residualBuffers(NDManager scope, NDArray h, NDArray x, int rows) {
      int width = (int) h.getShape().get(1);
      NDArray of = next(Kind.STREAM, h, rows, width, stream);
      return new NDList(of).addAll(inputAndMoments(h, rows, width));
    }

    @Override
    public NDList normBuffers(NDManager scope, NDArray h) {
      int unused = count(Kind.STREAM); // the stream is the caller's own
      return inputAndMoments(h, (int) h.getShape().get(0), (int) h.getShape().get(1));
    }

    private NDList inputAndMoments(NDArray h, int rows, int width) {
      return new NDList(
          buffer(INPUT, h, rows, width, products),
          next(Kind.MOMENTS, h, rows, 2, Precision.FLOAT32.scalarType));
    }

    @Override
    public NDArray columns(NDManager scope, NDArray x, int columns) {
      return next(Kind.OUTPUT, x, (int) x.getShape().get(0), columns, products);
    }

    @Override
    public NDArray inside(NDManager scope, NDArray x, int columns) {
      return buffer(INSIDE, x, (int) x.getShape().get(0), columns, products);
    }

    @Override
    public NDArray floats(NDManager scope, NDArray x, int rows, int columns) {
      return next(Kind.FLOATS, x, rows, columns, Precision.FLOAT32.scalarType);
    }

    /** Returns the index of the next buffer of a kind. */
    private int count(Kind kind) {
      return given.merge(kind, 1, Integer::sum) - 1;
    }

    private NDArray next(Kind kind, NDArray like, int rows, int columns, int type) {
      return buffer(new Slot(kind, count(kind), columns), like, rows, columns, type);
    }

    private NDArray buffer(Slot slot, NDArray like, int rows, int columns, int type) {
      long numbers = (rows + CAPACITY - 1) / CAPACITY * CAPACITY * columns;
      Buffer buffer = buffers.get(slot);
      if (buffer == null || buffer.numbers < numbers) {
        if (buffer != null) {
          buffer.close();
          generation++;
        }
        buffer = new Buffer(like, numbers, type);
        buffers.put(slot, buffer);
      }
      return buffer.of(rows, columns);
    }

    /** The memory of one buffer, and the views of its first numbers that were requested. */
    private final class Buffer {
      private final long numbers;
      private final NDArray whole;
      private final Map<Shape, NDArray> views = new HashMap<>();

      Buffer(NDArray like, long numbers, int type) {
        this.numbers = numbers;
        this.whole = script.run(manager, "numbers", like, numbers, type).singletonOrThrow();
      }

      NDArray of(int rows, int columns) {
        Shape shape = new Shape(rows, columns);
        if (views.size() == MOST_VIEWS && !views.containsKey(shape)) {
          closeViews();
        }
        return views.computeIfAbsent(
            shape,
            each -> script.run(manager, "firstRows", whole, rows, columns).singletonOrThrow());
      }

      private void closeViews() {
        views.values().forEach(NDArray::close);
        views.clear();
      }

      void close() {
        closeViews();
        whole.close();
      }
    }

    @Override
    public void close() {
      script.close();
      manager.close();
    }
  }
}
