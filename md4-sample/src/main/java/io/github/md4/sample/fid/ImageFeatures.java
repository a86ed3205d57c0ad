// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Division;
import io.github.md4.core.likelihood.Examples;
import io.github.md4.core.token.ImageShape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * The features of a set of images.
 *
 * @param moments the mean and covariance of the features of all images
 * @param first the features of the first images, as many as were asked for, [kept][F]
 * @param matched the number of images whose predicted class is their label; 0 if the network
 *     predicts no classes or the images have none
 */
public record ImageFeatures(FeatureMoments moments, float[][] first, long matched) {

  /**
   * The settings by which images are read.
   *
   * @param shape rows, columns and colours of an image
   * @param batchSize the images of a call, at least 1; it changes no more than the last bits of the
   *     result
   * @param kept the number of images whose features are kept one by one, at least 0
   */
  public record Settings(ImageShape shape, int batchSize, int kept) {
    /**
     * Checks the numbers.
     *
     * @param shape rows, columns and colours of an image
     * @param batchSize the images of a call, at least 1; it changes no more than the last bits of
     *     the result
     * @param kept the number of images whose features are kept one by one, at least 0
     * @throws IllegalArgumentException if a number is out of its range
     * @throws NullPointerException if {@code shape} is null
     */
    public Settings {
      Objects.requireNonNull(shape, "shape");
      require(batchSize >= 1, "batchSize must be at least 1", batchSize);
      require(kept >= 0, "kept must be at least 0", kept);
    }
  }

  /**
   * {@return the features of all images; one batch of them is held at a time}
   *
   * @param manager the manager, and so the device, of the images that the network is given
   * @param network the network that turns images into vectors of features
   * @param images the images, at least one, each N values in [0, 256) in the order row, column,
   *     colour
   * @param settings the images' size, the images of a call and the number that is kept
   * @param progress told of the number of images done, on this thread
   * @throws IllegalArgumentException if there are no images, or not of that size
   */
  public static ImageFeatures of(
      NDManager manager,
      FeatureNetwork network,
      Examples images,
      Settings settings,
      LongConsumer progress) {
    return of(manager, network, images, settings, Division.whole(), progress);
  }

  /**
   * Returns the features of all images in batches that are divided; where all of them are known,
   * the result is the same to the last bit as that of one part.
   *
   * @param manager the manager, and so the device, of the images that the network is given
   * @param network the network that turns images into vectors of features
   * @param images the images, at least one, each N values in [0, 256) in the order row, column,
   *     colour
   * @param settings the images' size, the images of a call and the number that is kept
   * @param division the division of the batches among processes
   * @param progress told of the number of images done
   * @return the features of all images
   * @throws IllegalArgumentException if there are no images, or not of that size
   */
  public static ImageFeatures of(
      NDManager manager,
      FeatureNetwork network,
      Examples images,
      Settings settings,
      Division division,
      LongConsumer progress) {
    require(images.count() >= 1, "there must be at least one image", images.count());
    require(
        images.length() == settings.shape.size(),
        "images must have %d values, as %s".formatted(settings.shape.size(), settings.shape),
        images.length());
    Collected collected = new Collected(settings);
    long ofRound = (long) settings.batchSize * division.parts();
    for (long start = 0; start < images.count(); start += ofRound) {
      long end = Math.min(start + ofRound, images.count());
      List<Supplier<byte[]>> items = new ArrayList<>();
      for (long first = start; first < end; first += settings.batchSize) {
        Batch batch = new Batch(images, first, size(first, images, settings));
        items.add(() -> batch.features(manager, network, settings.shape));
      }
      List<Optional<byte[]>> found = division.round(items);
      for (int i = 0; i < found.size(); i++) {
        long first = start + (long) i * settings.batchSize;
        Batch batch = new Batch(images, first, size(first, images, settings));
        found.get(i).ifPresent(bytes -> collected.add(Found.read(bytes), batch.labels()));
      }
      progress.accept(end);
    }
    return collected.features();
  }

  private static int size(long first, Examples images, Settings settings) {
    return (int) Math.min(settings.batchSize, images.count() - first);
  }

  /**
   * What a network finds of a batch.
   *
   * @param features the features of B images, row-major [B width]
   * @param guesses predicted labels; empty where it predicts none
   */
  private record Found(int width, float[] features, long[] guesses) {
    private static Found of(FeatureNetwork.Features found) {
      return new Found(
          Math.toIntExact(found.vectors().getShape().get(1)),
          found.vectors().toFloatArray(),
          found.labels().map(NDArray::toLongArray).orElse(new long[0]));
    }

    private byte[] bytes() {
      ByteBuffer bytes =
          ByteBuffer.allocate(
              2 * Integer.BYTES + features.length * Float.BYTES + guesses.length * Long.BYTES);
      bytes.putInt(width).putInt(features.length);
      for (float value : features) {
        bytes.putFloat(value);
      }
      for (long guess : guesses) {
        bytes.putLong(guess);
      }
      return bytes.array();
    }

    private static Found read(byte[] content) {
      ByteBuffer bytes = ByteBuffer.wrap(content);
      int width = bytes.getInt();
      float[] features = new float[bytes.getInt()];
      for (int i = 0; i < features.length; i++) {
        features[i] = bytes.getFloat();
      }
      long[] guesses = new long[bytes.remaining() / Long.BYTES];
      for (int i = 0; i < guesses.length; i++) {
        guesses[i] = bytes.getLong();
      }
      return new Found(width, features, guesses);
    }
  }

  /** Consecutive images. */
  private record Batch(Examples images, long first, int size) {
    private int[] labels() {
      return IntStream.range(0, size).map(b -> images.label(first + b)).toArray();
    }

    private byte[] features(NDManager manager, FeatureNetwork network, ImageShape shape) {
      try (NDManager scope = manager.newSubManager()) {
        float[] values = new float[size * shape.size()];
        for (int b = 0; b < size; b++) {
          int[] tokens = new int[shape.size()];
          images.read(first + b, tokens);
          planes(tokens, shape, values, b);
        }
        NDArray batch = scope.create(values, ImageFeatures.shape(shape, size));
        return Found.of(network.of(scope, batch)).bytes();
      }
    }
  }

  private static Shape shape(ImageShape image, int size) {
    return new Shape(size, image.colours(), image.height(), image.width());
  }

  /** Writes the colours of an image one after another. */
  private static void planes(int[] tokens, ImageShape shape, float[] into, int image) {
    for (int i = 0; i < tokens.length; i++) {
      int plane = i % shape.colours() * shape.pixels();
      into[image * tokens.length + plane + i / shape.colours()] = tokens[i];
    }
  }

  /** The features found so far. */
  private static final class Collected {
    private final Settings settings;
    private final List<float[]> first = new ArrayList<>();
    private FeatureMoments moments;
    private long matched;

    Collected(Settings settings) {
      this.settings = settings;
    }

    void add(Found found, int[] labels) {
      int width = found.width;
      if (moments == null) {
        moments = new FeatureMoments(width);
      }
      moments.add(found.features);
      for (int b = 0; b < labels.length && first.size() < settings.kept; b++) {
        first.add(Arrays.copyOfRange(found.features, b * width, (b + 1) * width));
      }
      for (int b = 0; b < found.guesses.length; b++) {
        matched += found.guesses[b] == labels[b] ? 1 : 0;
      }
    }

    ImageFeatures features() {
      return new ImageFeatures(moments, first.toArray(float[][]::new), matched);
    }
  }
}
