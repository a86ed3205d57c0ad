// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.md4.core.InvalidDataException;
import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.WritableRaster;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pictures and arrays of images that are easily taken wrongly, and what is right for each. */
@Tag("exact")
final class PictureInputsTest {
  @TempDir private Path folder;

  private static Path shared(String name) {
    Path folder = Path.of(System.getProperty("md4.shared", "../../shared"), "inputs");
    assumeTrue(Files.exists(folder), "the shared inputs are not beside the checkout");
    return folder.resolve(name);
  }

  @Test
  void greyWithAlpha_keepsItsGrey() throws IOException {
    Image image = PictureDecoder.decode(Files.readAllBytes(shared("grey-alpha.png")), 1);
    assertThat(image.tokens()).startsWith(11, 22, 33, 44);
  }

  @Test
  void inks_becomeColours() throws IOException {
    Image image = PictureDecoder.decode(Files.readAllBytes(shared("cmyk.jpg")), 3);
    int[] expected = {0, 0, 100, 36, 0, 100, 72, 0, 100};
    for (int i = 0; i < expected.length; i++) {
      // JPEG keeps a value to within its quantization.
      assertThat(image.value(0, i / 3, i % 3)).as("value %d", i).isCloseTo(expected[i], within(12));
    }
  }

  /** 16 bits of every colour model that PNG has, with and without alpha. */
  @ParameterizedTest
  @CsvSource({"1,false", "1,true", "3,false", "3,true"})
  void sixteenBits_becomeTheNearestOfEight(int colours, boolean hasAlpha) throws IOException {
    int space = colours == 1 ? ColorSpace.CS_GRAY : ColorSpace.CS_sRGB;
    ColorModel model =
        new ComponentColorModel(
            ColorSpace.getInstance(space),
            hasAlpha,
            false,
            hasAlpha ? Transparency.TRANSLUCENT : Transparency.OPAQUE,
            DataBuffer.TYPE_USHORT);
    WritableRaster raster = model.createCompatibleWritableRaster(4, 1);
    int[] stored = {0, 128, 32896, 65535};
    for (int x = 0; x < stored.length; x++) {
      for (int band = 0; band < colours; band++) {
        raster.setSample(x, 0, band, stored[x]);
      }
      if (hasAlpha) {
        raster.setSample(x, 0, colours, 9000);
      }
    }
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(model, raster, false, null), "png", png);
    Image image = PictureDecoder.decode(png.toByteArray(), colours);
    for (int band = 0; band < colours; band++) {
      assertThat(image.value(0, 0, band)).isZero();
      assertThat(image.value(0, 1, band)).isZero();
      assertThat(image.value(0, 2, band)).isEqualTo(128);
      assertThat(image.value(0, 3, band)).isEqualTo(255);
    }
  }

  private record Read(List<Image> images, List<String> labels) {}

  private static Read read(Path path, LabelSource labels) throws IOException {
    Read read = new Read(new ArrayList<>(), new ArrayList<>());
    ImageSources.open(path, labels, 1)
        .read(
            new ImageSource.Receiver() {
              @Override
              public void image(String name, Image image, String label) {
                read.images.add(image);
                read.labels.add(label);
              }

              @Override
              public void damaged(String name, String reason) {
                throw new IllegalStateException(name + reason);
              }
            });
    return read;
  }

  @Test
  void labelsInAColumn_areLabels() throws IOException {
    Read read = read(shared("labels-n-by-1.npz"), new LabelSource.WithImages());
    assertThat(read.images).hasSize(40);
    assertThat(read.labels).hasSize(40).doesNotContain("");
  }

  @Test
  void labelsOf32Bits_areLabels() throws IOException {
    LabelSource labels = new LabelSource.InFile(shared("labels-idx1-int.gz"));
    Read read = read(shared("images-idx3-ubyte.gz"), labels);
    assertThat(read.labels).hasSize(40).startsWith("0", "1", "2", "3", "0");
  }

  @Test
  void coloursFirst_areRefused() {
    Path file = shared("channels-first.npz");
    assertThatThrownBy(() -> read(file, new LabelSource.WithImages()))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageStartingWith(file + ": ")
        .hasMessageContaining("transpose to [images, rows, columns, colours]");
  }

  /** Every byte of the stored arrays is under the archive's checksum. */
  @Test
  void changedArchive_isRefused() throws IOException {
    byte[] bytes = Files.readAllBytes(shared("labels-n-by-1.npz"));
    bytes[400] ^= 1;
    Path file = Files.write(folder.resolve("changed.npz"), bytes);
    assertThatThrownBy(() -> read(file, new LabelSource.WithImages()))
        .isInstanceOf(InvalidDataException.class)
        .hasMessageStartingWith(file + ": ");
  }

  @Test
  void hugePicture_isRefusedBeforeItIsRead() throws IOException {
    ByteArrayOutputStream png = new ByteArrayOutputStream();
    ImageIO.write(new BufferedImage(1, 1, BufferedImage.TYPE_BYTE_GRAY), "png", png);
    byte[] bytes = png.toByteArray();
    bytes[16] = 0x00; // the width's first bytes: 2^23 + 1
    bytes[17] = (byte) 0x80;
    bytes[22] = 0x10; // and the height's: 4096 + 1
    assertThatThrownBy(() -> PictureDecoder.decode(bytes, 1)).isInstanceOf(IOException.class);
  }

  /**
   * A PNG of one row with one colour, or entry of the palette, that tRNS makes transparent: the
   * stored values stay. The colour types are 0 grey, 2 colours and 3 palette.
   */
  @ParameterizedTest
  @CsvSource({"0,1", "0,2", "0,4", "0,8", "0,16", "2,8", "2,16", "3,1", "3,2", "3,4", "3,8"})
  void transparentColour_keepsItsValues(int colourType, int bits) throws IOException {
    int largest = colourType == 3 ? 1 : (1 << bits) - 1;
    int[] stored = {0, largest, largest, 0, 0, largest, 0, largest}; // of each sample
    for (int transparent : new int[] {0, largest}) {
      byte[] png = PngFiles.withTransparent(colourType, bits, stored, transparent);
      Image image = PictureDecoder.decode(png, 3);
      for (int x = 0; x < stored.length; x++) {
        for (int band = 0; band < 3; band++) {
          int expected = stored[x] == 0 ? PngFiles.DARK : PngFiles.LIGHT;
          if (colourType != 3) {
            expected = stored[x] == 0 ? 0 : 255;
          }
          assertThat(image.value(0, x, band))
              .as("pixel %d, %d transparent", x, transparent)
              .isEqualTo(expected);
        }
      }
    }
  }

  /** Inks that Adobe's programs store as brightness and colour, by the formulas of JFIF. */
  @ParameterizedTest
  @CsvSource({"100, 30, 200, 255", "20, 220, 90, 128", "255, 255, 255, 77", "10, 10, 10, 255"})
  void inksAsBrightnessAndColour_becomeColours(int red, int green, int blue, int light)
      throws IOException {
    // What is left of the light in each colour is 255 less what is stored as a colour.
    double r = 255 - red;
    double g = 255 - green;
    double b = 255 - blue;
    int[] stored = {
      (int) Math.round(0.299 * r + 0.587 * g + 0.114 * b),
      (int) Math.round(128 - 0.168736 * r - 0.331264 * g + 0.5 * b),
      (int) Math.round(128 + 0.5 * r - 0.418688 * g - 0.081312 * b),
      light
    };
    Image image = PictureDecoder.decode(JpegFiles.ofInks(stored, 2), 3);
    int[] expected = {red, green, blue};
    for (int band = 0; band < 3; band++) {
      // Rounding to whole numbers before and after the conversion, and the quantization.
      assertThat(image.value(3, 5, band))
          .as("band %d", band)
          .isCloseTo(Math.round(expected[band] * light / 255f), within(4));
    }
  }
}
