// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.torch.RecordedLogits;
import io.github.md4.core.internal.transformer.FusedEmbeddingKernels;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.FusedUploads.Batch;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.network.TrainingPass;
import java.util.function.IntConsumer;

/**
 * A pass of Gaussian diffusion around the hand-written pass of its blocks. Two parts of it are
 * recorded: the vectors before the blocks, and the outputs after them, whose inputs are cut off
 * from the first part, so that each is gone through once on the way back.
 */
final class FusedGaussianPass implements TrainingPass {
  private final NDManager scope;
  private final Model model;
  private final Start start;
  private final FusedKernels kernels;
  private final FusedPass blocks;
  private final NDList cut; // logits of the blocks, then e, clean and z
  private final RecordedLogits outputs;

  /** The parts that all passes share. */
  record Model(GaussianTransformerConfig config, Autograd autograd, LossKernels loss, Upload upload)
      implements AutoCloseable {
    @Override
    public void close() {
      autograd.close();
      loss.close();
      upload.close();
    }
  }

  /**
   * A batch on the device.
   *
   * @param firstGuess [B N, D]; rows, int64 [R]
   */
  record Given(GaussianInput input, NDArray firstGuess, NDArray rows) {}

  private FusedGaussianPass(
      NDManager scope,
      Model model,
      Given given,
      Start start,
      FusedKernels kernels,
      FusedPass blocks) {
    this.scope = scope;
    this.model = model;
    this.start = start;
    this.kernels = kernels;
    this.blocks = blocks;
    int vocabularySize = (int) start.vectors.e().getShape().get(0);
    NDArray found = kernels.exactLogits(scope, blocks.product(), vocabularySize);
    NDArray logits = found.duplicate(); // what inference mode made cannot be differentiated
    logits.attach(scope);
    found.close();
    GaussianVectors vectors = start.vectors;
    this.cut =
        new NDList(Autograd.leaf(logits), cut(vectors.e()), cut(vectors.clean()), cut(vectors.z()));
    GaussianVectors seen = new GaussianVectors(cut.get(1), cut.get(2), cut.get(3));
    NDArray recorded =
        model.autograd.record(() -> seen.outputs(scope, given.input, cut.get(0), given.rows));
    this.outputs = new RecordedLogits(model.loss, model.upload, recorded);
  }

  /** Returns the forward pass of a batch; {@code scope} is closed with it. */
  static FusedGaussianPass forward(
      NDManager scope,
      Model model,
      Given given,
      FusedPass.Model ofBlocks,
      FusedInput host,
      EngineSeeds seeds) {
    Start start = new Start(scope, model, given, ofBlocks);
    FusedPass blocks = FusedPass.forward(scope, ofBlocks, start, host, seeds);
    return new FusedGaussianPass(scope, model, given, start, ofBlocks.kernels(), blocks);
  }

  private NDArray cut(NDArray array) {
    NDArray same = array.stopGradient();
    same.attach(scope);
    return Autograd.leaf(same);
  }

  /** The vectors as the blocks' residual stream. */
  private static final class Start implements FusedStart {
    private final Model model;
    private final FusedWeights weights;
    private final FusedEmbeddingKernels kernels;
    private final NDArray table;
    private final GaussianVectors vectors;
    private final NDArray shown;
    private NDList ofVectors; // gradients by e, clean and z of the outputs

    Start(NDManager scope, Model model, Given given, FusedPass.Model ofBlocks) {
      this.model = model;
      this.weights = ofBlocks.weights();
      this.kernels = ofBlocks.kernels().embedding();
      NDArray same = weights.exact(GaussianPass.TABLE).stopGradient();
      same.attach(scope);
      this.table = Autograd.leaf(same);
      this.vectors = model.autograd.record(() -> GaussianVectors.of(scope, given.input, table));
      this.shown =
          model.autograd.pause(() -> vectors.shown(model.config, given.firstGuess)); // [B N, .]
    }

    @Override
    public Hidden forward(NDManager scope, Batch batch) {
      NDArray w = weights.exact(GaussianPass.PRODUCT);
      return kernels.project(scope, shown, w, weights.exact(GaussianPass.BIAS));
    }

    @Override
    public void backward(NDManager scope, Hidden dh, Batch batch) {
      NDArray w = weights.exact(GaussianPass.PRODUCT);
      NDList found = kernels.projectBackward(scope, dh, shown, w);
      kernels.write(scope, found.get(1), weights.gradient(GaussianPass.PRODUCT));
      kernels.write(scope, found.get(2), weights.gradient(GaussianPass.BIAS));
      NDArray ofShown = found.get(0).get(":, 0:{}", model.config.vectorWidth());
      NDArray ofZ = ofVectors.get(2).add(ofShown);
      NDArray ofTable =
          model
              .autograd
              .gradients(
                  scope,
                  new NDList(vectors.e(), vectors.clean(), vectors.z()),
                  new NDList(ofVectors.get(0), ofVectors.get(1), ofZ),
                  new NDList(table))
              .get(0);
      kernels.write(scope, ofTable, weights.gradient(GaussianPass.TABLE));
    }
  }

  @Override
  public Logits logits() {
    return outputs;
  }

  @Override
  public void backward() {
    backward(segment -> {});
  }

  @Override
  public void backward(IntConsumer complete) {
    NDList found =
        model.autograd.gradients(
            scope, new NDList(outputs.values()), new NDList(outputs.gradient()), cut);
    kernels.overwrite(scope, blocks.product(), found.get(0));
    start.ofVectors = new NDList(found.get(1), found.get(2), found.get(3));
    blocks.backward(complete);
  }

  @Override
  public void close() {
    blocks.close();
    scope.close();
  }
}
