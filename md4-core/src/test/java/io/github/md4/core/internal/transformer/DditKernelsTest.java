// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.Hidden;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The functions of {@code ddit.torchscript} that serve kernels of our own. */
final class DditKernelsTest {
  private static final DditKernels.Options OPTIONS =
      new DditKernels.Options(Precision.FLOAT32, 3, 4, 1e-5, true, false);
  private static final int WIDTH = 12;
  private static final int VECTORS = 6;
  private static final int CONDITION = 5;
  private static final int EXAMPLES = 2;
  private static final int BLOCKS = 4;

  @Test
  void arraysOfAllBlocks_areThoseOfEach() {
    try (NDManager manager = NDManager.newBaseManager();
        PieceKernels pieces =
            PieceKernels.forInference(manager, DditKernels.RESOURCE, OPTIONS.constants());
        DditKernels kernels = DditKernels.forInference(manager, OPTIONS)) {
      NDArray condition = ramp(manager, 1, EXAMPLES, CONDITION);
      List<NDArray> w = new ArrayList<>();
      List<NDArray> b = new ArrayList<>();
      for (int block = 0; block < BLOCKS; block++) {
        w.add(ramp(manager, 2 + block, VECTORS * WIDTH, CONDITION));
        b.add(ramp(manager, 9 + block, VECTORS * WIDTH));
      }
      NDList stacked = pieces.call(manager, "stacked", w, b);
      assertThat(stacked.get(0).getShape())
          .isEqualTo(new Shape(BLOCKS, VECTORS * WIDTH, CONDITION));
      NDList made = pieces.call(manager, "vectors", condition, BLOCKS, VECTORS);
      assertThat(made).hasSize(BLOCKS);
      for (int block = 0; block < BLOCKS; block++) {
        NDList weights = new NDList(w.get(block), b.get(block));
        Hidden expected = kernels.modulation(manager, condition, weights);
        assertThat(made.get(block).getShape()).isEqualTo(expected.array.getShape());
        assertThat(row(stacked.get(0), block)).isEqualTo(w.get(block).toFloatArray());
        assertThat(row(stacked.get(1), block)).isEqualTo(b.get(block).toFloatArray());
      }
    }
  }

  private static float[] row(NDArray all, int block) {
    return all.get(block).toFloatArray();
  }

  @Test
  void arrays_haveTheShapesOfWhatIsWrittenIntoThem() {
    try (NDManager manager = NDManager.newBaseManager();
        PieceKernels pieces =
            PieceKernels.forInference(manager, DditKernels.RESOURCE, OPTIONS.constants())) {
      NDArray h = ramp(manager, 1, EXAMPLES, 7, WIDTH);
      NDArray m = ramp(manager, 1, EXAMPLES, VECTORS, 1, WIDTH);
      NDArray rows = manager.create(new long[] {0, 3, 13});
      Shape flat = new Shape(EXAMPLES * 7, WIDTH);
      assertThat(pieces.array(manager, "inputOf", h).getShape()).isEqualTo(flat);
      NDList both = pieces.call(manager, "streamAndInput", h);
      assertThat(both.get(0).getShape()).isEqualTo(h.getShape());
      assertThat(both.get(1).getShape()).isEqualTo(flat);
      NDArray chosen = pieces.array(manager, "streamOfRows", h, rows);
      assertThat(chosen.getShape()).isEqualTo(new Shape(3, WIDTH));
      assertThat(pieces.array(manager, "inputOf", chosen).getShape()).isEqualTo(chosen.getShape());
      assertThat(pieces.array(manager, "vectorsOfRows", m, rows).getShape())
          .isEqualTo(new Shape(3, VECTORS, WIDTH));
    }
  }

  private static NDArray ramp(NDManager manager, int step, long... shape) {
    float[] values = new float[Math.toIntExact(new Shape(shape).size())];
    for (int i = 0; i < values.length; i++) {
      values[i] = i * step % 17 / 17f - 0.4f;
    }
    return manager.create(values, new Shape(shape));
  }
}
