// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import com.sun.jna.Memory;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.DeviceAddress;
import io.github.md4.core.internal.cuda.GpuTimeline;
import io.github.md4.core.internal.cuda.Nvrtc;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Products whose gradients by weights may be computed in parts of the sum over rows, where that is
 * faster: a small weight has fewer tiles than the GPU has multiprocessors.
 *
 * <p>The parts are float32 and are added in their order, so a gradient is rounded once. A size is
 * timed when it comes a second time in a row; the rows that a loss chooses vary by step and are
 * never timed. What is then chosen has given libtorch's gradient once.
 */
public final class SplitWeightGradients implements Products {
  private static final int[] PARTS = {2, 3, 4};
  private static final int OCTET = 8;
  private static final int QUAD = 4;
  private static final long MOST_BYTES = 96L << 20;
  private static final long WORKSPACE_BYTES = 32L << 20;

  /** Below this many multiplications, the parts' way through memory takes what they gain. */
  private static final double LEAST_WORK = 1e10;

  private static final int PROPOSALS = 4;
  private static final int MOST_SIZES = 64;

  private final Products whole;
  private final CudaDevice device;
  private final GpuTimeline timeline;
  private final CudaProgram program;
  private final WeightGradientCheck check;
  private final NDManager manager;
  private final List<CublasLt> libraries = new ArrayList<>();
  private final List<CublasLt.Product> products = new ArrayList<>();
  private final Map<Size, Optional<Candidate>> chosen = new HashMap<>();
  private final Map<Weight, Long> rowsBefore = new HashMap<>();
  private Optional<Buffers> buffers = Optional.empty();

  /** The shape of a weight. */
  private record Weight(long in, long out) {}

  /** The shapes of a gradient's factors. */
  private record Size(Weight weight, long rows) {
    boolean canSplit(int parts) {
      return rows % ((long) OCTET * parts) == 0
          && weight.in % OCTET == 0
          && elements() * Float.BYTES * parts <= MOST_BYTES;
    }

    boolean isLarge() {
      return (double) elements() * rows >= LEAST_WORK;
    }

    long elements() {
      return weight.in * weight.out;
    }
  }

  /** An algorithm of a library for a gradient in parts. */
  private record Candidate(CublasLt.Product product, Memory algorithm, int parts) {}

  /** The memory for parts, and that which the library asks for. */
  private record Buffers(NDArray parts, NDArray workspace) {}

  private SplitWeightGradients(
      Products whole, NDManager parent, CudaDevice device, GpuTimeline timeline, Nvrtc compiler) {
    this.whole = whole;
    this.device = device;
    this.timeline = timeline;
    this.manager = parent.newSubManager();
    this.program =
        CudaProgram.compile(
            compiler,
            device,
            TorchScript.resource(SplitWeightGradients.class, "parts.cu"),
            Map.of());
    this.check = new WeightGradientCheck(manager);
    CublasLtLibrary.all().forEach(each -> libraries.add(new CublasLt(each, WORKSPACE_BYTES)));
  }

  /**
   * Returns these products, which leave all but gradients in parts to {@code whole}; {@code whole}
   * where this GPU has no compiler.
   *
   * @param whole closed with these
   */
  public static Products before(Products whole, NDManager parent, CudaDevice device) {
    device.use();
    Optional<Nvrtc> compiler = Nvrtc.find();
    Optional<GpuTimeline> timeline = GpuTimeline.of(parent.getDevice());
    return compiler.isEmpty() || timeline.isEmpty()
        ? whole
        : new SplitWeightGradients(whole, parent, device, timeline.get(), compiler.get());
  }

  @Override
  public NDArray product(NDManager scope, NDArray x, NDArray w) {
    return whole.product(scope, x, w);
  }

  @Override
  public Optional<NDArray> rotated(NDManager scope, NDArray x, NDArray w, NDList rotary) {
    return whole.rotated(scope, x, w, rotary);
  }

