// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.cuda.Upload;
import io.github.md4.core.internal.torch.GaussianKernels;
import io.github.md4.core.internal.torch.GaussianKernels.Gradients;
import io.github.md4.core.internal.torch.GaussianKernels.Vectors;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.LossKernels;
import io.github.md4.core.internal.torch.RecordedLogits;
import io.github.md4.core.internal.transformer.FusedEmbeddingKernels;
import io.github.md4.core.internal.transformer.FusedUploads.Batch;
import io.github.md4.core.loss.Logits;
import io.github.md4.core.network.TrainingPass;
import java.util.Optional;
import java.util.function.IntConsumer;

/**
 * A pass of Gaussian diffusion around the hand-written pass of its blocks: it computes the same as
 * {@link GaussianVectors}, and its gradients.
 */
final class FusedGaussianPass implements TrainingPass {
  private static final int COLUMNS = 1;

  private final NDManager scope;
  private final Model model;
  private final Given given;
  private final Start start;
  private final FusedPass.Model ofBlocks;
  private final FusedPass blocks;
  private final Vectors atRows;
  private final NDArray evidence; // at the rows
  private final RecordedLogits outputs;

  /** The parts that all passes share. */
  record Model(
      GaussianTransformerConfig config, GaussianKernels kernels, LossKernels loss, Upload upload)
      implements AutoCloseable {

    /** Returns x at its positions of an array shaped like another, which is zero elsewhere. */
    NDArray placed(NDManager scope, NDArray like, long[] positions, NDArray x) {
      upload.begin((long) Long.BYTES * positions.length);
      NDArray at = upload.longs(scope, positions, new Shape(positions.length));
      upload.end();
      return kernels.placed(scope, like, at, x);
    }

    @Override
    public void close() {
      kernels.close();
      loss.close();
      upload.close();
    }
  }

  /**
   * A batch on the device.
   *
   * @param rows int64 [R]; empty where they are all positions
   * @param firstGuess [B N, D]; zero where there was none
   */
  record Given(GaussianInput input, Optional<NDArray> rows, NDArray firstGuess) {

    /** Makes a batch that is shown no guess. */
    Given(GaussianInput input, Optional<NDArray> rows) {
      this(input, rows, input.added().zerosLike());
    }

    Given shown(NDArray guess) {
      return new Given(input, rows, guess);
    }

    GaussianKernels.Start start() {
      return new GaussianKernels.Start(input.tokens(), input.added(), input.scales());
    }
  }

  private FusedGaussianPass(
      NDManager scope,
      Model model,
      Given given,
      FusedPass.Model ofBlocks,
      FusedInput host,
      EngineSeeds seeds) {
    this.scope = scope;
    this.model = model;
    this.given = given;
    this.ofBlocks = ofBlocks;
    this.start = new Start(scope, model, given, ofBlocks);
    this.blocks = FusedPass.forward(scope, ofBlocks, start, host, seeds);
    GaussianKernels kernels = model.kernels;
    this.atRows =
        given.rows.map(rows -> kernels.chosen(scope, start.vectors, rows)).orElse(start.vectors);
    NDArray all = given.input.evidence();
    this.evidence = given.rows.map(rows -> kernels.chosen(scope, all, rows)).orElse(all);
    NDArray logits =
        ofBlocks.kernels().exactLogits(scope, blocks.product(), ofBlocks.vocabularySize());
    this.outputs =
        new RecordedLogits(
            model.loss, model.upload, kernels.outputs(scope, logits, atRows, evidence));
  }

  /** Returns the forward pass of a batch; {@code scope} is closed with it. */
  static FusedGaussianPass forward(
      NDManager scope,
      Model model,
      Given given,
      FusedPass.Model ofBlocks,
      FusedInput host,
      EngineSeeds seeds) {
    return new FusedGaussianPass(scope, model, given, ofBlocks, host, seeds);
  }

  /** Returns the guess of a forward pass that has no backward, [B N, D]. */
  static NDArray guess(
      NDManager parent, Model model, Given given, FusedPass.Model ofBlocks, FusedInput host) {
    NDManager scope = parent.newSubManager();
    try (FusedGaussianPass pass =
        forward(scope, model, given, ofBlocks, host, new EngineSeeds.None())) {
      long first = ofBlocks.vocabularySize();
      long end = first + model.config.vectorWidth();
      NDArray guess = pass.outputs.values().get(":, {}:{}", first, end).duplicate();
      guess.attach(parent);
      return guess;
    }
  }

  /** The vectors as the blocks' residual stream. */
  private static final class Start implements FusedStart {
    private final Model model;
    private final Given given;
    private final FusedWeights weights;
    private final FusedEmbeddingKernels kernels;
    private final Vectors vectors;
    private final NDArray shown; // [B N, .]
    private Vectors ofOutputs; // the gradients by the vectors of the outputs

    Start(NDManager scope, Model model, Given given, FusedPass.Model ofBlocks) {
      this.model = model;
      this.given = given;
      this.weights = ofBlocks.weights();
      this.kernels = ofBlocks.kernels().embedding();
      this.vectors = model.kernels.vectors(scope, weights.exact(GaussianPass.TABLE), given.start());
      this.shown =
          model.config.selfConditioning() > 0
              ? NDArrays.concat(new NDList(vectors.z(), given.firstGuess), COLUMNS)
              : vectors.z();
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
      Vectors by = new Vectors(ofOutputs.e(), ofOutputs.clean(), ofOutputs.z().add(ofShown));
      NDArray ofTable =
          model.kernels.vectorsBackward(
              scope, weights.exact(GaussianPass.TABLE), given.start(), by);
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
    Gradients found =
        model.kernels.outputsBackward(
            scope, outputs.gradient(), outputs.values(), atRows, evidence);
    ofBlocks.kernels().overwrite(scope, blocks.product(), found.logits());
    start.ofOutputs = given.rows.map(rows -> placed(found.vectors(), rows)).orElse(found.vectors());
    blocks.backward(complete);
  }

  private Vectors placed(Vectors found, NDArray rows) {
    NDArray like = given.input.added();
    return new Vectors(
        found.e(),
        model.kernels.placed(scope, like, rows, found.clean()),
        model.kernels.placed(scope, like, rows, found.z()));
  }

  @Override
  public void close() {
    blocks.close();
    scope.close();
  }
}
