// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;

/**
 * Gives the arrays that a forward writes its results into; what is in them at first is anything.
 *
 * <p>N rows, D width.
 */
public interface BufferPool extends AutoCloseable {

  /**
   * Returns a stream [N, D] of h's type, an input [N, D] of x's, and moments float32 [N, 2].
   *
   * @param rows N
   */
  NDList entry(NDManager scope, NDArray h, NDArray x, int rows);

  /** Returns an input [N, D] in bfloat16 and moments float32 [N, 2] for h [N, D]. */
  NDList first(NDManager scope, NDArray h);

  /** Returns [N, columns] of the type of x [N, .]. */
  NDArray columns(NDManager scope, NDArray x, int columns);

  @Override
  void close();

  /**
   * The text of what makes an array. Chosen rows are a few more or less at each step: memory is
   * asked for in whole thousands, so that what one step gives back is what the next one takes.
   */
  String ROWS =
      """
      def rows(self: __torch__.M, x: Tensor, rows: int, columns: int, type: int) -> Tensor:
        room = (rows + 1023) // 1024 * 1024
        return torch.slice(torch.empty([room, columns], dtype=type, device=x.device), 0, 0, rows)
      """;

  /** The text of what makes the arrays of a forward. */
  String TEXT =
      ROWS
          + """
      def entry(self: __torch__.M, h: Tensor, x: Tensor, rows: int) -> List[Tensor]:
        stream = self.rows(h, rows, h.size(1), h.dtype)
        return [stream, self.rows(h, rows, h.size(1), x.dtype), self.rows(h, rows, 2, 6)]
      def first(self: __torch__.M, h: Tensor) -> List[Tensor]:
        return [self.rows(h, h.size(0), h.size(1), self.dtype), self.rows(h, h.size(0), 2, 6)]
      def columns(self: __torch__.M, x: Tensor, columns: int) -> Tensor:
        return self.rows(x, x.size(0), columns, x.dtype)
      def part(self: __torch__.M, x: Tensor, rows: int) -> Tensor:
        return torch.slice(x, 0, 0, rows)
      """;

  /** New arrays each time, which belong to the scope. */
  final class Fresh implements BufferPool {
    private final TorchScript script;

    /**
     * @param products the type of a first input
     */
    public Fresh(NDManager parent, Precision products) {
      this.script = TorchScript.load(parent, Map.of("dtype", products.scalarType), TEXT);
    }

    @Override
    public NDList entry(NDManager scope, NDArray h, NDArray x, int rows) {
      return script.run(scope, "entry", h, x, rows);
    }

    @Override
    public NDList first(NDManager scope, NDArray h) {
      return script.run(scope, "first", h);
    }

    @Override
    public NDArray columns(NDManager scope, NDArray x, int columns) {
      return script.run(scope, "columns", x, columns).singletonOrThrow();
    }

    @Override
    public void close() {
      script.close();
    }
  }

  /**
   * The same arrays for every block: what a block leaves, its stream and its output, is read by the
   * next one's first entry before anything is written in their place. They belong to this.
   */
  final class Kept implements BufferPool {
    private static final int MOST_VIEWS = 8;

    private final NDManager manager;
    private final int stream;
    private final int products;
    private final TorchScript script;
    private final Map<Place, Stretch> stretches = new HashMap<>();
    private final Map<Kind, Integer> given = new EnumMap<>(Kind.class);

    /**
     * @param stream the type of the residual stream, {@code products} that of all else
     */
    public Kept(NDManager parent, Precision stream, Precision products) {
      this.manager = parent.newSubManager();
      this.stream = stream.scalarType;
      this.products = products.scalarType;
      this.script = TorchScript.load(manager, Map.of("dtype", products.scalarType), TEXT);
    }

    private enum Kind {
      STREAM,
      INPUT,
      MOMENTS,
      OUTPUT
    }

    /** Which array of a block's: of a kind the index-th. */
    private record Place(Kind kind, int index, int columns) {}

    /** Begins with the first array of each kind again. */
    public void begin() {
      given.clear();
    }

    @Override
    public NDList entry(NDManager scope, NDArray h, NDArray x, int rows) {
      int width = (int) h.getShape().get(1);
      NDArray of = next(Kind.STREAM, h, rows, width, stream);
      return new NDList(of).addAll(inputAndMoments(h, rows, width));
    }

    @Override
    public NDList first(NDManager scope, NDArray h) {
      int unused = count(Kind.STREAM); // it is the caller's own
      return inputAndMoments(h, (int) h.getShape().get(0), (int) h.getShape().get(1));
    }

    private NDList inputAndMoments(NDArray h, int rows, int width) {
      return new NDList(
          next(Kind.INPUT, h, rows, width, products),
          next(Kind.MOMENTS, h, rows, 2, Precision.FLOAT32.scalarType));
    }

    @Override
    public NDArray columns(NDManager scope, NDArray x, int columns) {
      return next(Kind.OUTPUT, x, (int) x.getShape().get(0), columns, products);
    }

    /** Returns the index of the next array of a kind. */
    private int count(Kind kind) {
      return given.merge(kind, 1, Integer::sum) - 1;
    }

    private NDArray next(Kind kind, NDArray like, int rows, int columns, int type) {
      Place place = new Place(kind, count(kind), columns);
      Stretch stretch = stretches.get(place);
      if (stretch == null || stretch.rows < rows) {
        if (stretch != null) {
          stretch.close();
        }
        stretch = new Stretch(like, rows, columns, type);
        stretches.put(place, stretch);
      }
      return stretch.of(rows);
    }

    /** Memory of one array, and its first rows as they have been asked for. */
    private final class Stretch {
      private final int rows;
      private final NDArray whole;
      private final Map<Integer, NDArray> views = new HashMap<>();

      Stretch(NDArray like, int rows, int columns, int type) {
        this.rows = rows;
        this.whole = script.run(manager, "rows", like, rows, columns, type).singletonOrThrow();
      }

      NDArray of(int count) {
        if (count == rows) {
          return whole;
        }
        if (views.size() == MOST_VIEWS && !views.containsKey(count)) {
          closeViews();
        }
        return views.computeIfAbsent(
            count, each -> script.run(manager, "part", whole, each).singletonOrThrow());
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
