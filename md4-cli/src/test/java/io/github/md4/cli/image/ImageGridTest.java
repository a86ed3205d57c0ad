// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.github.md4.core.token.ImageShape;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.CRC32;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("exact")
final class ImageGridTest {
  private static final ImageShape COLOURED = new ImageShape(2, 3, 3);
  private static final ImageShape GREY = new ImageShape(2, 3, 1);

  private static int[] image(ImageShape shape, int first) {
    return IntStream.range(0, shape.size()).map(i -> (first + 7 * i) % 256).toArray();
  }

  @Test
  void png_hasEveryValueAtItsPlace() throws IOException {
    List<int[]> images = List.of(image(COLOURED, 3), image(COLOURED, 90), image(COLOURED, 200));
    ImageGrid grid = new ImageGrid(COLOURED, 2, 2);
    BufferedImage picture = ImageIO.read(new ByteArrayInputStream(grid.png(images)));
    assertThat(picture.getWidth()).isEqualTo(2 * 7 + 1);
    assertThat(picture.getHeight()).isEqualTo(2 * 5 + 1);
    for (int i = 0; i < images.size(); i++) {
      for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 6; x++) {
          int rgb = picture.getRGB(i % 2 * 7 + 1 + x, i / 2 * 5 + 1 + y);
          int at = (y / 2 * 3 + x / 2) * 3;
          assertThat(rgb & 0xFFFFFF)
              .isEqualTo(
                  images.get(i)[at] << 16 | images.get(i)[at + 1] << 8 | images.get(i)[at + 2]);
        }
      }
    }
    assertThat(picture.getRGB(0, 0) & 0xFFFFFF).isEqualTo(0xFFFFFF);
    assertThat(picture.getRGB(9, 7) & 0xFFFFFF).as("no fourth image").isEqualTo(0xFFFFFF);
  }

  @Test
  void grey_keepsItsValuesAndShowsMasksInTheMiddle() {
    int[] image = image(GREY, 11);
    image[4] = 256;
    BufferedImage picture = new ImageGrid(GREY, 1, 1).of(List.of(image));
    assertThat(picture.getRaster().getSample(1, 1, 0)).isEqualTo(11);
    assertThat(picture.getRaster().getSample(2, 2, 0)).isEqualTo(128);
  }

  @Test
  void square_isAboutAsWideAsHigh() {
    assertThat(ImageGrid.square(new ImageShape(28, 28, 1), 9).columns()).isEqualTo(3);
    assertThat(ImageGrid.square(new ImageShape(28, 28, 1), 10).columns()).isEqualTo(4);
    assertThat(ImageGrid.square(new ImageShape(64, 64, 3), 64).scale()).isEqualTo(1);
  }

  @Test
  void grid_rejectsWhatCannotBeShown() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ImageGrid(new ImageShape(2, 2, 2), 1, 1))
        .withMessage("images of 1 or 3 colours can be shown: 2");
  }

  /** Every chunk with its checksum, frames numbered in order, the first readable as a PNG. */
  @Test
  void apng_hasAllFramesInOrder() throws IOException {
    ImageGrid grid = new ImageGrid(COLOURED, 1, 1);
    List<BufferedImage> frames =
        List.of(
            grid.of(List.of(image(COLOURED, 3))),
            grid.of(List.of(image(COLOURED, 90))),
            grid.of(List.of(image(COLOURED, 200))));
    byte[] file = Apng.of(frames, 50);
    BufferedImage first = ImageIO.read(new ByteArrayInputStream(file));
    assertThat(first.getRGB(1, 1)).isEqualTo(frames.get(0).getRGB(1, 1));
    List<String> chunks = new ArrayList<>();
    List<Integer> sequence = new ArrayList<>();
    ByteBuffer bytes = ByteBuffer.wrap(file).position(8);
    while (bytes.hasRemaining()) {
      byte[] data = new byte[bytes.getInt()];
      byte[] type = new byte[4];
      bytes.get(type).get(data);
      CRC32 sum = new CRC32();
      sum.update(type);
      sum.update(data);
      assertThat(bytes.getInt()).isEqualTo((int) sum.getValue());
      String name = new String(type, StandardCharsets.US_ASCII);
      chunks.add(name);
      if (name.equals("fcTL") || name.equals("fdAT")) {
        sequence.add(ByteBuffer.wrap(data).getInt());
      }
      if (name.equals("acTL")) {
        assertThat(ByteBuffer.wrap(data).getInt()).isEqualTo(3);
      }
    }
    assertThat(chunks)
        .containsExactly("IHDR", "acTL", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND");
    assertThat(sequence).containsExactly(0, 1, 2, 3, 4);
  }
}
