// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.md4.core.token.ImageShape;
import io.github.md4.train.data.image.ImageData.Sources;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The files in which images come: batches of CIFAR, IDX, NumPy. */
@Tag("exact")
final class ImageFormatsTest {
  @TempDir Path folder;
  private PreparedImages made;

  @BeforeEach
  void setUp() {
    made = new PreparedImages(folder);
  }

  @Test
  void cifar_hasColoursOfAPixelTogetherAndItsNames() throws IOException {
    Path first = made.write("batches/data_batch_1.bin", ImageFiles.cifar(3, 0, 9, 4));
    ImageData.Prepared data = made.prepare(first);
    assertThat(data.shape()).isEqualTo(new ImageShape(32, 32, 3));
    assertThat(data.classes().get(9)).isEqualTo("truck");
    assertThat(data.splits().get(0).tokenizer().image()).contains(data.shape());
    made.assertValues(3, data.shape());
    assertThat(made.labels("train")).containsExactly(0, 9, 4);
  }

  @Test
  void cifar_cutShortIsNamed() throws IOException {
    byte[] whole = ImageFiles.cifar(2, 0, 1);
    made.assertRefused(
        "cut short: 3,000 bytes of image 1 where each takes 3,073; copy it again",
        made.write("a.bin", Arrays.copyOf(whole, 6073)));
  }

  @Test
  void cifar_labelsOutOfRangeAreNamed() throws IOException {
    made.assertRefused(
        "the label of image 1 must be in [0, 10): 12",
        made.write("a.bin", ImageFiles.cifar(2, 0, 12)));
  }

  @Test
  void idx_isReadPlainAndPacked() throws IOException {
    byte[] images = ImageFiles.idx(3, 5, 7);
    Map<String, byte[]> forms = new LinkedHashMap<>();
    forms.put("a-idx3-ubyte", images);
    forms.put("a-idx3-ubyte.gz", ImageFiles.gzip(images));
    forms.put("a-idx3-ubyte.xz", ImageFiles.xz(images));
    Path labels = made.write("l.gz", ImageFiles.gzip(ImageFiles.idxLabels(2, 0, 11)));
    for (Map.Entry<String, byte[]> form : forms.entrySet()) {
      made.to("out-" + form.getKey());
      Path file = made.write(form.getKey(), form.getValue());
      ImageData.Prepared data =
          made.prepare(new Sources(List.of(file), List.of(labels)), PreparedImages.PLAIN);
      assertThat(data.shape()).isEqualTo(new ImageShape(5, 7, 1));
      assertThat(data.classes()).containsExactly("0", "2", "11");
      made.assertValues(3, data.shape());
      assertThat(made.labels("train")).containsExactly(1, 0, 2);
    }
  }

  @Test
  void idx_damagesAreNamed() throws IOException {
    byte[] images = ImageFiles.idx(3, 5, 7);
    made.assertRefused(
        "cut short in image 2", made.write("b", Arrays.copyOf(images, 16 + 2 * 35 + 1)));
    made.assertRefused("longer than its header says", made.write("c", Arrays.copyOf(images, 200)));
    made.assertRefused(
        "damaged or cut short", made.write("d.gz", Arrays.copyOf(ImageFiles.gzip(images), 40)));
    made.assertRefused(
        "must have a label for each of 3 images: 2",
        new Sources(
            List.of(made.write("e", images)), List.of(made.write("l", ImageFiles.idxLabels(1, 2)))),
        PreparedImages.PLAIN);
  }

  @Test
  void numpy_isReadGreyAndColoured() throws IOException {
    made.make(made.write("a.npy", ImageFiles.npy("|u1", "2, 3, 5", ImageFiles.values(2, 3, 5, 1))));
    made.assertValues(2, new ImageShape(3, 5, 1));
    made.to("two");
    byte[] labels = {1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0};
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    arrays.put("x.npy", ImageFiles.npy("|u1", "2, 3, 5, 2", ImageFiles.values(2, 3, 5, 2)));
    arrays.put("y.npy", ImageFiles.npy("<i8", "2,", labels));
    ImageData.Prepared data = made.prepare(made.write("a.npz", ImageFiles.zip(arrays)));
    made.assertValues(2, new ImageShape(3, 5, 2));
    assertThat(data.classes()).containsExactly("1", "256");
    assertThat(made.labels("train")).containsExactly(0, 1);
  }

  @Test
  void labels_thatAreNoneAreRefused() throws IOException {
    Map<String, byte[]> arrays = new LinkedHashMap<>();
    arrays.put("x.npy", ImageFiles.npy("|u1", "2, 3, 5", ImageFiles.values(2, 3, 5, 1)));
    arrays.put("y.npy", ImageFiles.npy("|i1", "2,", new byte[] {1, -1}));
    made.assertRefused(
        "a label must be at least 0: -1 of image 1", made.write("a.npz", ImageFiles.zip(arrays)));
    Path cifar = made.write("c.bin", ImageFiles.cifar(1, 0));
    Sources both =
        new Sources(List.of(cifar), List.of(made.write("l", ImageFiles.idxLabels(1, 0))));
    made.assertRefused(
        "has its labels with its images: leave out --labels", both, PreparedImages.PLAIN);
  }

  @Test
  void numpy_damagesAreNamed() throws IOException {
    byte[] values = ImageFiles.values(2, 3, 5, 1);
    made.assertRefused(
        "must be integers in C order: <f4",
        made.write("a.npy", ImageFiles.npy("<f4", "2, 3, 5", values)));
    made.assertRefused(
        "cut short or too long: 29 bytes where [2, 3, 5] needs 30",
        made.write("b.npy", ImageFiles.npy("|u1", "2, 3, 5", Arrays.copyOf(values, 29))));
    made.assertRefused(
        "must hold one array of images", made.write("c.npy", ImageFiles.npy("|u1", "30,", values)));
    made.assertRefused("is not an .npz file", made.write("d.npz", new byte[] {1, 2, 3}));
  }

  @Test
  void numpy_integersOfAllTypesAreTheirValues() {
    NumpyArray big = new NumpyArray(">i2", new int[] {2}, new byte[] {1, 2, -1, -2});
    assertThat(big.integers()).containsExactly(258, -2);
    NumpyArray little = new NumpyArray("<u4", new int[] {1}, new byte[] {-1, 0, 0, -128});
    assertThat(little.integers()).containsExactly(0x800000FFL);
  }
}
