// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.DrawKernels;
import java.util.List;

/**
 * A call of the network, once for a group: one array goes to the device before it and one comes
 * back after it, with no wait between.
 *
 * @param manager the manager, and so the device, of the arrays that the denoiser is given; every
 *     array is freed at the end of the call
 */
record NetworkQuery(
    NDManager manager, Denoiser denoiser, DrawKernels kernels, RowDraw draw, TokenLaw law)
    implements BatchedQuery {

  @Override
  public double[] draw(List<ActiveSequence> group) {
    int length = group.get(0).shown().length;
    int rows = BatchedQuery.rows(group);
    try (NDManager scope = manager.newSubManager()) {
      NDArray packed = scope.create(packed(group, length, rows));
      DrawKernels.Unpacked parts = kernels.unpack(scope, packed, group.size(), length, rows);
      NDArray logits = denoiser.logits(parts.zt(), condition(group), parts.rows()); // [R, V]
      return draw.draw(kernels, scope, law, logits, parts.noise()).toDoubleArray();
    }
  }

  static Condition condition(List<ActiveSequence> group) {
    double[] times = group.stream().mapToDouble(s -> s.query().point().time()).toArray();
    int[] labels = group.stream().flatMapToInt(s -> s.initial().labels()).toArray();
    return new Condition(times, labels);
  }

  /** Returns tokens [B, N], flat positions [R], noise [c, R]; a double holds each exactly. */
  private static double[] packed(List<ActiveSequence> group, int length, int rows) {
    int columns = group.get(0).query().noise().length;
    double[] packed = new double[group.size() * length + rows * (1 + columns)];
    int row = group.size() * length;
    for (int b = 0; b < group.size(); b++) {
      TrajectoryQuery query = group.get(b).query();
      int[] z = group.get(b).shown();
      for (int n = 0; n < length; n++) {
        packed[b * length + n] = z[n];
      }
      for (int r = 0; r < query.positions().length; r++, row++) {
        packed[row] = b * length + query.positions()[r];
        for (int c = 0; c < columns; c++) {
          packed[row + (1 + c) * rows] = query.noise()[c][r];
        }
      }
    }
    return packed;
  }
}
