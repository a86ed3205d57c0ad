// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.DrawKernels;
import java.util.List;

/**
 * Asks the network, once for a group: one array goes to the device before it and one comes back
 * after it, with no wait between.
 *
 * @param manager the manager, and so the device, of what the denoiser is given; every array is
 *     freed at the end of the call
 */
record NetworkQuery(NDManager manager, Denoiser denoiser, DrawKernels kernels, RowDraw draw)
    implements BatchedQuery {

  @Override
  public double[] ask(List<ActiveSequence> group) {
    int length = group.get(0).z().length;
    int rows = BatchedQuery.rows(group);
    try (NDManager scope = manager.newSubManager()) {
      NDArray packed = scope.create(packed(group, length, rows));
      DrawKernels.Unpacked parts = kernels.unpack(scope, packed, group.size(), length, rows);
      NDArray logits = denoiser.logits(parts.zt(), condition(group), parts.rows()); // [R, V]
      return draw.draw(kernels, scope, logits, parts.noise()).toDoubleArray();
    }
  }

  private static Condition condition(List<ActiveSequence> group) {
    double[] times = group.stream().mapToDouble(t -> t.question().moment().time()).toArray();
    int[] labels = group.stream().flatMapToInt(t -> t.start().labels()).toArray();
    return new Condition(times, labels);
  }

  /** Returns tokens [B, N], flat positions [R], noise [c, R]: all are whole in a double. */
  private static double[] packed(List<ActiveSequence> group, int length, int rows) {
    int columns = group.get(0).question().noise().length;
    double[] packed = new double[group.size() * length + rows * (1 + columns)];
    int row = group.size() * length;
    for (int b = 0; b < group.size(); b++) {
      TrajectoryQuery question = group.get(b).question();
      int[] z = group.get(b).z();
      for (int n = 0; n < length; n++) {
        packed[b * length + n] = z[n];
      }
      for (int r = 0; r < question.positions().length; r++, row++) {
        packed[row] = b * length + question.positions()[r];
        for (int c = 0; c < columns; c++) {
          packed[row + (1 + c) * rows] = question.noise()[c][r];
        }
      }
    }
    return packed;
  }
}
