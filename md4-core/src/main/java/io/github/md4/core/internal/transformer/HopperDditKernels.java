// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.CudaProgram;
import io.github.md4.core.internal.cuda.CudaProgram.Absent;
import io.github.md4.core.internal.cuda.CudaProgram.Grid;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The DDiT kind's forward pass in bfloat16 with attention and products of our own and {@code
 * ddit.cu} between them. What is added to the products of queries and keys, and positions that see
 * others before them, are left to TorchScript.
 *
 * <p>N rows: positions of all examples, or chosen ones.
 */
final class HopperDditKernels extends DditKernels {
  private static final int WIDEST = 2048;
  private static final int PACK = 8;
  private static final int LANES = 32;
  private static final int WARPS = 4;
  private static final int LANES_OF_PRODUCT = 8;

  /** Where a block's vectors are: for each branch its shift, its scale behind it, and its gate. */
  private static final int ATTENTION_SHIFT = 0;

  private static final int ATTENTION_GATE = 2;
  private static final int FEED_FORWARD_SHIFT = 3;
  private static final int FEED_FORWARD_GATE = 5;

  /** Weights of a branch before those of its norm. */
  private static final int ATTENTION_WEIGHTS = 2;

  private static final int FEED_FORWARD_WEIGHTS = 4;
  private static final int HEAD_WEIGHTS = 2;

  private final Options options;
  private final NDManager manager;
  private final BufferPool pool;
  private final CudaProgram program;
  private final AttentionKernels attention;
  private final Products products;
  private Optional<NDList> stacked = Optional.empty();

  private HopperDditKernels(
      NDManager parent,
      Options options,
      BufferPool pool,
      CudaProgram program,
      AttentionKernels attention,
      Products products) {
    super(PieceKernels.forInference(parent, RESOURCE, options.constants()));
    this.options = options;
    this.manager = parent.newSubManager();
    this.pool = pool;
    this.program = program;
    this.attention = attention;
    this.products = products;
  }

  /**
   * Returns these kernels; empty but for bfloat16, Hopper, heads of width 64 or 128, and widths up
   * to 2,048.
   */
  static Optional<DditKernels> find(NDManager parent, Options options) {
    return options.precision() == Precision.BFLOAT16 && width(options) <= WIDEST
        ? CudaDevice.forKernels(parent).flatMap(device -> on(device, parent, options))
        : Optional.empty();
  }

  private static int width(Options options) {
    return options.heads() * options.headWidth();
  }

  private static Optional<DditKernels> on(CudaDevice device, NDManager parent, Options options) {
    FusedKernels.Options fused =
        new FusedKernels.Options(
            ofTransformer(options), TransformerKernels.Dropout.NONE, Precision.BFLOAT16);
    CudaBackend backend = new CudaBackend.Frozen(device, fused);
    BufferPool pool = new BufferPool.Fresh(parent, options.precision());
    Optional<AttentionKernels> attention = backend.ownAttention(parent, pool);
    if (attention.isEmpty()) {
      pool.close();
      return Optional.empty();
    }
    CudaProgram program =
        CudaProgram.compileForHopper(
            Nvrtc.find().orElseThrow(),
            device,
            TorchScript.resource(HopperDditKernels.class, "ddit.cu"),
            Map.of("D", width(options), "W", options.headWidth()));
    return Optional.of(
        new HopperDditKernels(
            parent,
            options,
            pool,
            program,
            attention.orElseThrow(),
            backend.products(parent, pool).orElseThrow()));
  }

  /** Returns what attention and products have to know; the activation is none of theirs. */
  private static TransformerKernels.Options ofTransformer(Options options) {
    return new TransformerKernels.Options(
        options.precision(),
        Activation.SWIGLU,
        options.heads(),
        options.heads(),
        options.headWidth(),
        false,
        options.epsilon());
  }

  /**
   * The output of a branch before it is added to the stream.
   *
   * @param y [N, D]
   * @param bias of y, [D], or absent
   * @param modulation [B, k, 1, D] or [N, k, D], in which the gate is at an index
   */
  private record Ending(NDArray y, Object bias, Hidden modulation, int gate) {}

