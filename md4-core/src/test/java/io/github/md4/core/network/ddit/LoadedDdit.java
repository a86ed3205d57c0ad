// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.network.LoadedWeights;
import io.github.md4.core.published.Peer;
import io.github.md4.core.published.PublishedFolder;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.IntStream;

/** A network of the DDiT kind with the weights of a peer, float32. */
record LoadedDdit(
    NDManager manager, DditConfig config, DditNetwork network, LoadedWeights weights, int columns)
    implements AutoCloseable {

  static LoadedDdit of(NDManager manager, Peer peer) throws IOException {
    try (PublishedFolder folder = peer.open()) {
      DditConfig config = (DditConfig) folder.description().config().network();
      int size = folder.description().tokenizer().vocabularySize();
      DditNetwork network = new DditNetwork(manager, config, size, Precision.FLOAT32);
      LoadedWeights weights =
          LoadedWeights.read(manager, network.specs(), Precision.FLOAT32, folder.weights());
      return new LoadedDdit(manager, config, network, weights, size + 1);
    }
  }

  /** Returns the raw logits of all rows, [B L][V + 1]. */
  double[][] raw(int[][] ids, double[] sigmas) {
    return raw(ids, sigmas, network.angles().tables(manager, ids[0].length));
  }

  double[][] raw(int[][] ids, double[] sigmas, NDList places) {
    NDArray zt = array(ids);
    long[] rows = IntStream.range(0, ids.length * ids[0].length).asLongStream().toArray();
    NDList inputs = DditPass.inputs(manager, config, ids.length, sigmas);
    NDArray logits =
        network.pass(weights::of, places).raw(manager, zt, inputs, manager.create(rows));
    return rows(logits.toFloatArray());
  }

  NDArray array(int[][] ids) {
    long[] flat = Arrays.stream(ids).flatMapToInt(Arrays::stream).asLongStream().toArray();
    return manager.create(flat, new Shape(ids.length, ids[0].length));
  }

  double[][] rows(float[] floats) {
    double[][] all = new double[floats.length / columns][columns];
    for (int i = 0; i < floats.length; i++) {
      all[i / columns][i % columns] = floats[i];
    }
    return all;
  }

  /** Returns the mask, the last column. */
  int mask() {
    return columns - 1;
  }

  @Override
  public void close() {
    weights.close();
    network.close();
  }
}
