// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.network.ForwardNetwork;
import io.github.md4.core.network.Initializer;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkConfig;
import io.github.md4.core.network.NetworkKind;
import io.github.md4.core.network.ParameterSpec;
import java.util.List;
import java.util.Map;

/** A network as a user writes it: a perceptron over the tokens of all positions and the time. */
public record OwnNetwork(int length, int width) implements NetworkConfig {
  @Override
  public Network network(NDManager parent, int vocabularySize, Precision precision) {
    long inputs = (long) length * (vocabularySize + 1) + 1;
    long outputs = (long) length * vocabularySize;
    List<ParameterSpec> specs =
        List.of(
            new ParameterSpec(
                "in.weight", new Shape(inputs, width), new Initializer.LeCunNormal(inputs, 1)),
            new ParameterSpec("in.bias", new Shape(width), new Initializer.Zeros()),
            new ParameterSpec(
                "out.weight", new Shape(width, outputs), new Initializer.LeCunNormal(width, 1)),
            new ParameterSpec("out.bias", new Shape(outputs), new Initializer.Zeros()));
    return new ForwardNetwork(
        parent, specs, (weights, batch) -> logits(weights, batch, vocabularySize));
  }

  private NDArray logits(
      Map<String, NDArray> weights, ForwardNetwork.Batch batch, int vocabularySize) {
    NDArray oneHot = batch.zt().oneHot(vocabularySize + 1).toType(DataType.FLOAT32, false);
    NDArray tokens = oneHot.reshape(-1, (long) length * (vocabularySize + 1));
    NDArray x = tokens.concat(batch.times().expandDims(1), 1); // [B, N (V + 1) + 1]
    NDArray hidden = x.matMul(weights.get("in.weight")).add(weights.get("in.bias")).tanh();
    NDArray all = hidden.matMul(weights.get("out.weight")).add(weights.get("out.bias"));
    return batch.asked(all.reshape(-1, length, vocabularySize));
  }

  /** Its name in files. */
  public static final class Kind implements NetworkKind {
    @Override
    public String name() {
      return "perceptron";
    }

    @Override
    public Class<? extends NetworkConfig> config() {
      return OwnNetwork.class;
    }
  }
}