  /**
   * The norm that a branch begins with.
   *
   * @param norm its weight and, if it has one, bias
   * @param modulation [B, k, 1, D] or [N, k, D], in which the shift is at an index
   */
  private record Entering(List<NDArray> norm, Hidden modulation, int shift) {}

  private static Ending ofAttention(NDArray y, Hidden modulation) {
    return new Ending(y, Absent.ARRAY, modulation, ATTENTION_GATE);
  }

  private static Ending ofFeedForward(NDArray y, NDList weights, Hidden modulation) {
    return new Ending(y, weights.get(FEED_FORWARD_WEIGHTS - 1), modulation, FEED_FORWARD_GATE);
  }

  private static Entering toAttention(NDList weights, Hidden modulation) {
    return new Entering(norm(weights, ATTENTION_WEIGHTS), modulation, ATTENTION_SHIFT);
  }

  private static Entering toFeedForward(NDList weights, Hidden modulation) {
    return new Entering(norm(weights, FEED_FORWARD_WEIGHTS), modulation, FEED_FORWARD_SHIFT);
  }

  private static List<NDArray> norm(NDList weights, int before) {
    return weights.subList(before, weights.size());
  }

  @Override
  public Hidden blocks(
      NDManager outer,
      Hidden stream,
      NDArray condition,
      List<Block> blocks,
      NDList places,
      Recording recording) {
    if (blocks.isEmpty() || places.size() > 2) {
      return super.blocks(outer, stream, condition, blocks, places, recording);
    }
    try (NDManager scope = outer.newSubManager()) {
      List<Hidden> modulations = modulations(scope, condition, blocks);
      NDArray input =
          normed(scope, stream.array, toAttention(blocks.get(0).attention(), modulations.get(0)));
      NDList begun = new NDList(stream.array, input);
      for (int i = 0; i < blocks.size(); i++) {
        Optional<Entering> next =
            i + 1 < blocks.size()
                ? Optional.of(toAttention(blocks.get(i + 1).attention(), modulations.get(i + 1)))
                : Optional.empty();
        begun = block(scope, begun, modulations.get(i), blocks.get(i), places, next);
      }
      Hidden h = new Hidden(begun.get(0));
      h.attach(outer);
      return h;
    }
  }

  /**
   * Returns the stream after a block and, if another branch is next, that branch's input.
   *
   * @param begun the stream before the block and the block's input, which nothing else reads
   */
  private NDList block(
      NDManager outer,
      NDList begun,
      Hidden modulation,
      Block block,
      NDList places,
      Optional<Entering> next) {
    try (begun;
        NDManager scope = outer.newSubManager()) {
      NDArray attended = attended(scope, begun.get(0), begun.get(1), block.attention(), places);
      NDList between =
          joined(
              scope,
              begun.get(0),
              ofAttention(attended, modulation),
              toFeedForward(block.feedForward(), modulation));
      NDArray fed = fed(scope, between.get(1), block.feedForward());
      Ending ending = ofFeedForward(fed, block.feedForward(), modulation);
      NDList after =
          next.map(entering -> joined(scope, between.get(0), ending, entering))
              .orElseGet(() -> new NDList(added(scope, between.get(0), ending)));
      after.attach(outer);
      return after;
    }
  }

  @Override
  public NDArray condition(NDManager scope, NDArray features, NDList weights) {
    if (!isInPacks(weights.get(0)) || !isInPacks(weights.get(2))) {
      return super.condition(scope, features, weights);
    }
    NDArray first = dense(scope, features, weights.get(0), weights.get(1));
    return dense(scope, first, weights.get(2), weights.get(3));
  }

  private static boolean isInPacks(NDArray w) {
    return w.getShape().get(1) % PACK == 0;
  }

  private NDArray dense(NDManager scope, NDArray x, NDArray w, NDArray b) {
    int examples = (int) x.getShape().get(0);
    int out = (int) w.getShape().get(0);
    NDArray y = pool.floats(scope, x, examples, out);
    int in = (int) w.getShape().get(1);
    program.launchEarly("dense", products(out), x, w, b, y, in, out, examples);
    return y;
  }

  /** Returns the blocks of threads for products of few examples with so many rows of weights. */
  private static Grid products(int rows) {
    return Grid.of((long) rows * LANES_OF_PRODUCT);
  }

