// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.TokenFile;
import io.github.md4.train.data.Existing;
import io.github.md4.train.data.SplitFractions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("exact")
final class ImageWindowsTest {
  private static final int IMAGES = 7;
  private static final int LENGTH = 6;

  @TempDir Path folder;

  private Path bin() throws IOException {
    Path images = ImageFiles.write(folder, "a", ImageFiles.idx(IMAGES, 2, 3));
    int[] labels = IntStream.range(0, IMAGES).toArray();
    Path ofImages = ImageFiles.write(folder, "l", ImageFiles.idxLabels(labels));
    ImageData.Options options =
        new ImageData.Options(
            new Resize.None(),
            1,
            new SplitFractions(1, 0),
            new ImageOrder.AsGiven(),
            0,
            Existing.REPLACE);
    ImageData.Sources from = new ImageData.Sources(List.of(images), List.of(ofImages));
    Path out = folder.resolve("out");
    assertThat(ImageData.prepare(from, ImageData.Sources.none(), out, options, (i, r) -> {}))
        .isNotNull();
    return out.resolve("train.bin");
  }

  /** Whole images, never parts of two, each once an epoch, with its own label. */
  @Test
  void epoch_hasEveryImageOnceWithItsLabel() throws IOException {
    Path bin = bin();
    try (TokenFile tokens = TokenFile.open(bin)) {
      Labels labels = Labels.read(bin, IMAGES);
      ImageWindows windows = new ImageWindows(tokens, LENGTH, 3, labels::of);
      Set<List<Integer>> orders = new HashSet<>();
      for (int epoch = 0; epoch < 4; epoch++) {
        Integer[] order = new Integer[IMAGES];
        for (int k = 0; k < IMAGES; k++) {
          int[] image = new int[LENGTH];
          long position = (long) epoch * IMAGES + k;
          windows.read(position, image);
          int label = windows.label(position);
          assertThat(image[0]).isEqualTo(ImageFiles.value(label, 0, 0, 0));
          assertThat(image[5]).isEqualTo(ImageFiles.value(label, 1, 2, 0));
          order[k] = label;
        }
        assertThat(order).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6);
        orders.add(List.of(order));
      }
      assertThat(orders.size()).isGreaterThan(1);
    }
  }

  @Test
  void windows_needAnImage() throws IOException {
    try (TokenFile tokens = TokenFile.open(bin())) {
      assertThatThrownBy(() -> new ImageWindows(tokens, 43, 3, i -> 0))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("holds no image of 43 tokens");
    }
  }
}
