// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Memory;
import com.sun.jna.Pointer;
import io.github.md4.core.DeviceException;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.DeviceAddress;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.torch.CublasLt.Sizes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The large products of training in bfloat16, by cuBLASLt with the algorithm that is fastest here:
 * the first call of a shape times those that each library proposes.
 *
 * <p>Sums are float32. Different algorithms add them up in different orders. All arrays are
 * contiguous.
 */
public final class TunedProducts implements Products {
  private static final long WORKSPACE_BYTES = 32L << 20;

  /** Below this many multiplications, a product takes less than some 10 us whatever is chosen. */
  private static final double LEAST_WORK = 2e9;

  private static final int PROPOSALS = 16;
  private static final double NEAR = 0.125;

  private final CudaDevice device;
  private final GpuTimeline timeline;
  private final List<CublasLt> libraries;
  private final BufferPool pool;
  private final Products others;
  private final NDManager manager;
  private final NDArray workspace;
  private final List<Choice> chosen = new ArrayList<>();
  private final List<CublasLt.Product> products = new ArrayList<>();

  /**
   * The choice for the first shape of those that are nearly the same.
   *
   * @param fastest the candidate; empty where libtorch computes the product
   */
  private record Choice(Sizes sizes, Optional<Candidate> fastest) {}

  /**
   * An algorithm of a library.
   *
   * @param product the product of the shape for which it was proposed, kept open
   */
  private record Candidate(CublasLt library, CublasLt.Product product, Memory algorithm) {}

  private TunedProducts(
      NDManager parent,
      CudaDevice device,
      GpuTimeline timeline,
      List<CublasLt> libraries,
      BufferPool pool) {
    this.manager = parent.newSubManager();
    this.device = device;
    this.timeline = timeline;
    this.libraries = libraries;
    this.pool = pool;
    this.others = new Products.Script(parent, pool);
    this.workspace = manager.create(new Shape(WORKSPACE_BYTES), DataType.UINT8);
  }

  /**
   * Returns these products; empty where there is no library.
   *
   * @throws DeviceException if the user names a library that cannot be used
   */
  public static Optional<Products> find(NDManager parent, CudaDevice device, BufferPool pool) {
    return of(CublasLtLibrary.all(), parent, device, pool);
  }

  /** As {@link #find}, by these libraries. */
  static Optional<Products> of(
      List<CublasLtLibrary> libraries, NDManager parent, CudaDevice device, BufferPool pool) {
    device.use();
    Optional<GpuTimeline> timeline = GpuTimeline.of(parent.getDevice());
    if (timeline.isEmpty() || libraries.isEmpty()) {
      return Optional.empty();
    }
    List<CublasLt> started =
        libraries.stream().map(library -> new CublasLt(library, WORKSPACE_BYTES)).toList();
    return Optional.of(new TunedProducts(parent, device, timeline.get(), started, pool));
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
    Call call = new Call(a, b, into);
    Choice choice = choice(sizes, call);
    if (choice.fastest.isEmpty()) {
      return false;
    }
    Candidate fastest = choice.fastest.get();
    if (choice.sizes.equals(sizes)) {
      return call.queue(fastest.product, fastest.algorithm);
    }
    try (CublasLt.Product product = fastest.library.new Product(sizes)) {
      return call.queue(product, fastest.algorithm);
    }
  }

  private static boolean isLarge(Sizes sizes) {
    return (double) sizes.m() * sizes.n() * sizes.k() >= LEAST_WORK;
  }

  /** Returns the choice for sizes that are nearly the same, since chosen rows vary by step. */
  private Choice choice(Sizes sizes, Call call) {
    return chosen.stream()
        .filter(choice -> isNear(choice.sizes, sizes))
        .findFirst()
        .orElseGet(
            () -> {
              Choice found = fastest(sizes, call);
              chosen.add(found);
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

  /** The addresses of two factors and their product. */
  private final class Call {
    private final long a;
    private final long b;
    private final long into;

    Call(NDArray a, NDArray b, NDArray into) {
      this.a = DeviceAddress.of(a);
      this.b = DeviceAddress.of(b);
      this.into = DeviceAddress.of(into);
    }

    boolean queue(CublasLt.Product product, Pointer algorithm) {
      return product.queue(algorithm, a, b, into, DeviceAddress.of(workspace));
    }

    /** Returns the milliseconds of one product; infinity where the algorithm cannot do it. */
    double milliseconds(Candidate candidate) {
      return timeline.leastMilliseconds(() -> queue(candidate.product, candidate.algorithm));
    }
  }

  private Choice fastest(Sizes sizes, Call call) {
    Map<Candidate, Double> times = new LinkedHashMap<>();
    for (CublasLt library : libraries) {
      CublasLt.Product product = library.new Product(sizes);
      product.proposals(PROPOSALS).stream()
          .map(algorithm -> new Candidate(library, product, algorithm))
          .forEach(candidate -> times.put(candidate, call.milliseconds(candidate)));
      products.add(product);
    }
    return new Choice(
        sizes,
        times.keySet().stream()
            .filter(candidate -> Double.isFinite(times.get(candidate)))
            .min(Comparator.comparingDouble(times::get)));
  }

  @Override
  public void close() {
    device.use();
    products.forEach(CublasLt.Product::close);
    libraries.forEach(CublasLt::close);
    others.close();
    manager.close();
  }
}