  @Override
  public Hidden modulation(NDManager scope, NDArray condition, NDList weights) {
    return weights.isEmpty() || !isInPacks(weights.get(0))
        ? super.modulation(scope, condition, weights)
        : modulations(scope, condition, weights, 1).get(0);
  }

  /**
   * Returns the vectors of blocks, made at once: alone each is a launch that takes longer than what
   * it computes.
   *
   * @param weights w and b of all, one behind the other
   */
  private List<Hidden> modulations(NDManager scope, NDArray condition, NDList weights, int blocks) {
    int examples = (int) condition.getShape().get(0);
    int in = (int) condition.getShape().get(1);
    int rows = (int) weights.get(1).getShape().size();
    int out = rows / blocks;
    NDList made = pieces.call(scope, "vectors", condition, blocks, out / width(options));
    program.launchEarly(
        "modulations",
        products(rows),
        condition,
        weights.get(0),
        weights.get(1),
        made.get(0),
        in,
        out,
        rows,
        examples);
    return made.stream().map(Hidden::new).toList();
  }

  /** Returns the six vectors of each block. */
  private List<Hidden> modulations(NDManager scope, NDArray condition, List<Block> blocks) {
    return options.isAdaptive() && isInPacks(blocks.get(0).modulation().get(0))
        ? modulations(scope, condition, stacked(blocks), blocks.size())
        : blocks.stream().map(block -> modulation(scope, condition, block.modulation())).toList();
  }

  /** Returns the weights of all blocks' modulations, which are put together once. */
  private synchronized NDList stacked(List<Block> blocks) {
    if (stacked.isEmpty()) {
      List<NDArray> w = blocks.stream().map(block -> block.modulation().get(0)).toList();
      List<NDArray> b = blocks.stream().map(block -> block.modulation().get(1)).toList();
      stacked = Optional.of(pieces.call(manager, "stacked", w, b));
    }
    return stacked.orElseThrow();
  }

  @Override
  public Hidden attention(
      NDManager scope, Hidden h, Hidden modulation, NDList weights, NDList places) {
    if (places.size() > 2) {
      return super.attention(scope, h, modulation, weights, places);
    }
    NDArray input = normed(scope, h.array, toAttention(weights, modulation));
    NDArray y = attended(scope, h.array, input, weights, places);
    return new Hidden(added(scope, h.array, ofAttention(y, modulation)));
  }

  @Override
  public Hidden feedForward(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    if (h.array.getShape().size() == 0) {
      return super.feedForward(scope, h, modulation, weights);
    }
    NDArray input = normed(scope, h.array, toFeedForward(weights, modulation));
    NDArray y = fed(scope, input, weights);
    return new Hidden(added(scope, h.array, ofFeedForward(y, weights, modulation)));
  }

  /** Returns a branch's attention before it is added to the stream, [N, D]. */
  private NDArray attended(
      NDManager scope, NDArray h, NDArray input, NDList weights, NDList places) {
    int length = (int) h.getShape().get(1);
    NDArray qkv = product(scope, input, weights.get(0)); // [N, 3 D]
    int rows = (int) qkv.getShape().get(0);
    program.launchEarly(
        "rotate",
        Grid.of(2L * rows * width(options) / (2 * PACK)),
        qkv,
        places.get(0),
        places.get(1),
        length,
        rows);
    return product(scope, attend(scope, qkv, length), weights.get(1));
  }

  /** Returns a branch's feed-forward before its last bias, [N, D]. */
  private NDArray fed(NDManager scope, NDArray input, NDList weights) {
    NDArray hidden = product(scope, input, weights.get(0)); // [N, F]
    NDArray bias = weights.get(1);
    long packs = hidden.getShape().size() / PACK;
    program.launchEarly(
        "biasGelu", Grid.of(packs), hidden, bias, (int) bias.getShape().size() / PACK, packs);
    return product(scope, hidden, weights.get(2));
  }

  /** Launches are queued one after another; what is compiled at the first is compiled once. */
  private synchronized NDArray attend(NDManager scope, NDArray qkv, int length) {
    return attention.attend(scope, qkv, length, 0).get(0);
  }

  private synchronized NDArray product(NDManager scope, NDArray x, NDArray w) {
    return products.product(scope, x, w);
  }

