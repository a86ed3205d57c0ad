// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@Tag("naive")
final class SquareProductTest {
  private static final int SIZE = 13;

  @ParameterizedTest
  @EnumSource(Precision.class)
  void multiply_isTheProduct(Precision precision) {
    double golden = (Math.sqrt(5) - 1) / 2;
    double expected = 0;
    for (int k = 1; k <= SIZE; k++) {
      double a = Math.sin(golden * golden * k);
      expected += a * a; // the matrix is symmetric
    }
    try (NDManager manager = NDManager.newBaseManager();
        SquareProduct product = new SquareProduct(manager, precision, SIZE);
        NDArray first = product.multiply(manager, 3)) {
      // bfloat16 has 8 bits: each factor, and the result, is off by 2^-9 of itself at most.
      double bound = precision == Precision.FLOAT32 ? 1e-6 : 3 * 0x1p-9;
      assertThat((double) first.getFloat()).isCloseTo(expected, within(bound * expected));
      assertThat(product.operations()).isEqualTo(2.0 * 13 * 13 * 13);
      assertThatIllegalArgumentException().isThrownBy(() -> product.multiply(manager, 0));
    }
  }
}
