// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.internal.transformer.TransformerKernels.Dropout;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
import java.util.ArrayList;
import java.util.List;

/** A case's network with random weights on the first GPU, and ways to its forward pass. */
final class FrozenOnGpu implements AutoCloseable {
  final NDManager manager = NDManager.newBaseManager(Device.gpu());
  final Network exact;
  final Parameters parameters;
  final FrozenWeights weights;
  private final Case of;
  private final List<FrozenForward> made = new ArrayList<>();

  FrozenOnGpu(Case of, int seed) {
    this.of = of;
    this.exact = new Transformer(manager, of.config(), of.vocabularySize(), Precision.FLOAT32);
    this.parameters = RandomParameters.of(manager, exact, seed);
    this.weights = FrozenWeights.of(manager, of.config(), parameters, Precision.BFLOAT16);
  }

  /** Skips a test where there is no Hopper GPU; says what is not tested. */
  static void needHopper(String what) {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: %s not tested".formatted(what));
  }

  TransformerKernels.Options options() {
    TransformerConfig config = of.config();
    return new TransformerKernels.Options(
        Precision.BFLOAT16,
        config.activation(),
        config.heads(),
        config.keyValueHeads(),
        config.headWidth(),
        config.causal(),
        1e-5);
  }

  /** Returns the forward pass by one launch after another, with a float32 stream. */
  FusedForward launches() {
    return launches(Precision.FLOAT32);
  }

  FusedForward launches(Precision stream) {
    FusedForward launches = unowned(stream, weights);
    made.add(launches);
    return launches;
  }

  /** Returns the forward pass as graphs, which are recorded at once, with a float32 stream. */
  FrozenForward graphs() {
    return graphs(Precision.FLOAT32);
  }

  FrozenForward graphs(Precision stream) {
    RecordingStream recording = RecordingStream.find(new CudaDevice(0)).orElseThrow();
    GraphForward graphs = new GraphForward(manager, unowned(stream, weights), recording, 0);
    made.add(graphs);
    return graphs;
  }

  /** Returns the forward pass by libtorch alone. */
  FrozenForward script() {
    FrozenForward script = new ScriptForward(manager, options(), weights);
    made.add(script);
    return script;
  }

  /** Returns the forward pass of some weights, closed by the caller. */
  FusedForward unowned(Precision stream, FrozenWeights weights) {
    FusedKernels.Options wanted = new FusedKernels.Options(options(), Dropout.NONE, stream);
    return new FusedForward(
        manager, FusedKernels.findFrozen(manager, wanted).orElseThrow(), weights);
  }

  @Override
  public void close() {
    made.forEach(FrozenForward::close);
    weights.close();
    parameters.close();
    exact.close();
    manager.close();
  }
}