  @Override
  public Optional<NDArray> gated(NDManager scope, NDArray x, NDArray w) {
    return whole.gated(scope, x, w);
  }

  @Override
  public Optional<NDArray> inputGradient(NDManager scope, NDArray dy, NDArray w) {
    return whole.inputGradient(scope, dy, w);
  }

  @Override
  public synchronized boolean weightGradient(NDArray dy, NDArray x, NDArray into) {
    Weight weight = new Weight(x.getShape().get(1), dy.getShape().get(1));
    Size size = new Size(weight, x.getShape().get(0));
    Optional<Candidate> found = choice(size, dy, x, into);
    return found.isPresent() ? queue(found.get(), dy, x, into) : whole.weightGradient(dy, x, into);
  }

  /** Returns the parts that are faster than the whole, if there are such and it is known. */
  private Optional<Candidate> choice(Size size, NDArray dy, NDArray x, NDArray into) {
    if (chosen.containsKey(size)) {
      return chosen.get(size);
    }
    Long before = rowsBefore.put(size.weight, size.rows);
    boolean comesAgain = before != null && before == size.rows;
    if (!comesAgain || !size.isLarge() || chosen.size() == MOST_SIZES) {
      return Optional.empty();
    }
    Optional<Candidate> found = faster(size, dy, x, into);
    chosen.put(size, found);
    return found;
  }

  private Optional<Candidate> faster(Size size, NDArray dy, NDArray x, NDArray into) {
    device.use();
    double least = timeline.leastMilliseconds(() -> whole.weightGradient(dy, x, into));
    Map<Candidate, Double> times = new LinkedHashMap<>();
    for (Candidate candidate : candidates(size)) {
      times.put(candidate, timeline.leastMilliseconds(() -> queue(candidate, dy, x, into)));
    }
    return times.keySet().stream()
        .filter(candidate -> times.get(candidate) < least)
        .sorted(Comparator.comparingDouble(times::get))
        .filter(candidate -> queue(candidate, dy, x, into) && check.agrees(dy, x, into))
        .findFirst();
  }

  private List<Candidate> candidates(Size size) {
    List<Candidate> all = new ArrayList<>();
    for (CublasLt library : libraries) {
      for (int parts : PARTS) {
        if (size.canSplit(parts)) {
          CublasLt.Product product =
              library.new Product(size.weight.in, size.weight.out, size.rows, parts);
          products.add(product);
          product
              .proposals(PROPOSALS)
              .forEach(algorithm -> all.add(new Candidate(product, algorithm, parts)));
        }
      }
    }
    return all;
  }

  /** Queues a gradient in parts; returns whether the algorithm can do it. */
  private boolean queue(Candidate candidate, NDArray dy, NDArray x, NDArray into) {
    device.use();
    Buffers memory = buffers();
    boolean isQueued =
        candidate.product.queue(
            candidate.algorithm,
            DeviceAddress.of(x),
            DeviceAddress.of(dy),
            DeviceAddress.of(memory.parts),
            DeviceAddress.of(memory.workspace));
    if (isQueued) {
      int quads = Math.toIntExact(into.size() / QUAD);
      program.launch(
          "addParts", CudaProgram.Grid.of(quads), memory.parts, into, quads, candidate.parts);
    }
    return isQueued;
  }

  private Buffers buffers() {
    if (buffers.isEmpty()) {
      buffers =
          Optional.of(
              new Buffers(
                  manager.create(new Shape(MOST_BYTES), DataType.UINT8),
                  manager.create(new Shape(WORKSPACE_BYTES), DataType.UINT8)));
    }
    return buffers.get();
  }

  @Override
  public void close() {
    device.use();
    products.forEach(CublasLt.Product::close);
    libraries.forEach(CublasLt::close);
    program.close();
    check.close();
    manager.close();
    whole.close();
  }
}