  private NDArray normed(NDManager scope, NDArray h, Entering entering) {
    NDArray input = pieces.array(scope, "inputOf", h);
    launch(h, Optional.empty(), Optional.of(entering), Absent.ARRAY, input);
    return input;
  }

  private NDArray added(NDManager scope, NDArray h, Ending ending) {
    NDArray next = pieces.array(scope, "streamOf", h);
    launch(h, Optional.of(ending), Optional.empty(), next, Absent.ARRAY);
    return next;
  }

  /** Returns the stream after a branch and the input of the next one. */
  private NDList joined(NDManager scope, NDArray h, Ending ending, Entering entering) {
    NDList both = pieces.call(scope, "streamAndInput", h);
    launch(h, Optional.of(ending), Optional.of(entering), both.get(0), both.get(1));
    return both;
  }

  private void launch(
      NDArray h, Optional<Ending> ending, Optional<Entering> entering, Object next, Object input) {
    Hidden modulation =
        ending.map(Ending::modulation).or(() -> entering.map(Entering::modulation)).orElseThrow();
    int rows = (int) (h.getShape().size() / width(options));
    int examples = options.isAdaptive() ? (int) modulation.array.getShape().get(0) : 1;
    program.launchEarly(
        "joined",
        new Grid((rows + WARPS - 1) / WARPS, LANES, WARPS),
        h,
        ending.<Object>map(Ending::y).orElse(Absent.ARRAY),
        ending.map(Ending::bias).orElse(Absent.ARRAY),
        ending.map(end -> vectors(end.modulation)).orElse(Absent.ARRAY),
        ending.map(end -> count(end.modulation)).orElse(0),
        ending.map(Ending::gate).orElse(0),
        entering.<Object>map(enter -> enter.norm.get(0)).orElse(Absent.ARRAY),
        entering.flatMap(this::bias).<Object>map(bias -> bias).orElse(Absent.ARRAY),
        entering.map(enter -> vectors(enter.modulation)).orElse(Absent.ARRAY),
        entering.map(enter -> count(enter.modulation)).orElse(0),
        entering.map(Entering::shift).orElse(0),
        next,
        input,
        rows,
        rows / examples,
        new float[] {(float) options.epsilon()});
  }

  private Optional<NDArray> bias(Entering entering) {
    return options.hasNormBias() ? Optional.of(entering.norm.get(1)) : Optional.empty();
  }

  /** Returns a modulation as an argument. */
  private Object vectors(Hidden modulation) {
    return options.isAdaptive() ? modulation.array : Absent.ARRAY;
  }

  /** Returns how many vectors each example has. */
  private int count(Hidden modulation) {
    return options.isAdaptive() ? (int) modulation.array.getShape().get(1) : 0;
  }

  @Override
  public Hidden modulationOfRows(NDManager scope, Hidden modulation, NDArray rows, Hidden h) {
    Hidden of = hidden(scope, "vectorsOfRows", modulation.array, rows);
    int length = (int) h.array.getShape().get(1);
    gather(modulation, rows, of, length);
    return of;
  }

  @Override
  public Hidden hiddenOfRows(NDManager scope, Hidden h, NDArray rows) {
    Hidden of = hidden(scope, "streamOfRows", h.array, rows);
    gather(h, rows, of, 1);
    return of;
  }

  /** Copies the rows that are {@code rows / length}. */
  private void gather(Hidden from, NDArray rows, Hidden to, int length) {
    long count = rows.size();
    if (count > 0) {
      long packs = to.array.getShape().size() / PACK;
      program.launchEarly(
          "ofRows",
          Grid.of(packs),
          from.array,
          rows,
          to.array,
          (int) (packs / count),
          length,
          packs);
    }
  }

  @Override
  public NDArray head(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    if (h.array.getShape().size() == 0) {
      return super.head(scope, h, modulation, weights);
    }
    Entering entering = new Entering(norm(weights, HEAD_WEIGHTS), modulation, 0);
    NDArray input = normed(scope, h.array, entering);
    return pieces.array(scope, "headOf", input, weights.get(0), weights.get(1));
  }

  @Override
  public String description() {
    return "attention, products of few rows and CUDA kernels of our own between the products";
  }

  @Override
  public void close() {
    products.close();
    attention.close();
    program.close();
    pool.close();
    manager.close();
    super.close();
  }
}
