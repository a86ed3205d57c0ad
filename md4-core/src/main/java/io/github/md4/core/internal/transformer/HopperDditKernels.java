// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.torch.BufferPool;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Products;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.DditProgram.Ending;
import io.github.md4.core.internal.transformer.DditProgram.Entering;
import java.util.List;
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

  /** Where a block's vectors are: for each branch its shift, its scale behind it, and its gate. */
  private static final int ATTENTION_SHIFT = 0;

  private static final int ATTENTION_GATE = 2;
  private static final int FEED_FORWARD_SHIFT = 3;
  private static final int FEED_FORWARD_GATE = 5;

  /** Weights of a branch before those of its norm. */
  private static final int ATTENTION_WEIGHTS = 2;

  private static final int FEED_FORWARD_WEIGHTS = 4;
  private static final int HEAD_WEIGHTS = 2;

  private final CudaDevice device;
  private final Options options;
  private final NDManager manager;
  private final BufferPool pool;
  private final DditProgram program;
  private final AttentionKernels attention;
  private final Products products;
  private final NDArray head;
  private Optional<NDList> stacked = Optional.empty();

  private HopperDditKernels(
      CudaDevice device, NDManager parent, Options options, CudaBackend backend, NDArray head) {
    super(PieceKernels.forInference(parent, RESOURCE, options.constants()));
    this.device = device;
    this.options = options;
    this.head = head;
    this.manager = parent.newSubManager();
    this.pool = new BufferPool.Fresh(manager, options.precision());
    this.program = new DditProgram(device, options, pieces, pool);
    this.attention = backend.ownAttention(manager, pool).orElseThrow();
    this.products = backend.products(manager, pool).orElseThrow();
  }

  /**
   * Returns these kernels; empty but for bfloat16, Hopper, heads of width 64 or 128, and widths up
   * to 2,048.
   *
   * @param head the head's weight with rows of zeros behind it, up to a multiple of 64: products
   *     need aligned sides
   */
  static Optional<DditKernels> find(NDManager parent, Options options, NDArray head) {
    return options.precision() == Precision.BFLOAT16
            && options.heads() * options.headWidth() <= WIDEST
            && HopperAttention.takes(options.headWidth())
        ? CudaDevice.forKernels(parent)
            .filter(CudaDevice::isHopper)
            .map(device -> on(device, parent, options, head))
        : Optional.empty();
  }

  private static DditKernels on(
      CudaDevice device, NDManager parent, Options options, NDArray head) {
    FusedKernels.Options fused =
        new FusedKernels.Options(
            ofTransformer(options), TransformerKernels.Dropout.NONE, Precision.BFLOAT16);
    return new HopperDditKernels(
        device, parent, options, new CudaBackend.Frozen(device, fused), head);
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

  private static Ending ofAttention(NDArray y, Hidden modulation) {
    return new Ending(y, Optional.empty(), modulation, ATTENTION_GATE);
  }

  private static Ending ofFeedForward(NDArray y, NDList weights, Hidden modulation) {
    return new Ending(
        y, Optional.of(weights.get(FEED_FORWARD_WEIGHTS - 1)), modulation, FEED_FORWARD_GATE);
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
          program.normed(
              scope, stream.array, toAttention(blocks.get(0).attention(), modulations.get(0)));
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
          program.joined(
              scope,
              begun.get(0),
              ofAttention(attended, modulation),
              toFeedForward(block.feedForward(), modulation));
      NDArray fed = fed(scope, between.get(1), block.feedForward());
      Ending ending = ofFeedForward(fed, block.feedForward(), modulation);
      NDList after =
          next.map(entering -> program.joined(scope, between.get(0), ending, entering))
              .orElseGet(() -> new NDList(program.added(scope, between.get(0), ending)));
      after.attach(outer);
      return after;
    }
  }

  @Override
  public NDArray condition(NDManager scope, NDArray features, NDList weights) {
    if (!DditProgram.isInPacks(weights.get(0)) || !DditProgram.isInPacks(weights.get(2))) {
      return super.condition(scope, features, weights);
    }
    NDArray first = program.dense(scope, features, weights.get(0), weights.get(1));
    return program.dense(scope, first, weights.get(2), weights.get(3));
  }

  @Override
  public Hidden modulation(NDManager scope, NDArray condition, NDList weights) {
    return weights.isEmpty() || !DditProgram.isInPacks(weights.get(0))
        ? super.modulation(scope, condition, weights)
        : program.modulations(scope, condition, weights, 1).get(0);
  }

  /** Returns the six vectors of each block. */
  private List<Hidden> modulations(NDManager scope, NDArray condition, List<Block> blocks) {
    return options.isAdaptive() && DditProgram.isInPacks(blocks.get(0).modulation().get(0))
        ? program.modulations(scope, condition, stacked(blocks), blocks.size())
        : blocks.stream().map(block -> modulation(scope, condition, block.modulation())).toList();
  }

  /** Returns the weights of all blocks' modulations, which are put together once. */
  private synchronized NDList stacked(List<Block> blocks) {
    if (stacked.isEmpty()) {
      List<NDArray> w = blocks.stream().map(block -> block.modulation().get(0)).toList();
      List<NDArray> b = blocks.stream().map(block -> block.modulation().get(1)).toList();
      stacked = Optional.of(pieces.call(manager, "stacked", w, b));
      RecordingStream.awaitCurrent(device); // kernels read it before those in front have ended
    }
    return stacked.orElseThrow();
  }

  @Override
  public Hidden attention(
      NDManager scope, Hidden h, Hidden modulation, NDList weights, NDList places) {
    if (places.size() > 2) {
      return super.attention(scope, h, modulation, weights, places);
    }
    NDArray input = program.normed(scope, h.array, toAttention(weights, modulation));
    NDArray y = attended(scope, h.array, input, weights, places);
    return new Hidden(program.added(scope, h.array, ofAttention(y, modulation)));
  }

  @Override
  public Hidden feedForward(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    if (h.array.getShape().size() == 0) {
      return super.feedForward(scope, h, modulation, weights);
    }
    NDArray input = program.normed(scope, h.array, toFeedForward(weights, modulation));
    NDArray y = fed(scope, input, weights);
    return new Hidden(program.added(scope, h.array, ofFeedForward(y, weights, modulation)));
  }

  /** Returns a branch's attention before it is added to the stream, [N, D]. */
  private NDArray attended(
      NDManager scope, NDArray h, NDArray input, NDList weights, NDList places) {
    int length = (int) h.getShape().get(1);
    NDArray qkv = product(scope, input, weights.get(0)); // [N, 3 D]
    program.rotate(qkv, places, length);
    return product(scope, attend(scope, qkv, length), weights.get(1));
  }

  /** Returns a branch's feed-forward before its last bias, [N, D]. */
  private NDArray fed(NDManager scope, NDArray input, NDList weights) {
    NDArray hidden = product(scope, input, weights.get(0)); // [N, F]
    program.biasGelu(hidden, weights.get(1));
    return product(scope, hidden, weights.get(2));
  }

  /** Launches are queued one after another; what is compiled at the first is compiled once. */
  private synchronized NDArray attend(NDManager scope, NDArray qkv, int length) {
    return attention.attend(scope, qkv, length, 0).get(0);
  }

  private synchronized NDArray product(NDManager scope, NDArray x, NDArray w) {
    return products.product(scope, x, w);
  }

  @Override
  public Hidden modulationOfRows(NDManager scope, Hidden modulation, NDArray rows, Hidden h) {
    Hidden of = hidden(scope, "vectorsOfRows", modulation.array, rows);
    int length = (int) h.array.getShape().get(1);
    program.gather(modulation, rows, of, length);
    return of;
  }

  @Override
  public Hidden hiddenOfRows(NDManager scope, Hidden h, NDArray rows) {
    Hidden of = hidden(scope, "streamOfRows", h.array, rows);
    program.gather(h, rows, of, 1);
    return of;
  }

  @Override
  public NDArray head(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    return h.array.getShape().size() == 0
        ? super.head(scope, h, modulation, weights)
        : logits(scope, h, modulation, weights, 0);
  }

  @Override
  public NDArray headOfTokens(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    return h.array.getShape().size() == 0
        ? super.headOfTokens(scope, h, modulation, weights)
        : logits(scope, h, modulation, weights, 1);
  }

  @Override
  public Optional<PaddedHead> paddedHead() {
    return Optional.of(
        (scope, h, modulation, weights) ->
            hidden(scope, "biased", headProduct(scope, h, modulation, weights), weights.get(1)));
  }

  /** Returns the head's product, padded, without its bias. */
  private NDArray headProduct(NDManager scope, Hidden h, Hidden modulation, NDList weights) {
    Entering entering = new Entering(norm(weights, HEAD_WEIGHTS), modulation, 0);
    NDArray input = program.normed(scope, h.array, entering);
    return product(scope, input, head);
  }

  /** Returns logits without the last {@code left} columns. */
  private NDArray logits(NDManager scope, Hidden h, Hidden modulation, NDList weights, int left) {
    NDArray y = headProduct(scope, h, modulation, weights);
    int columns = (int) weights.get(1).getShape().size() - left;
    return program.logits(scope, y, weights.get(1), columns);
  }

  @Override
  public String description() {
    return "attention, products and the kernels between them of our own";
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
