// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Tag("exact")
final class FlatArraysTest {
  private static final List<Shape> SHAPES =
      List.of(new Shape(3, 5), new Shape(7), new Shape(65, 2));

  private final NDManager manager = NDManager.newBaseManager();

  @AfterEach
  void close() {
    manager.close();
  }

  @Test
  void array_isAPartOfTheWhole() {
    FlatArrays flat = FlatArrays.zeros(manager, SHAPES, Precision.FLOAT32);
    flat.set(1, new float[] {1, 2, 3, 4, 5, 6, 7});
    float[] whole = flat.whole().toFloatArray();
    assertThat(whole).hasSize(64 * 5 + 64 + 128 * 2);
    for (int i = 0; i < whole.length; i++) {
      int within = i - 64 * 5;
      assertThat(whole[i]).isEqualTo(within >= 0 && within < 7 ? within + 1 : 0);
    }
  }

  @Test
  void padded_hasRoomForAMultipleOf64Rows() {
    FlatArrays flat = FlatArrays.zeros(manager, SHAPES, Precision.FLOAT32);
    assertThat(flat.padded(0).array.getShape()).isEqualTo(new Shape(64, 5));
    assertThat(flat.padded(2).array.getShape()).isEqualTo(new Shape(128, 2));
  }

  @Test
  void shrink_keepsTheFirstArrays_andExpandMakesRoomForAll() {
    FlatArrays flat = FlatArrays.zeros(manager, SHAPES, Precision.FLOAT32);
    flat.set(0, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15});
    flat.set(1, new float[] {1, 2, 3, 4, 5, 6, 7});
    NDArray kept = flat.array(0);
    NDArray freed = flat.array(1);
    flat.shrink(1);
    assertThat(kept.toFloatArray()).hasSize(15).endsWith(14, 15);
    try (FlatArrays first = flat.range(0, flat.offset(1))) {
      first.fill(new float[64 * 5]);
    }
    assertThat(kept.toFloatArray()).containsOnly(0);
    flat.set(0, new float[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 16});
    flat.expand();
    assertThat(kept.toFloatArray()).endsWith(14, 16);
    assertThat(freed.toFloatArray()).containsExactly(0, 0, 0, 0, 0, 0, 0);
    flat.set(1, new float[] {7, 6, 5, 4, 3, 2, 1});
    assertThat(flat.whole().toFloatArray()).hasSize(64 * 5 + 64 + 128 * 2).contains(16, 7, 1);
    flat.shrink(0);
    flat.expand();
    assertThat(flat.whole().toFloatArray()).containsOnly(0);
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void shrink_freesMemory() throws IOException {
    List<Shape> shapes = List.of(new Shape(64), new Shape(1 << 26)); // 256 MiB
    FlatArrays flat = FlatArrays.zeros(manager, shapes, Precision.FLOAT32);
    NDArray unused = flat.whole().addi(1);
    long before = residentKibibytes();
    flat.shrink(1);
    assertThat(before - residentKibibytes()).isGreaterThan(128 << 10); // others allocate, too
  }

  private static long residentKibibytes() throws IOException {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
        .sum();
  }

  @Test
  void copy_sharesNothing() {
    FlatArrays flat = FlatArrays.zeros(manager, SHAPES, Precision.FLOAT32);
    flat.set(1, new float[] {1, 2, 3, 4, 5, 6, 7});
    FlatArrays copy = flat.copy();
    flat.set(1, new float[7]);
    assertThat(copy.array(1).toFloatArray()).containsExactly(1, 2, 3, 4, 5, 6, 7);
  }

  @Test
  void array_ofBfloat16IsForKernelsAlone() {
    FlatArrays flat = FlatArrays.zeros(manager, SHAPES, Precision.BFLOAT16);
    assertThatIllegalStateException().isThrownBy(() -> flat.array(0));
    assertThat(flat.hidden(0).array.getShape()).isEqualTo(SHAPES.get(0));
  }

  @Test
  void close_givesAllOfItBack() {
    int before = manager.getManagedArrays().size();
    FlatArrays.zeros(manager, SHAPES, Precision.BFLOAT16).close();
    assertThat(manager.getManagedArrays()).hasSize(before);
  }
}
