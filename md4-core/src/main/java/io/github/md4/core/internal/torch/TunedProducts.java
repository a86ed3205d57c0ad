// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.DeviceAddress;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.torch.CublasLt.Sizes;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The large products of training in bfloat16, by cuBLASLt with the algorithm that is fastest here:
 * the first call of a shape times those that the library proposes.
 *
 * <p>Sums are float32. Different algorithms add them up in different orders. All arrays are
 * contiguous.
 */
public final class TunedProducts implements Products {
  private static final long WORKSPACE_BYTES = 32L << 20;

  /** Below this many multiplications, a product takes less than some 10 us whatever is chosen. */
  private static final double LEAST_WORK = 2e9;

  private static final int PROPOSALS = 16;
  private static final int REPETITIONS = 3;
  private static final int ROUNDS = 2;
  private static final double NEAR = 0.125;

  private final CudaDevice device;
  private final GpuTimeline timeline;
  private final CublasLt library;
  private final BufferPool pool;
  private final Products others;
  private final NDManager manager;
  private final NDArray workspace;
  private final Map<Sizes, Choice> chosen = new LinkedHashMap<>();

  /**
   * The algorithm for a shape.
   *
   * @param algorithm the fastest; empty where libtorch computes the product
   */
  private record Choice(Optional<Memory> algorithm) {}

  private TunedProducts(
      NDManager parent,
      CudaDevice device,
      GpuTimeline timeline,
      CublasLt library,
      BufferPool pool) {
    this.manager = parent.newSubManager();
    this.device = device;
    this.timeline = timeline;
    this.library = library;
    this.pool = pool;
    this.others = new Products.Script(parent, pool);
    this.workspace = manager.create(new Shape(WORKSPACE_BYTES), DataType.UINT8);
  }

  /** Returns these products; empty where libtorch came without the library. */
  public static Optional<Products> find(NDManager parent, CudaDevice device, BufferPool pool) {
    device.use();
    return GpuTimeline.of(parent.getDevice())
        .flatMap(
            timeline ->
                CublasLt.find(WORKSPACE_BYTES)
                    .map(library -> new TunedProducts(parent, device, timeline, library, pool)));
  }

  @Override
  public NDArray product(NDManager scope, NDArray x, NDArray w) {
    Sizes sizes = new Sizes(true, false, rows(w), rows(x), columns(x));
    return computed(scope, sizes, w, x).orElseGet(() -> others.product(scope, x, w));
  }

  @Override
  public Optional<NDArray> inputGradient(NDManager scope, NDArray dy, NDArray w) {
    return computed(scope, new Sizes(false, false, columns(w), rows(dy), columns(dy)), w, dy);
  }

  @Override
  public boolean weightGradient(NDArray dy, NDArray x, NDArray into) {
    Sizes sizes = new Sizes(false, true, columns(x), columns(dy), rows(x));
    return isLarge(sizes) && computed(sizes, x, dy, into);
  }

  private Optional<NDArray> computed(NDManager scope, Sizes sizes, NDArray a, NDArray b) {
    if (!isLarge(sizes)) {
      return Optional.empty();
    }
    NDArray into = pool.columns(scope, b, (int) sizes.m());
    return computed(sizes, a, b, into) ? Optional.of(into) : Optional.empty();
  }

  private static long rows(NDArray x) {
    return x.getShape().get(0);
  }

  private static long columns(NDArray x) {
    return x.getShape().get(1);
  }

  private synchronized boolean computed(Sizes sizes, NDArray a, NDArray b, NDArray into) {
    device.use();
    try (CublasLt.Product product = library.new Product(sizes)) {
      Call call = new Call(product, a, b, into);
      Choice choice = choice(sizes, call);
      return choice.algorithm.isPresent() && call.queue(choice.algorithm.get());
    }
  }

  private static boolean isLarge(Sizes sizes) {
    return (double) sizes.m() * sizes.n() * sizes.k() >= LEAST_WORK;
  }

  /** Returns the choice for sizes that are nearly the same, since chosen rows vary by step. */
  private Choice choice(Sizes sizes, Call call) {
    return chosen.entrySet().stream()
        .filter(entry -> isNear(entry.getKey(), sizes))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseGet(
            () -> {
              Choice found = fastest(call);
              chosen.put(sizes, found);
              return found;
            });
  }

  private static boolean isNear(Sizes one, Sizes other) {
    return one.transposesA() == other.transposesA()
        && one.transposesB() == other.transposesB()
        && isNear(one.m(), other.m())
        && isNear(one.n(), other.n())
        && isNear(one.k(), other.k());
  }

  private static boolean isNear(long one, long other) {
    return Math.abs(one - other) <= NEAR * Math.max(one, other);
  }

  /** A product of three arrays. */
  private final class Call {
    private final CublasLt.Product product;
    private final long a;
    private final long b;
    private final long into;

    Call(CublasLt.Product product, NDArray a, NDArray b, NDArray into) {
      this.product = product;
      this.a = DeviceAddress.of(a);
      this.b = DeviceAddress.of(b);
      this.into = DeviceAddress.of(into);
    }

    boolean queue(Pointer algorithm) {
      return product.queue(algorithm, a, b, into, DeviceAddress.of(workspace));
    }

    /** Returns the milliseconds of one product; infinity where the algorithm cannot do it. */
    double milliseconds(Pointer algorithm) {
      double least = Double.POSITIVE_INFINITY;
      boolean isPossible = queue(algorithm);
      for (int round = 0; isPossible && round < ROUNDS; round++) {
        try (GpuTimeline.Mark start = timeline.mark()) {
          for (int i = 0; i < REPETITIONS; i++) {
            isPossible &= queue(algorithm);
          }
          try (GpuTimeline.Mark end = timeline.mark()) {
            least = Math.min(least, start.millisecondsTo(end) / REPETITIONS);
          }
        }
      }
      return isPossible ? least : Double.POSITIVE_INFINITY;
    }
  }

  private Choice fastest(Call call) {
    List<Memory> proposals = call.product.proposals(PROPOSALS);
    Map<Memory, Double> times = new HashMap<>();
    proposals.forEach(algorithm -> times.put(algorithm, call.milliseconds(algorithm)));
    return new Choice(
        proposals.stream()
            .filter(algorithm -> Double.isFinite(times.get(algorithm)))
            .min(Comparator.comparingDouble(times::get)));
  }

  @Override
  public void close() {
    device.use();
    library.close();
    others.close();
    manager.close();
  }
}
