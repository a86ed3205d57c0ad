// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import io.github.md4.core.token.ImageShape;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ClassifierNetworkTest {
  private static final Path SHARED = Path.of(System.getProperty("md4.shared", "../../shared"));

  @TempDir Path folder;

  /** The first sheet's images with their labels. */
  private record Sheet(BufferedImage sheet, byte[] labels) implements Examples {
    @Override
    public long count() {
      return sheet.getHeight();
    }

    @Override
    public int length() {
      return 3 * 1024;
    }

    @Override
    public void read(long index, int[] into) {
      for (int pixel = 0; pixel < 1024; pixel++) {
        int rgb = sheet.getRGB(pixel, (int) index);
        into[3 * pixel] = rgb >> 16 & 255;
        into[3 * pixel + 1] = rgb >> 8 & 255;
        into[3 * pixel + 2] = rgb & 255;
      }
    }

    @Override
    public int label(long index) {
      return labels[(int) index];
    }
  }

  /**
   * It is said to label 3,992 of all 4,000 images right: no more than 8 of the first 1,000 wrong.
   */
  @Test
  @Tag("golden")
  void resNet_labelsTheImagesItWasTrainedOn() throws IOException {
    Path weights = SHARED.resolve("data/resnet20-cifar10/resnet20-cifar10.safetensors");
    Path sheet = SHARED.resolve("data/cifar10/cifar10_batch_0.png");
    assumeTrue(Files.exists(weights) && Files.exists(sheet), "no shared data at " + SHARED);
    byte[] labels = Files.readAllBytes(SHARED.resolve("data/cifar10/labels-first4000.bin"));
    Sheet images = new Sheet(ImageIO.read(sheet.toFile()), labels);
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        FeatureNetwork network = ClassifierNetwork.load(manager, weights)) {
      ImageFeatures.Settings settings =
          new ImageFeatures.Settings(new ImageShape(32, 32, 3), 128, 10);
      ImageFeatures features = ImageFeatures.of(manager, network, images, settings, done -> {});
      assertThat(features.matched()).isBetween(992L, 1000L);
      assertThat(features.moments().width()).isEqualTo(64);
      assertThat(features.moments().count()).isEqualTo(1000);
      assertThat(features.first()).hasDimensions(10, 64);
    }
  }

  private static NamedTensor tensor(String name, Shape shape, float... values) {
    return NamedTensor.floats(name, shape, () -> FloatBuffer.wrap(values));
  }

  private Path dense() throws IOException {
    Path file = folder.resolve("dense.safetensors");
    List<NamedTensor> tensors = new ArrayList<>();
    tensors.add(tensor("dense1.weight", new Shape(2, 4), 1, 0, 0, -1, 0, 2, 0, 0));
    tensors.add(tensor("dense1.bias", new Shape(2), 0.5f, -0.25f));
    tensors.add(tensor("dense2.weight", new Shape(3, 2), 1, 0, 0, 1, 0, 0));
    tensors.add(tensor("dense2.bias", new Shape(3), 0, 0, 0.4f));
    SafeTensors.write(file, Map.of(), tensors);
    return file;
  }

  /** Pixels of 2 x 1 with two colours, in the order of tokens: rows, columns, colours. */
  @Test
  @Tag("exact")
  void dense_isItsProducts() throws IOException {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu());
        FeatureNetwork network = ClassifierNetwork.load(manager, dense())) {
      float[] planes = {255, 51, 127.5f, 0, 0, 0, 0, 255};
      NDArray images = manager.create(planes, new Shape(2, 2, 2, 1));
      FeatureNetwork.Features found = network.of(manager, images);
      // The first image's values, pixel by pixel: 1, 0.5, 0.2, 0; the second's: 0, 0, 0, 1.
      float[] features = found.vectors().toFloatArray();
      assertThat(features).hasSize(4);
      assertThat(features[0]).isCloseTo(1.5f, within(1e-6f));
      assertThat(features[1]).isCloseTo(0.75f, within(1e-6f));
      assertThat(features[2]).isEqualTo(0);
      assertThat(features[3]).isEqualTo(0);
      assertThat(found.labels().orElseThrow().toLongArray()).containsExactly(0, 2);
      NDArray other = manager.create(new Shape(1, 3, 2, 2));
      assertThatThrownBy(() -> network.of(manager, other))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("takes images of 4 values: (3, 2, 2)");
    }
  }

  @Test
  @Tag("exact")
  void load_namesWhatIsNoClassifier() throws IOException {
    Path file = folder.resolve("other.safetensors");
    SafeTensors.write(file, Map.of(), List.of(tensor("x", new Shape(1), 1)));
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      assertThatThrownBy(() -> ClassifierNetwork.load(manager, file))
          .isInstanceOf(InvalidDataException.class)
          .hasMessageContaining("has neither conv1.weight nor dense1.weight");
    }
  }
}
